package cause

import (
	"net/netip"

	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// SolicitationStopped is a neighbour solicitation of IPv6, or its answer, that a rule
// stops: to the packet filter both are packets as others.
type SolicitationStopped struct {
	At
	Target  netip.Addr // who is asked for
	Hook    string
	Packet  eval.Packet
	Result  eval.Result
	Bridged bool // a bridge passes it on, and a setting has the rules see that
}

// Code is Filtered.
func (SolicitationStopped) Code() Code { return Filtered }

// Detail names the rule.
func (s SolicitationStopped) Detail() say.Text {
	if s.Bridged {
		return say.T("%s (hook %s) stops the neighbour discovery that asks for %s: a bridge passes it on, and has the rules of IP see that (bridge-nf-call-ip6tables)", "%s（hook %s）拦下了询问 %s 的邻居发现（NDP）包：网桥转发它，并让 IP 的规则看到它（bridge-nf-call-ip6tables）",
			s.Result.Line(), s.Hook, s.Target)
	}
	return say.T("%s (hook %s) stops the neighbour discovery that asks for %s", "%s（hook %s）拦下了询问 %s 的邻居发现（NDP）包",
		s.Result.Line(), s.Hook, s.Target)
}

// Evidence is the rule, and what has it see the packet.
func (s SolicitationStopped) Evidence() []say.Text {
	if s.Bridged {
		return Lines(s.Result.Line(), "net.bridge.bridge-nf-call-ip6tables = 1")
	}
	return Lines(s.Result.Line())
}

// Fix lets neighbour discovery pass the chain: solicitations and advertisements.
func (s SolicitationStopped) Fix() (fix []change.Change) {
	for _, kind := range []string{"nd-neighbor-solicit", "nd-neighbor-advert"} {
		stopped := Stopped{At: s.At, Hook: s.Hook, Result: s.Result}
		fix = append(fix, stopped.accept(change.Kind{Proto: "icmpv6", ICMPType: kind})...)
	}
	return fix
}
