package cause

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/farend"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DestinationAbsent: nobody has the destination's address.
const DestinationAbsent Code = "destination-absent"

var _ = Register(Cause{
	Code:      DestinationAbsent,
	Words:     say.T("nobody has the destination's address", "没有任何机器拥有目的地址"),
	Table:     []string{"ip", "addr"},
	Pointless: true,
})

// NotHere is a namespace that a packet comes to which is for nobody in it, and
// which it could pass on to nobody.
type NotHere struct {
	At
	Link table.Link
	Dst  netip.Addr
	Deaf bool // nobody there listens at its port
}

// Code is DestinationAbsent.
func (NotHere) Code() Code { return DestinationAbsent }

// Detail names the device and the address.
func (a NotHere) Detail() say.Text {
	if a.Deaf {
		return say.T("the frame comes to %s in %s, but %s is no address of that namespace, and nobody listens there at the port: it is not the one that is meant",
			"帧到了 %s（%s），但 %s 不是该命名空间的地址，那里也没有程序监听这个端口：要找的不是它", a.Link.Name, machine.Called(a.Netns()), a.Dst)
	}
	return say.T("the frame comes to %s in %s, but %s is no address of that namespace", "帧到了 %s（%s），但 %s 不是该命名空间的地址",
		a.Link.Name, machine.Called(a.Netns()), a.Dst)
}

// Evidence is the device.
func (a NotHere) Evidence() []say.Text { return Lines(a.Link.AddressLine()) }

// Fix adds the address, where somebody would answer at it.
func (a NotHere) Fix() []change.Change {
	if a.Deaf {
		return nil
	}
	return hostAddress(a.Netns(), a.Dst, a.Link.Name).Add()
}

// NobodyHas is an address which should be on a wire where nobody has it.
type NobodyHas struct {
	NextHop
	Stations []Station      // that are there
	OnTheWay bool           // it is not what the ping is for
	Bits     int            // of the network of the wire
	Sent     SentThere      // why the packet looks for it
	Serving  []Station      // whose rules translate what is sent to it: it is a service's
	Bound    []Station      // where a program listens at it all the same
	Own      []netip.Prefix // the networks of who asks, on that wire
	Behind   table.Route    // out of another device, that is passed over; its Type is empty where there is none
	Overlap  table.Route    // of another device's own network that has the address, too; its Type is empty where there is none
	Led      eval.Place     // the rule that translates the request to the address; its Rule is nil where none does
}

// SentThere is a rule of nat that sends a packet to an address which nobody has any more, in
// front of another one. Its Rule is nil where there is none.
type SentThere struct {
	eval.Place
	Netns string
	Next  string // where the other one would send it, to somebody who is there
}

// Code is DestinationAbsent, or NeighbourUnanswered for an address on the way.
func (a NobodyHas) Code() Code { return absence(a.OnTheWay) }

func absence(onTheWay bool) Code {
	if onTheWay {
		return NeighbourUnanswered
	}
	return DestinationAbsent
}

// Detail names the address and the wire, and who there may have been meant to have it.
func (a NobodyHas) Detail() say.Text {
	if a.Sent.Rule != nil {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it any more: a rule that was left behind sends the request there, in front of one that sends it to %s",
			"按路由，%s 就在 %s 的链路上，那里却已没有主机配有这个地址：一条遗留的规则把请求发到那里，排在它后面的规则才发往 %s", a.Addr, a.Dev, a.Sent.Next)
	}
	if len(a.Serving) > 0 {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it, and so nobody announces it: it is a service's, which rules of %s serve",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址，也就无人宣告它：它属于某个服务，%s 的规则提供该服务", a.Addr, a.Dev, machine.Called(a.Serving[0].Netns))
	}
	if len(a.Bound) > 0 {
		where := machine.Called(a.Bound[0].Netns)
		for _, s := range a.Bound[1:] {
			where = say.T("%s, %s", "%s、%s", where, machine.Called(s.Netns))
		}
		return say.T("%s is on the wire of %s according to the route, but nobody there has it, although a program listens at it (%s): who gives it out (keepalived, pacemaker or the like) does not run, or has given it to nobody",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址，尽管有程序在监听它（%s）：分配它的程序（如 keepalived、pacemaker）没有运行，或没有分给任何一台", a.Addr, a.Dev, where)
	}
	if a.Overlap.Type != "" {
		return say.T("%[1]s is on the wire of %[2]s according to the route, but nobody there has it; it is in the network of %[3]s as well (%[4]s), where nobody is asked: where those are two networks, one of them has to get other numbers",
			"按路由，%[1]s 就在 %[2]s 的链路上，那里却没有主机配有这个地址；它也在 %[3]s 的网段（%[4]s）里，那边却没有被问到：如果这是两个网络，其中一个必须换网段", a.Addr, a.Dev, a.Overlap.Dev, a.Overlap.Dst)
	}
	if a.Led.Rule != nil {
		return say.T("%[1]s is on the wire of %[2]s according to the route, but nobody there has it: a rule sends the request there (%[3]s)",
			"按路由，%[1]s 就在 %[2]s 的链路上，那里却没有主机配有这个地址：是一条规则把请求发到那里的（%[3]s）", a.Addr, a.Dev, a.Led.Line())
	}
	if s, ok := a.mistaken(); ok && len(s.Addrs) > 0 {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it; %s of %s is on that wire with %s, which is of another network: is that address wrong?",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址；%[4]s 的 %[3]s 在这条链路上，地址却是另一个网络的 %[5]s：是不是配错了？",
			a.Addr, a.Dev, s.Dev, machine.Called(s.Netns), s.Addrs[0])
	} else if ok && s.Shut != 0 {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it; on %s of %s, which is on that wire, IPv6 is switched off (%s)",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址；%[4]s 的 %[3]s 在这条链路上，却关掉了 IPv6（%[5]s）", a.Addr, a.Dev, s.Dev, machine.Called(s.Netns), s.Shut.Said())
	} else if ok {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it; %s of %s is on that wire and has no address: is it the one?",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址；%[4]s 的 %[3]s 在这条链路上，却没有地址：是不是该配给它？", a.Addr, a.Dev, s.Dev, machine.Called(s.Netns))
	}
	if a.Behind.Type != "" {
		return say.T("%s is on the wire of %s according to the route, but nobody there has it; that route comes before the one out of %s: is the address to be reached there?",
			"按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址；这条路由先于走 %s 的那条生效：这个地址是不是该走那边？", a.Addr, a.Dev, a.Behind.Dev)
	}
	return say.T("%s is on the wire of %s according to the route, but nobody there has it", "按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址", a.Addr, a.Dev)
}

