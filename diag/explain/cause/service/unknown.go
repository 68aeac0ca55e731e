package service

import (
	"net"
	"strconv"
	"strings"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/tally"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unknown is a request for an address that looks like a service's, which the rules do
// not send on to anybody.
type Unknown struct {
	cause.At
	Flow flows.Flow
	// Has are the services that rules have at the address, on other ports or by another
	// protocol; or, where There is set, in that namespace, which the request does not pass.
	Has   []tally.Service
	There string // a title; empty: in this one
	// Past is the device by which the request goes past that namespace, and Way the one to it;
	// empty where it may be no neighbour.
	Past string
	Way  remedy.Way
	// Among are services next to the address, where none is at it.
	Among []tally.Service
	// Behind tells that all of them come before it: it is a service's only if their range is
	// so wide.
	Behind bool
	// Emptied is the chain of the services where none is left in the rules at all.
	Emptied string
	// Declared tells that the programs of whoever asks are told that it is a service's: by Told, or by
	// the resolv.conf of that process (of PID 0: of the namespace) with the search domain Domain.
	Declared bool
	Told     container.Told
	Domain   string
	// Hollow is the chain that rules lead the service itself to, in which nothing translates it.
	Hollow string
}

// Code is NotTranslated.
func (Unknown) Code() cause.Code { return NotTranslated }

// OtherPort reports whether the rules on the way have the address, with ports that
// were not asked.
func (u Unknown) OtherPort() bool {
	for _, s := range u.Has {
		if s.Takes(u.Flow.Proto, u.Flow.DstPort) {
			return false
		}
	}
	return len(u.Has) > 0 && u.There == ""
}

// Detail says why the address looks like a service's.
func (u Unknown) Detail() say.Text {
	dst, has, asked := u.Flow.Dst, names(u.Has), told(u.Flow.Proto, u.Flow.DstPort)
	switch {
	case u.Hollow != "":
		return say.T("the rules of %[3]s know the service %[1]s (%[2]s) and lead it to the chain %[4]s, in which nothing translates it: who writes the rules has to write that chain again, with the endpoints",
			"%[3]s 的规则认识服务 %[1]s（%[2]s），把它引到链 %[4]s，但那条链里没有规则转换它：写规则的程序需要带着后端重新写好这条链", dst, asked, machine.Called(u.Netns()), u.Hollow)
	case u.Declared:
		return say.T("%[1]s is the address of a service, by %[2]s, and no rule that this request meets translates it, or any service: see whether kube-proxy, or whatever else is to write the rules, runs in %[3]s. A service's address is nobody's",
			"%[1]s 是服务地址（依据：%[2]s），但这个请求所经之处没有规则转换它，也没有别的服务的规则：请看 %[3]s 里 kube-proxy 或其他写规则的程序是否在运行。服务地址不属于任何机器", dst, u.witness(), machine.Called(u.Netns()))
	case u.Emptied != "":
		return say.T("nobody has answered for %[1]s, and if it is the address of a service, its rules are gone: the chain %[3]s of %[2]s, by which kube-proxy sends on what is for services, is there, but nothing in its table translates anything. Restart kube-proxy there, which writes them again",
			"没有谁应答 %[1]s；如果它是服务地址，那么它的规则已经没有了：%[2]s 里有 kube-proxy 转发服务所用的链 %[3]s，但那张表里没有任何规则做转换。请在那里重启 kube-proxy，它会重新写好规则", dst, machine.Called(u.Netns()), u.Emptied)
	case len(u.Has) == 0 && u.Behind:
		return say.T("nobody has answered for %[1]s; %[2]s, which %[3]s sends on, is the first address of a range of services, and if that reaches as far as %[1]s, there is no such service, or who writes the rules has not heard of it. A service's address is nobody's",
			"没有谁应答 %[1]s；%[3]s 所转发的 %[2]s 是一个服务地址段的第一个地址，如果该段包含 %[1]s，那么要么没有这个服务，要么写规则的程序还不知道它。服务地址不属于任何机器", dst, names(u.Among), machine.Called(u.Netns()))
	case len(u.Has) == 0:
		if in := u.Among[0].Map; in != "" && in == u.Among[len(u.Among)-1].Map {
			return say.T("%[1]s lies among the services of the map @%[4]s of %[3]s (%[2]s), which has no entry for it: there is no such service, or who writes the rules has not heard of it. A service's address is nobody's",
				"%[1]s 落在 %[3]s 的 map @%[4]s 所列的服务地址（%[2]s）之间，但其中没有它的元素：要么没有这个服务，要么写规则的程序还不知道它。服务地址不属于任何机器", dst, names(u.Among), machine.Called(u.Netns()), in)
		}
		return say.T("%[1]s lies among the services that rules of %[3]s translate (%[2]s), and none of them knows this one: there is no such service, or who writes the rules has not heard of it. A service's address is nobody's",
			"%[1]s 落在 %[3]s 的规则所转换的服务地址（%[2]s）之间，但没有规则认识它：要么没有这个服务，要么写规则的程序还不知道它。服务地址不属于任何机器", dst, names(u.Among), machine.Called(u.Netns()))
	case u.Past != "":
		return say.T("%[1]s is the address of a service, which %[3]s translates (%[2]s), and the request goes past it: it leaves %[4]s by %[5]s, and %[3]s is reached by %[6]s",
			"%[1]s 是服务地址，由 %[3]s 转换（%[2]s），而这个请求绕过了它：请求从 %[4]s 的 %[5]s 出去，%[3]s 却在 %[6]s 那边", dst, has, machine.Called(u.There), machine.Called(u.Netns()), u.Past, u.Way.Dev)
	case u.There != "":
		return say.T("%[1]s is the address of a service, which %[3]s translates (%[2]s), but no rule that this request meets does: see whether who writes the rules runs in %[4]s. A service's address is nobody's",
			"%[1]s 是服务地址，%[3]s 会转换它（%[2]s），但这个请求所经之处没有规则转换它：请看 %[4]s 里写规则的程序是否在运行。服务地址不属于任何机器", dst, has, machine.Called(u.There), machine.Called(u.Netns()))
	case u.Flow.Echo():
		return say.T("%[1]s is the address of a service: rules translate what is for its ports (%[2]s), a ping has no port, and nobody has the address to answer one. Ask a port: nstutor explain %[3]s",
			"%[1]s 是服务地址：规则只转换发往其端口（%[2]s）的包，ping 没有端口，这个地址又不属于任何机器，所以无人应答。请问端口：nstutor explain %[3]s", dst, has, url(u.Has[0]))
	}
	if !u.OtherPort() {
		return say.T("%[1]s is the address of a service (%[2]s), and the rules have it, but translate nothing that comes as this does: look at their conditions, of the source above all. A service's address is nobody's",
			"%[1]s 是服务地址（%[2]s），规则里有它，却不转换这样来的包：请看这些规则的条件，尤其是对源地址的。服务地址不属于任何机器", dst, has)
	}
	return say.T("%[1]s is the address of a service that has %[2]s, and no rule translates %[3]s: the service does not have it. A service's address is nobody's",
		"%[1]s 是服务地址，有的是 %[2]s，没有规则转换 %[3]s：该服务没有这个端口。服务地址不属于任何机器", dst, has, asked)
}

// witness is what tells that the address is a service's.
func (u Unknown) witness() say.Text {
	switch {
	case u.Told.Variable != "":
		return say.T("%s in the environment of pid %d", "进程 %[2]d 的环境变量 %[1]s", u.Told.Variable, u.Told.PID)
	case u.Told.PID != 0:
		return say.T("the resolv.conf of pid %[2]d, whose search domain %[1]s is a cluster's", "进程 %[2]d 的 resolv.conf，其中的 search 域 %[1]s 是集群的", u.Domain, u.Told.PID)
	}
	return say.T("its resolv.conf, whose search domain %s is a cluster's", "它的 resolv.conf，其中的 search 域 %s 是集群的", u.Domain)
}

// Evidence are the services, with where their rules lead to.
func (u Unknown) Evidence() []say.Text {
	if u.Hollow != "" {
		return cause.Lines(name(tally.Service{Dst: u.Flow.Dst, Proto: u.Flow.Proto, Port: u.Flow.DstPort}) + " -> " + u.Hollow)
	}
	switch {
	case u.Told.Variable != "":
		return cause.Lines(u.Told.Variable + "=" + u.Flow.Dst.String())
	case u.Declared:
		return cause.Lines("nameserver "+u.Flow.Dst.String(), "search … "+u.Domain)
	case u.Emptied != "":
		return cause.Lines(":" + u.Emptied)
	}
	var lines []string
	for _, s := range append(u.Has[:len(u.Has):len(u.Has)], u.Among...) {
		lines = append(lines, name(s)+" -> "+strings.Join(s.Targets(), ", "))
	}
	return cause.Lines(lines[:min(len(lines), maxNamed)]...)
}

// Fix leads the request to who translates it. Else it is none: nobody can have the address,
// and what the service should lead to is not in the rules.
func (u Unknown) Fix() []change.Change {
	if u.Past == "" {
		return nil
	}
	return u.Way.Commands()
}

// names are services as a sentence has them.
func names(all []tally.Service) say.Text {
	var text []string
	for i, s := range all {
		if i == maxNamed {
			return say.List(append(text, "…")...)
		}
		text = append(text, name(s))
	}
	return say.List(text...)
}

// name is a service with its protocol: "10.96.0.10:80/tcp".
func name(s tally.Service) string {
	if s.Proto == 0 {
		return s.Addr()
	}
	return s.Addr() + "/" + flows.Protocol(s.Proto)
}

// told is a port with its protocol, or a ping.
func told(proto byte, port uint16) string {
	if port == 0 {
		return "ping"
	}
	return strconv.Itoa(int(port)) + "/" + flows.Protocol(proto)
}

// url is a service as one asks for it.
func url(s tally.Service) string {
	if s.Port == 0 {
		return eval.Endpoint(s.Dst, 0)
	}
	return flows.Protocol(s.Proto) + "://" + net.JoinHostPort(s.Dst.String(), strconv.Itoa(int(s.Port)))
}
