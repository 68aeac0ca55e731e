package cause

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Filtered: a rule of the packet filter stops the packet.
const Filtered Code = "filtered"

var _ = Register(Cause{
	Code:  Filtered,
	Words: say.T("a rule of the packet filter stops the packet", "包被过滤规则拦下"),
	Table: []string{"iptables", "-vnL"},
})

// Stopped is a packet that a rule of the packet filter stops.
type Stopped struct {
	At
	Flow   flows.Flow // as the chain saw it
	Hook   string
	Result eval.Result
	Look   eval.Look // what else the rules there have for it
	// Element is that of a set which has the packet stopped; its Set is empty where there is none.
	Element remedy.Element
	// Sourced is the rule that gave the packet a source which is stopped, where its own is not.
	Sourced remedy.Sourced
	// Answer tells that it answers a packet which has passed here.
	Answer bool
	// Past is the namespace that the request went by, where the packet is its answer and
	// connection tracking here has not seen it; empty: it is not that.
	Past string
	// Zones are those of connection tracking, where the packet's request was tracked in another
	// one; its By is empty else.
	Zones eval.Zones
	// Untracked are the rules that keep connection tracking from the packet, or from the request
	// that it answers, where it would pass if both were tracked; else there are none.
	Untracked []eval.Place
	// Other is a route of the sender's that leads here, where another one of its
	// would lead elsewhere; its Entry is empty where there is no other.
	Other OtherRoute
	// Net is the network of the source, where the chain stops others of it too; else
	// invalid.
	Net netip.Prefix
	// Emptied tells that rules of Docker's, which would let it pass, are gone.
	Emptied bool
	// Ends are those of a tunnel, to all of which what carries the packet goes.
	Ends []netip.Addr
	// Join puts the sender into the network that it is kept from; its Network is empty
	// where nobody knows.
	Join machine.Join
}

// OtherRoute is a route in whose place there is another one.
type OtherRoute struct {
	Netns string
	Entry table.Route
}

// Stops reports whether a finding is a rule that stops a flow.
func Stops(f Finding, flow flows.Flow) bool {
	s, ok := f.(Stopped)
	return ok && s.Flow == flow
}

// Code is Filtered of what a ping meets, and of what is dropped; Rejected of a
// connection or a datagram that is refused.
func (s Stopped) Code() Code {
	if !s.Flow.Echo() && s.Result.Verdict == eval.VerdictReject {
		return Rejected
	}
	return Filtered
}

// ByRule reports whether it is a rule of the packet filter that stops the packet, by
// whatever name.
func ByRule(f Finding) bool {
	_, ok := f.(interface{ byRule() })
	return ok
}

func (Stopped) byRule() {}

// Detail names the rule, and whether there is a way to except the packet.
func (s Stopped) Detail() say.Text {
	text := say.T("%s (hook %s) stops %s", "%s（hook %s）拦下 %s", s.Result.Line(), s.Hook, s.Flow)
	if owner := s.Result.Owner(); owner != "" {
		text = say.T("%s; it is a rule of %s", "%s；这条规则是 %s 写的", text, owner)
	}
	if s.Past != "" {
		text = say.T("%s; the request did not pass here but through %s, so that to connection tracking its answer belongs to nothing (INVALID): send both by one of the two",
			"%s；请求没有经过这里，走的是 %s，这里的连接跟踪不认识它的应答（INVALID）：应让一去一回走同一边", text, machine.Called(s.Past))
	}
	if s.Zones.By.Rule != nil {
		text = say.T("%[1]s; its request was tracked in zone %[2]d of connection tracking, and it comes back in zone %[3]d, where nobody knows of it: %[4]s",
			"%[1]s；它的请求是在连接跟踪的 zone %[2]d 里登记的，它却回到 zone %[3]d，那里没有记录：%[4]s", text, s.Zones.Asked, s.Zones.Answered, s.Zones.By.Line())
	}
	switch {
	case len(s.Untracked) == 0:
	case s.Result.Packet.CTState == eval.CTUntracked:
		text = say.T("%s; it would pass were it tracked, and %s keeps connection tracking from it (UNTRACKED)", "%s；如果有连接跟踪它就能通过，而 %s 让它不被跟踪（UNTRACKED）", text, s.Untracked[0].Line())
	default:
		text = say.T("%s; %s keeps connection tracking from its request, so that it answers nothing that is known (INVALID)", "%s；%s 让它的请求不被跟踪，它就不属于任何已知连接（INVALID）", text, s.Untracked[0].Line())
	}
	if len(s.Result.Untimely) > 0 {
		text = say.T("%s; at another time, which it is not now, %s lets it pass", "%s；%s 会放行它，但只在别的时间，不是现在", text, s.Result.Untimely[0])
	}
	text = s.Sourced.Said(s.Element.Said(s.Look.Said(s.Result.Untaken(text))))
	switch {
	case s.Result.MeantApart() && s.Join.Network != "":
		text = say.T("%s; it keeps networks apart on purpose: rather than open it, have the two share a network (%s)", "%s；它是有意隔离网络的：不要打开它，让两者加入同一个网络（%s）",
			text, change.In("", "docker", "network", "connect", s.Join.Network, s.Join.Container))
	case s.Result.MeantApart() && s.Result.Packet.IIF != "" && s.Result.Packet.IIF == s.Result.Packet.OIF:
		text = say.T("%s; it keeps those of one network from each other on purpose: have the two share another network rather than open it", "%s；它是有意隔离同一个网络里的各方的：不要打开它，让两者加入另一个网络", text)
	case s.Result.MeantApart():
		text = say.T("%s; it keeps networks apart on purpose: choose another way rather than open it", "%s；它是有意隔离网络的：应当换一条路，而不是打开它", text)
	case s.Emptied:
		text = remedy.AgainByDocker(say.T("%s; chains by which Docker lets it pass are empty, or nothing leads to them", "%s；Docker 用来放行它的链是空的，或者没有规则跳转过去", text))
	case len(change.Here(s.Fix()...)) == 0:
		text = say.T("%s; no command that is installed here can name this chain", "%s；本机已装的命令都写不出这条链的名字", text)
	}
	return text
}

