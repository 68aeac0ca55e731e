package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

const arpReply = 2 // ARPOP_REPLY

// ARPStopped is an ARP request, or its answer, that a rule stops.
type ARPStopped struct {
	cause.At
	Target netip.Addr // who is asked for
	Hook   eval.LinkHook
	Packet eval.Packet
	Result eval.Result
	Both   bool // the same chain stops the answer, or the question
}

// Code is Filtered.
func (ARPStopped) Code() cause.Code { return cause.Filtered }

// Detail names the rule.
func (s ARPStopped) Detail() say.Text {
	return say.T("%s (hook %s) stops the ARP packets that ask for %s", "%s（hook %s）拦下询问 %s 的 ARP 包",
		s.Result.Line(), s.Hook.Hook, s.Target)
}

// Evidence is the rule.
func (s ARPStopped) Evidence() []say.Text { return cause.Lines(s.Result.Line()) }

// Fix lets such packets pass the chain.
func (s ARPStopped) Fix() []change.Change {
	if s.Netns() == "" && s.Result.Panics() && change.HasFirewalld() {
		return remedy.Calm()
	}
	exception := change.Accept{
		Netns: s.Netns(), Family: s.Result.Table.Family, Table: s.Result.Table.Name, Chain: remedy.ChainOf(s.Result),
		Dst: s.Packet.Dst, Kind: change.Kind{Proto: "arp"},
	}
	if s.Packet.ARPOperation != arpReply && exception.Family == "arp" {
		return []change.Change{exception}
	}
	exception.Src, exception.Dst = change.Only(s.Packet.Src), netip.Addr{}
	fix := []change.Change{exception}
	if s.Both {
		exception.Src = change.Only(s.Packet.Dst)
		fix = append(fix, exception)
	}
	return fix
}
