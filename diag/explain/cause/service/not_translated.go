package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotTranslated: the address is a service's, and no rule that the packet meets sends
// it on to anybody.
const NotTranslated cause.Code = "not-translated"

var _ = cause.Register(cause.Cause{
	Code:  NotTranslated,
	Words: say.T("a service's address, which no rule on this path translates", "这是服务地址，但这条路径上没有规则转换它"),
	Table: []string{"iptables", "-t", "nat", "-vnL"},
})

// WrongHook is a request for a service whose rules are at a hook that it does not
// pass.
type WrongHook struct {
	cause.At
	Flow, To  flows.Flow // as it is, and as the rules would have made it
	Used, Has string     // the hook that it passes, and the one with the rules
	Rule      string     // that would translate it
}

// Code is NotTranslated.
func (WrongHook) Code() cause.Code { return NotTranslated }

// Detail names both hooks.
func (h WrongHook) Detail() say.Text {
	asked, to := eval.Endpoint(h.Flow.Dst, h.Flow.DstPort), eval.Endpoint(h.To.Dst, h.To.DstPort)
	if h.Used == "output" {
		return say.T("%[1]s is translated to %[2]s only for what comes in (%[3]s): what this namespace sends itself passes %[4]s, where no rule does that",
			"%[1]s 只对从外面进来的包转换为 %[2]s（hook %[3]s）；本命名空间自己发出的包走 %[4]s，那里没有这样的规则", asked, to, h.Has, h.Used)
	}
	return say.T("%[1]s is translated to %[2]s only for what this namespace sends itself (%[3]s): what comes in passes %[4]s, where no rule does that",
		"%[1]s 只对本命名空间自己发出的包转换为 %[2]s（hook %[3]s）；从外面进来的包走 %[4]s，那里没有这样的规则", asked, to, h.Has, h.Used)
}

// Evidence is the rule at the other hook.
func (h WrongHook) Evidence() []say.Text { return cause.Lines(h.Has + ": " + h.Rule) }

// Fix has the packet translated where it passes.
func (h WrongHook) Fix() []change.Change {
	return []change.Change{change.Translate{Netns: h.Netns(), Hook: h.Used, Dst: h.Flow.Dst, Kind: h.Flow.Kind(), To: h.To.Dst, ToPort: h.To.DstPort}}
}

// KeptOnly is a request for a published port whose rules are gone: it comes to a program
// that listens there to keep the port from others, and never takes a connection.
type KeptOnly struct {
	cause.At
	Flow flows.Flow
	By   string // the program's name
	PID  int
	For  string // the container
	// Bound is the address that it listens at.
	Bound string
}

// Code is NotTranslated.
func (KeptOnly) Code() cause.Code { return NotTranslated }

// Detail names the program, the container, and what has the rules written again.
func (k KeptOnly) Detail() say.Text {
	return say.T("no rule sends %[1]s on to the container %[2]s: %[3]s (pid %[4]d) only keeps the port and takes no connection, so that one opens and nobody answers; the rules are podman's to write again (%[5]s)",
		"没有规则把 %[1]s 转给容器 %[2]s：%[3]s（pid %[4]d）只占着端口，不接受连接，所以连接能建立，但没人应答；规则由 podman 重新写入（%[5]s）",
		eval.Endpoint(k.Flow.Dst, k.Flow.DstPort), k.For, k.By, k.PID, change.In("", "podman", "network", "reload", k.For))
}

// Evidence is who listens.
func (k KeptOnly) Evidence() []say.Text {
	return []say.Text{say.T("%s (pid %d) listens on %s", "%s（pid %d）监听 %s", k.By, k.PID, k.Bound)}
}

// Fix is podman's.
func (KeptOnly) Fix() []change.Change { return nil }