// mistaken is the one station of the wire that is in no network with the address, nor with
// who asks.
func (a NobodyHas) mistaken() (s Station, ok bool) {
	for _, there := range a.Stations {
		if slices.ContainsFunc(there.Addrs, func(p netip.Prefix) bool { return p.Contains(a.Addr) || a.neighbour(p) }) {
			continue
		}
		if ok {
			return Station{}, false
		}
		s, ok = there, true
	}
	return s, ok
}

// neighbour reports whether an address is in a network of who asks: then it is right.
func (a NobodyHas) neighbour(p netip.Prefix) bool {
	return slices.ContainsFunc(a.Own, func(own netip.Prefix) bool { return own.Contains(p.Addr()) })
}

// Evidence are those who are there.
func (a NobodyHas) Evidence() []say.Text {
	lines := a.With()
	for _, r := range []table.Route{a.Overlap, a.Behind} {
		if r.Type != "" {
			lines = append(lines, Lines(r.Line())...)
		}
	}
	if a.Sent.Rule != nil {
		lines = append(lines, Lines(a.Sent.Line())...)
	}
	return append(lines, present(a.Stations)...)
}

// Fix is unknown but where a rule was left behind, the rules of somebody there serve the
// address, one program alone listens at it, or IPv6 is switched off at the one who may have it: who should?
func (a NobodyHas) Fix() []change.Change {
	if a.Sent.Rule != nil {
		if del, ok := change.RuleDel(a.Sent.Netns, a.Sent.Table, a.Sent.Chain, a.Sent.Rule); ok {
			return []change.Change{del}
		}
		return nil
	}
	if len(a.Serving) > 0 {
		return hostAddress(a.Serving[0].Netns, a.Addr, a.Serving[0].Dev).Add()
	}
	if len(a.Bound) == 1 {
		return hostAddress(a.Bound[0].Netns, a.Addr, a.Bound[0].Dev).Add()
	}
	s, ok := a.mistaken()
	if !ok || s.Shut == 0 || len(s.Addrs) > 0 {
		return nil
	}
	return remedy.Address{Netns: s.Netns, Prefix: netip.PrefixFrom(a.Addr, a.Bits), Dev: s.Dev, Shut: s.Shut, MTU: s.MTU}.Add()
}

// NobodyAnswered is an address that was asked for on a wire which cannot be seen.
type NobodyAnswered struct {
	NextHop
	OnTheWay bool // it is not what the ping is for
	// Carrier is the tunnel that the question went through, as in "VXLAN (UDP 4789)", and
	// Far its other ends; empty: the wire itself.
	Carrier string
	Far     []netip.Addr
	To      farend.End // to whom the question was handed
}

// Code is DestinationAbsent, or NeighbourUnanswered for an address on the way.
func (a NobodyAnswered) Code() Code { return absence(a.OnTheWay) }

// Detail names who asks and for what.
func (a NobodyAnswered) Detail() say.Text {
	if len(a.Far) > 0 {
		far := make([]string, len(a.Far))
		for i, end := range a.Far {
			far[i] = end.String()
		}
		return say.T("%[1]s asks who has %[2]s in a packet of %[3]s to %[4]s, and nobody answers; %[5]s", "%[1]s 用发往 %[4]s 的 %[3]s 包查询 %[2]s，无人应答；%[5]s", a.Dev, a.Addr, a.Carrier, say.List(far...), otherEnd())
	}
	if to, ok := a.To.Said(); ok {
		return say.T("%s asks who has %s, and nobody answers; the question was handed to %s: ask there", "%s 发出 who-has %s，无人应答；查询已交给 %s，请到那边查", a.Dev, a.Addr, to)
	}
	return say.T("%s asks who has %s, and nobody answers", "%s 发出 who-has %s，无人应答", a.Dev, a.Addr)
}

// Evidence is the entry.
func (a NobodyAnswered) Evidence() []say.Text { return a.With() }

// Fix is unknown.
func (NobodyAnswered) Fix() []change.Change { return nil }