func (s Stopped) final() bool { return s.Result.MeantApart() }

// Evidence is the rule, and whom it was asked for.
func (s Stopped) Evidence() []say.Text {
	lines := Lines(s.Result.Line())
	if s.Result.AsSender {
		lines = append(lines, s.Result.Packet.Socket.Said())
	}
	return append(lines, s.Look.Lines()...)
}

// Fix lets just this packet pass the chain; an answer, as all that answers what
// was let through.
func (s Stopped) Fix() []change.Change {
	if s.Result.MeantApart() {
		if s.Other.Entry.Type != "" {
			return []change.Change{change.Route{Netns: s.Other.Netns, Verb: change.RouteDel, Route: s.Other.Entry}}
		}
		return nil
	}
	if fix := remedy.Without(s.Netns(), s.Zones.By); fix != nil {
		return fix
	}
	if fix := remedy.Without(s.Netns(), s.Untracked...); fix != nil {
		return fix
	}
	if s.Netns() == "" && s.Result.Owner() == "firewalld" && (!s.Answer || s.Result.Panics()) {
		if fix := remedy.Firewalld(s.Result, s.Flow); fix != nil {
			return fix
		}
	}
	if fix := s.Sourced.Commands(); fix != nil {
		return fix
	}
	if fix := s.Element.Commands(); fix != nil {
		return fix
	}
	return s.accept(s.Flow.Kind())
}

// accept has the chain let packets of the flow's addresses and a kind pass.
func (s Stopped) accept(kind change.Kind) []change.Change {
	t, chain := s.Result.Table, remedy.ChainOf(s.Result)
	ip := t.Family == "ip" || t.Family == "ip6"
	a := change.Accept{
		Netns: s.Netns(), Family: t.Family, Table: t.Name, Chain: chain, Legacy: t.Legacy,
		Src: within(s.Net, s.Flow.Src), Dst: s.Flow.Dst, Kind: kind,
		IPTables:    t.Legacy || ip && slices.Contains(iptablesTables, t.Name) && slices.Contains(iptablesChains, chain),
		Established: s.Answer && slices.Contains(tracked, s.Hook) && (ip || t.Family == "inet") && t.Name != "raw",
	}
	if slices.Contains(s.Ends, a.Dst) {
		a.Dst = netip.Addr{}
	}
	if slices.Contains(s.Ends, a.Src.Addr()) {
		a.Src = netip.Prefix{}
	}
	if a.IPTables && chain == "FORWARD" && eval.LeadsTo(s.Result.Chain, dockerUser, s.Result.Decided) {
		a.Chain = dockerUser
	}
	return []change.Change{a}
}

// tracked are the hooks at which a packet's connection is known.
var tracked = []string{"input", "forward", "output"}

// dockerUser is the chain of FORWARD that Docker leaves to its users: what they
// put before it into FORWARD itself, Docker puts itself before when it starts.
const dockerUser = "DOCKER-USER"

// iptablesTables and iptablesChains are those that iptables-nft makes.
var (
	iptablesTables = []string{"filter", "nat", "mangle", "raw", "security"}
	iptablesChains = []string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
)
