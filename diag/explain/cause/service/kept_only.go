package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// KeptOnly is a request for a published port whose rules are gone: it comes to a program
// that has the port to keep it from others, and takes nothing that comes.
type KeptOnly struct {
	cause.At
	Flow flows.Flow
	By   string // the program's name
	PID  int
	// Bound is the address that it listens at.
	Bound  string
	Podman bool // it is podman's
	Deaf   bool // a filter on its socket drops all that comes
	// For is the container, and To where it would be asked; empty and invalid where that is not known.
	For   string
	To    netip.AddrPort
	Rules []change.Change // that Docker has for it
	Met   cause.Finding   // that the request meets on its way to the program, which would pass it on; nil: it passes nothing on
}

// dockerd is the program that keeps the ports that Docker publishes by rules alone.
const dockerd = "dockerd"

// Code is NotTranslated.
func (KeptOnly) Code() cause.Code { return NotTranslated }

// Detail names the program, the container, and what has the rules written again.
func (k KeptOnly) Detail() say.Text {
	asked, to := eval.Endpoint(k.Flow.Dst, k.Flow.DstPort), k.For
	if k.To.IsValid() {
		to = k.For + " (" + k.To.String() + ")"
	}
	switch {
	case k.Podman:
		return say.T("no rule sends %[1]s on to the container %[2]s: %[3]s (pid %[4]d) only keeps the port and takes no connection, so that one opens and nobody answers; the rules are podman's to write again (%[5]s)",
			"没有规则把 %[1]s 转给容器 %[2]s：%[3]s（pid %[4]d）只占着端口，不接受连接，所以连接能建立，但没人应答；规则由 podman 重新写入（%[5]s）",
			asked, to, k.By, k.PID, change.In("", "podman", "network", "reload", k.For))
	case k.Met != nil:
		return remedy.AgainByDocker(say.T("no rule sends %[1]s on to the container %[2]s, for which Docker has published it: without one it is for %[3]s (pid %[4]d), and does not get there: %[5]s",
			"没有规则把 %[1]s 转给容器 %[2]s，而 Docker 为它发布了这个端口：没有规则，它就得交给 %[3]s（pid %[4]d），却到不了那里：%[5]s", asked, to, k.By, k.PID, k.Met.Detail()))
	case k.For != "":
		return remedy.AgainByDocker(say.T("no rule sends %[1]s on to the container %[2]s, for which Docker has published it: %[3]s (pid %[4]d) only keeps the port, and a filter on its socket drops all that comes",
			"没有规则把 %[1]s 转给容器 %[2]s，而 Docker 为它发布了这个端口：%[3]s（pid %[4]d）只占着端口，套接字上的过滤器会丢弃所有到来的包", asked, to, k.By, k.PID))
	}
	text := say.T("%[2]s (pid %[3]d) has the port of %[1]s and takes nothing that comes: a filter on its socket (SO_ATTACH_FILTER) drops all of it, as for one who keeps a port for rules that send what comes on, and no rule does that",
		"%[2]s（pid %[3]d）占着 %[1]s 的端口，却什么都不收：套接字上的过滤器（SO_ATTACH_FILTER）会丢弃所有到来的包。这是替转发规则占住端口的做法，而这里没有规则转发它", asked, k.By, k.PID)
	if k.By == dockerd {
		return remedy.AgainByDocker(text)
	}
	return text
}

// Evidence is who listens.
func (k KeptOnly) Evidence() []say.Text {
	lines := []say.Text{say.T("%s (pid %d) listens on %s", "%s（pid %d）监听 %s", k.By, k.PID, k.Bound)}
	if k.Met != nil {
		lines = append(lines, k.Met.Evidence()...)
	}
	return lines
}

// Fix puts Docker's rules back; podman's are podman's.
func (k KeptOnly) Fix() []change.Change { return k.Rules }
