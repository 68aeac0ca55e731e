package cause

import (
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/farend"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotKnown: it cannot be told.
const NotKnown Code = "unknown"

var _ = Register(Cause{
	Code:  NotKnown,
	Words: say.T("it cannot be told", "无法判断"),
	Table: []string{"ip", "route"},
})

// Beneath is an address of the namespace that a macvlan, or an ipvlan, stands on:
// between the two the kernel passes no frame.
type Beneath struct {
	Sure
	NextHop
	Link  table.Link // the macvlan
	Lower Device     // that it stands on
	Shim  string     // a free name there
	Other netip.Addr // that of the macvlan, on whichever side it asks
	// Own is a free address for the new device, which an ipvlan needs: the kernel hands it what is
	// for its own addresses, by which alone its like are told apart.
	Own netip.Prefix
}

// Code is NotKnown.
func (Beneath) Code() Code { return NotKnown }

// Detail names both.
func (b Beneath) Detail() say.Text {
	return say.T("%[1]s, of kind %[2]s, stands on %[3]s of %[4]s: between the two the kernel passes no frame, by design; a device of the same kind of its own gives %[4]s a way",
		"%[1]s 是 %[4]s 的 %[3]s 上的 %[2]s：两者之间内核有意不传帧；给 %[4]s 也建一个 %[2]s 就有路可走",
		b.Link.Name, b.Link.Kind, b.Lower.Link.Name, machine.Called(b.Lower.Netns))
}

// Evidence are the entry and both devices.
func (b Beneath) Evidence() []say.Text { return b.With(b.Link.Line(), b.Lower.Link.Line()) }

// Fix gives the namespace below a device of the kind, which is passed frames.
func (b Beneath) Fix() []change.Change {
	return slices.Concat([]change.Change{
		change.LinkAdd{Netns: b.Lower.Netns, Name: b.Shim, Lower: b.Lower.Link.Name, Kind: b.Link.Kind, Mode: b.Link.Sharing},
		change.Up(b.Lower.Netns, b.Shim),
	}, remedy.Address{Netns: b.Lower.Netns, Prefix: b.Own, Dev: b.Shim}.Add(), remedy.Way{Netns: b.Lower.Netns, Dst: b.Other, Dev: b.Shim}.Commands())
}

// Beyond is a packet that leaves by a device whose other end is somebody else's:
// what becomes of it cannot be told from here.
type Beyond struct {
	At
	Dev     string
	NextHop netip.Addr
	Flow    flows.Flow // of the packet as it leaves
	Seen    []say.Text
	// Unsure tells that something here could not be looked at: the rules, or the wire.
	Unsure bool
	// Blind tells that neither could be: whether it leaves at all is not known.
	Blind bool
	To    farend.End // to whom the device hands it
	// Astray tells that its destination is a private address to which only a default route
	// leads: it may be a service's, of which no rule here knows.
	Astray bool
	// Spared is the rule of nat that leaves the destination out, where a route of its own was
	// expected to lead there; its Rule is nil where there is none.
	Spared eval.Place
}

// well is how well all is up to the device.
func (b Beyond) well() say.Text {
	if b.Unsure {
		return say.T("as far as can be seen, everything here is well", "就看得到的而言，本机一切正常")
	}
	return say.T("everything here is well", "本机一切正常")
}

// Code is NotKnown.
func (Beyond) Code() Code { return NotKnown }

// Evidence is what was seen of the ping.
func (b Beyond) Evidence() []say.Text { return b.Seen }

// Fix is elsewhere.
func (Beyond) Fix() []change.Change { return nil }

// Untried is such a packet before anybody has sent it.
type Untried struct {
	Beyond
	Why say.Text // nothing is seen there
}

// Detail names how it leaves.
func (u Untried) Detail() say.Text {
	if to, ok := u.To.Said(); ok {
		return say.T("%[5]s: the packet leaves %[1]s for %[2]s as %[3]s; it is handed to %[4]s",
			"%[5]s：包以 %[3]s 的身份从 %[1]s 发往 %[2]s，交给了 %[4]s", u.Dev, u.NextHop, u.Flow.Src, to, u.well())
	}
	return say.T("%[5]s: the packet leaves %[1]s for %[2]s as %[3]s; %[4]s",
		"%[5]s：包以 %[3]s 的身份从 %[1]s 发往 %[2]s；%[4]s", u.Dev, u.NextHop, u.Flow.Src, u.Why, u.well())
}

// RefusedBeyond is such a packet that somebody refuses.
type RefusedBeyond struct {
	Beyond
	By      netip.Addr
	Outcome probe.Outcome
}

// Detail names who.
func (r RefusedBeyond) Detail() say.Text {
	if r.Blind {
		return say.T("%[1]s: the request goes out by %[2]s, and is refused in the name of %[3]s (%[4]s): by somebody there, or by a rule here, which root can see",
			"%[1]s：请求从 %[2]s 发出，有人以 %[3]s 的名义拒绝了它（%[4]s）：可能是外面的机器，也可能是本机的规则，用 root 才看得到", r.well(), r.Dev, r.By, r.Outcome.Say())
	}
	return say.T("%s: the request left %s, and %s, beyond it, refuses it (%s); %s",
		"%s：请求已从 %s 发出，被外面的 %s 拒绝（%s）；%s", r.well(), r.Dev, r.By, r.Outcome.Say(), r.there())
}

// SilentBeyond is such a packet that nobody answers.
type SilentBeyond struct {
	Beyond
	Waited time.Duration
}

// Detail names how it left.
func (s SilentBeyond) Detail() say.Text {
	if s.Blind {
		return say.T("%[5]s: the request goes out by %[1]s for %[2]s as %[3]s, and nothing came back in %[4]s; root can see whether it leaves at all, or a rule here drops it",
			"%[5]s：请求以 %[3]s 的身份从 %[1]s 发往 %[2]s，%[4]s 内没有任何回应；它是真的发出去了，还是被本机规则丢弃，用 root 才看得到", s.Dev, s.NextHop, s.Flow.Src, s.Waited, s.well())
	}
	return say.T("%[5]s: the request left %[1]s for %[2]s as %[3]s, and nothing came back in %[4]s; %[6]s",
		"%[5]s：请求以 %[3]s 的身份从 %[1]s 发往 %[2]s，%[4]s 内没有任何回应；%[6]s", s.Dev, s.NextHop, s.Flow.Src, s.Waited, s.well(), s.further())
}

// further is where to ask on, and what else it may be.
func (s SilentBeyond) further() say.Text {
	if s.Spared.Rule != nil {
		return say.T("only the default route leads to %[1]s, and %[2]s leaves it out by its address: whoever wrote that expected a route of its own to there. See whether one is missing here (ip route), and else %[3]s",
			"这里只有默认路由通向 %[1]s，而 %[2]s 按地址排除了它：写规则的人应是预期那里另有自己的路由。先看这里是不是丢了一条路由（ip route），否则%[3]s", s.Flow.Dst, s.Spared.Line(), s.there())
	}
	if !s.Astray {
		return s.there()
	}
	return say.T("%[2]s. %[1]s is a private address to which only the default route leads: if it is a service's, no rule here translates it",
		"%[2]s。%[1]s 是私有地址，这里只有默认路由通向它：如果它是服务地址，那么这里没有规则转换它", s.Flow.Dst, s.there())
}

// SilentTunnel is such a packet in one of a tunnel, which nobody answers.
type SilentTunnel struct {
	Beyond
	Carrier string // what kind of packet that is: "VXLAN (UDP 4789)", "IPIP"
	Waited  time.Duration
}

// Detail names the carrying packet.
func (s SilentTunnel) Detail() say.Text {
	return say.T("%[6]s: the request left %[1]s in a packet of %[2]s from %[3]s to %[4]s, and nothing came back in %[5]s; %[7]s",
		"%[6]s：请求已封装成 %[2]s 包（%[3]s 到 %[4]s）从 %[1]s 发出，%[5]s 内没有任何回应；%[7]s",
		s.Dev, s.Carrier, s.Flow.Src, s.Flow.Dst, s.Waited, s.well(), otherEnd())
}

// otherEnd is what to look for at the end of a tunnel that cannot be seen.
func otherEnd() say.Text {
	return say.T("see there whether that end of the tunnel is up with the same numbers, and whether what carries it passes the filters there and on the way",
		"请到对方检查隧道那一端是否启用、编号和端口是否一致，对方和沿途的防火墙是否放行这种包")
}

// AnsweredAs is such a packet that somebody answers, but not from the address that was
// asked: whoever asked takes it for no answer.
type AnsweredAs struct {
	Beyond
	By netip.Addr
}

// Detail names both addresses.
func (s AnsweredAs) Detail() say.Text {
	return say.T("%[4]s: the request left %[1]s for %[2]s, and the answer came from %[3]s, whom nobody here has asked: its source is changed beyond, or who was asked answers by another of its addresses; %[5]s",
		"%[4]s：请求从 %[1]s 发往 %[2]s，应答却来自 %[3]s，本机没有问过这个地址：源地址在外面被改了，或对方用自己的另一个地址应答；%[5]s", s.Dev, s.Flow.Dst, s.By, s.well(), s.there())
}
