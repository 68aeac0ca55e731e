package cause

import (
	"net/netip"
	"slices"

	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Filtered: a rule of the packet filter stops the packet.
const Filtered Code = "filtered"

var _ = register(Cause{
	Code:  Filtered,
	Words: say.T("a rule of the packet filter stops the packet", "包被过滤规则拦下"),
	Table: []string{"iptables", "-vnL"},
})

// Stopped is a packet that a rule of the packet filter stops.
type Stopped struct {
	At
	Flow     Flow // as the chain saw it
	Hook     string
	Result   eval.Result
	ICMPType string // as iptables and nft call it, unless …
	UDPPort  int    // … it goes there
}

// Code is Filtered.
func (Stopped) Code() Code { return Filtered }

// Detail names the rule, and whether there is a way to except the packet.
func (s Stopped) Detail() say.Text {
	text := say.T("%s: %s (hook %s) stops %s", "%s：%s（hook %s）拦下 %s", s.Result.At, s.Result.Rule, s.Hook, s.Flow)
	if len(s.Fix()) == 0 {
		text = say.T("%s; no command that is installed here can name this chain", "%s；本机已装的命令都写不出这条链的名字", text)
	}
	return text
}

// Evidence is the rule.
func (s Stopped) Evidence() []say.Text { return lines(s.Result.At + ": " + s.Result.Rule) }

// Fix lets just this packet pass the chain.
func (s Stopped) Fix() []change.Command {
	t, chain := s.Result.Table, s.Result.Chain.Name
	return change.Accept{
		Netns: s.Netns(), Family: t.Family, Table: t.Name, Chain: chain, Legacy: t.Legacy,
		Src: s.Flow.Src, Dst: s.Flow.Dst, ICMPType: s.ICMPType, UDPPort: s.UDPPort,
		IPTables: t.Legacy || t.Family == "ip" && slices.Contains(iptablesTables, t.Name) && slices.Contains(iptablesChains, chain),
	}.Commands()
}

// iptablesTables and iptablesChains are those that iptables-nft makes.
var (
	iptablesTables = []string{"filter", "nat", "mangle", "raw", "security"}
	iptablesChains = []string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
)

// ARPStopped is an ARP request, or its answer, that a rule stops.
type ARPStopped struct {
	At
	Target netip.Addr // who is asked for
	Hook   eval.LinkHook
	Packet eval.Packet
	Result eval.Result
}

// Code is Filtered.
func (ARPStopped) Code() Code { return Filtered }

// Detail names the rule.
func (s ARPStopped) Detail() say.Text {
	return say.T("%s: %s (hook %s) stops the ARP packets that ask for %s", "%s：%s（hook %s）拦下询问 %s 的 ARP 包",
		s.Result.At, s.Result.Rule, s.Hook.Hook, s.Target)
}

// Evidence is the rule.
func (s ARPStopped) Evidence() []say.Text { return lines(s.Result.At + ": " + s.Result.Rule) }

// Fix lets such packets pass the chain.
func (s ARPStopped) Fix() []change.Command {
	rule := append(s.Packet.ARPMatch(s.Hook.Family), "accept")
	exception, ok := change.NftInsert(s.Netns(), s.Result.Table.Family, s.Result.Table.Name, s.Result.Chain.Name, rule...)
	if !ok {
		return nil
	}
	return []change.Command{exception}
}
