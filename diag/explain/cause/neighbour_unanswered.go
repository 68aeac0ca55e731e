package cause

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NeighbourUnanswered: an ARP request is sent, and nobody answers.
const NeighbourUnanswered Code = "neighbour-unanswered"

var _ = Register(Cause{
	Code:      NeighbourUnanswered,
	Words:     say.T("an ARP request is sent, and nobody answers", "ARP 请求发出后无人应答"),
	Table:     []string{"ip", "neigh"},
	Pointless: true,
})

// ARPFiltered is a station that arp_filter keeps silent.
type ARPFiltered struct {
	NextHop
	Sender  netip.Addr // of the request
	Station Device
	Proof   []string      // that the kernel would not answer
	Way     remedy.Way    // to the sender, by the device that was asked
	Own     remedy.Origin // has what is from the address go to its network by that; or zero
}

// Code is NeighbourUnanswered.
func (ARPFiltered) Code() Code { return NeighbourUnanswered }

// Detail names the device and the sender.
func (a ARPFiltered) Detail() say.Text {
	return say.T("arp_filter keeps %s silent: what goes to %s would leave by another device", "arp_filter 使 %s 不应答：去往 %s 的包会从另一块网卡出去",
		a.Station.Link.Name, a.Sender)
}

// Evidence is the entry, and why there is no answer.
func (a ARPFiltered) Evidence() []say.Text { return a.With(a.Proof...) }

// Fix routes the sender back by the device that was asked: what is from its address alone,
// where it has one, for the other device's has the sender for a neighbour, too.
func (a ARPFiltered) Fix() []change.Change {
	if a.Own.Src.IsValid() {
		return a.Own.Commands()
	}
	return a.Way.Commands()
}

// ARPIgnored is a station that arp_ignore keeps silent. It counts as the greater
// of that of all and that of the device.
type ARPIgnored struct {
	NextHop
	Station  Device
	Proof    []string   // that the kernel would not answer
	All, Own int        // arp_ignore of all, and of the device
	Here     bool       // the address is one of the device itself
	Sender   netip.Addr // as whom it is asked
}

// sure: who is asked has the address there, so that it is the right one to be asked.
func (a ARPIgnored) sure() bool { return a.Here }

// Code is NeighbourUnanswered.
func (ARPIgnored) Code() Code { return NeighbourUnanswered }

// Detail names the device and the address.
func (a ARPIgnored) Detail() say.Text {
	if a.Here && max(a.All, a.Own) == 2 {
		return say.T("%[1]s in %[2]s has the address %[3]s, but answers only who asks from its network (arp_ignore 2), and %[4]s asks as %[5]s",
			"%[2]s 的 %[1]s 有地址 %[3]s，但只应答来自自己网段的询问（arp_ignore 2），而 %[4]s 以 %[5]s 的身份询问", a.Station.Link.Name, machine.Called(a.Station.Netns), a.Addr, machine.Called(a.Netns()), a.Sender)
	}
	if a.Here {
		return say.T("%[1]s in %[2]s has the address %[3]s, and arp_ignore keeps it silent about it", "%[2]s 的 %[1]s 有地址 %[3]s，但 arp_ignore 使它不应答", a.Station.Link.Name, machine.Called(a.Station.Netns), a.Addr)
	}
	return say.T("%s has the address %s on another device, and arp_ignore keeps %s silent about it",
		"%s 的地址 %s 配在另一块网卡上，arp_ignore 使 %s 不为它应答", machine.Called(a.Station.Netns), a.Addr, a.Station.Link.Name)
}

// Evidence is the entry, and why there is no answer.
func (a ARPIgnored) Evidence() []say.Text { return a.With(a.Proof...) }

// Fix mends the device's own setting, if it is that. Otherwise the address on the
// device itself leaves every other device as it is.
func (a ARPIgnored) Fix() []change.Change {
	netns, dev := a.Station.Netns, a.Station.Link.Name
	switch {
	case a.All == 0:
		return []change.Change{remedy.SetConf(netns, dev, "arp_ignore", "0")}
	case !a.Here:
		return hostAddress(netns, a.Addr, dev).Add()
	case a.Own > 1:
		return []change.Change{remedy.SetConf(netns, "all", "arp_ignore", "1"), remedy.SetConf(netns, dev, "arp_ignore", "1")}
	}
	return []change.Change{remedy.SetConf(netns, "all", "arp_ignore", "1")}
}

// LocalLate is a station whose policy rules take packets for its own address elsewhere,
// so that it does not take who-has for a question to itself (arp_process()).
type LocalLate struct {
	NextHop
	Station Device
	Rule    table.PolicyRule // that comes before the one for local
	Gone    bool             // there is none for local
	Proof   []string
}

// Code is NeighbourUnanswered.
func (LocalLate) Code() Code { return NeighbourUnanswered }

// Detail names the rule.
func (l LocalLate) Detail() say.Text {
	if l.Gone {
		return say.T("%[1]s has %[2]s, but the kernel's own rule, 0: from all lookup local, is gone there, and rule %[3]d leads elsewhere: it answers no who-has, and takes no packet",
			"%[1]s 有地址 %[2]s，但那里缺了内核自带的规则 0: from all lookup local，规则 %[3]d 便把包引向别处：它既不应答 who-has，也不收包", machine.Called(l.Station.Netns), l.Addr, l.Rule.Priority)
	}
	return say.T("%[1]s has %[2]s, but its rule %[3]d asks the table %[4]s before local, and that leads elsewhere: it answers no who-has, and takes no packet",
		"%[1]s 有地址 %[2]s，但它的规则 %[3]d 让 %[4]s 表先于 local 表被查到，把包引向别处：它既不应答 who-has，也不收包",
		machine.Called(l.Station.Netns), l.Addr, l.Rule.Priority, l.Rule.TableName())
}

// Evidence is the entry, where the packets would go, and the rule.
func (l LocalLate) Evidence() []say.Text { return l.With(l.Proof...) }

// Fix has local asked before that, and before all others where the kernel's own rule is gone.
func (l LocalLate) Fix() []change.Change {
	if l.Gone {
		return []change.Change{change.PolicyAdd{Netns: l.Station.Netns, Rule: change.Lookup(unix.RT_TABLE_LOCAL, 0)}}
	}
	return []change.Change{change.PolicyAdd{Netns: l.Station.Netns, Rule: change.Lookup(unix.RT_TABLE_LOCAL, max(1, l.Rule.Priority-1))}}
}

// BehindRouter is an address behind somebody on the wire who passes packets on,
// and answers for nobody but himself.
type BehindRouter struct {
	NextHop
	Router Device
	Proof  []string   // that the kernel would not answer
	Way    remedy.Way // the asker's default route, by the router, where it names nobody; zero: it is another one
}

// Code is NeighbourUnanswered.
func (BehindRouter) Code() Code { return NeighbourUnanswered }

// Detail names the router.
func (b BehindRouter) Detail() say.Text {
	if b.Way.Dev != "" {
		return say.T("the default route of %[1]s leads out of %[2]s and names no next hop, so that %[1]s asks for %[3]s itself on that wire; it is behind %[4]s, which does not answer for others (proxy %[5]s)",
			"%[1]s 的默认路由从 %[2]s 出去，却没有写下一跳，于是 %[1]s 在这条链路上直接找 %[3]s；它其实在 %[4]s 后面，而 %[4]s 不替别人应答（代理 %[5]s）",
			machine.Called(b.Netns()), b.Dev, b.Addr, machine.Called(b.Router.Netns), resolution(b.Addr))
	}
	return say.T("%s takes %s for a neighbour, but it is behind %s; a route through that would do as well as proxy %s there",
		"%[1]s 把 %[2]s 当成直连邻居，其实它在 %[3]s 后面；除了在那里开代理 %[4]s，也可加一条经它的路由",
		machine.Called(b.Netns()), b.Addr, machine.Called(b.Router.Netns), resolution(b.Addr))
}

// Evidence is the entry, and why there is no answer.
func (b BehindRouter) Evidence() []say.Text { return b.With(b.Proof...) }

// Fix names the router in the default route, or has it answer.
func (b BehindRouter) Fix() []change.Change {
	if b.Way.Dev != "" {
		return b.Way.Commands()
	}
	return proxy(b.Router.Netns, b.Router.Link.Name, b.Addr)
}

// proxy has a namespace answer for an address that is behind it. For IPv6 that takes an
// entry for the address besides (ndisc_recv_ns()).
func proxy(netns, dev string, addr netip.Addr) []change.Change {
	if addr.Is6() {
		return []change.Change{
			change.Sysctl{Netns: netns, Path: "net/ipv6/conf/" + dev + "/proxy_ndp", Value: "1"},
			change.NeighProxy{Netns: netns, Dst: addr, Dev: dev},
		}
	}
	return remedy.Enable(netns, dev, "proxy_arp")
}

// WrongWire is an address that the route takes to be on another wire than it is.
type WrongWire struct {
	NextHop
	Way      remedy.Way // that leads to it
	Line     string     // the route
	Stations []Station  // that are where it leads
	// Stray is the route without which another one leads there; its own Stray is empty
	// where there is none.
	Stray   remedy.Turn
	Overlap table.Route // of the network behind Way, where both have the address; its Type is empty else
}

// Code is NeighbourUnanswered.
func (WrongWire) Code() Code { return NeighbourUnanswered }

// Detail names both wires.
func (m WrongWire) Detail() say.Text {
	if m.Overlap.Type != "" {
		return say.T("the route says that %[1]s is on the wire of %[2]s, where nobody has it: it is behind %[3]s, whose network %[4]s overlaps that of %[2]s. A route of its own mends that for %[1]s alone: one of the two networks has to get other numbers",
			"路由说 %[1]s 在 %[2]s 的链路上，那里却没有这个地址：它在 %[3]s 那一侧，而 %[3]s 的网段 %[4]s 与 %[2]s 的重叠。单独加一条路由只救得了 %[1]s：两个网络总有一个得换网段", m.Addr, m.Dev, m.Way.Dev, m.Overlap.Dst)
	}
	return say.T("the route says that %s is on the wire of %s, where nobody has it: it is behind %s",
		"路由说 %s 在 %s 的链路上，那里却没有这个地址：它在 %s 那一侧", m.Addr, m.Dev, m.Way.Dev)
}

// Evidence are the route, the entry, and those who are there.
func (m WrongWire) Evidence() []say.Text {
	line := m.Line
	if m.Stray.Stray.Type != "" {
		line = m.Stray.Stray.Line()
	}
	return slices.Concat(Lines(line), m.With(), present(m.Stations))
}

// Fix takes away the route that is in the way, or leads it to the other wire.
func (m WrongWire) Fix() []change.Change {
	if m.Stray.Stray.Type != "" {
		return m.Stray.Commands()
	}
	return m.Way.Commands()
}

// EmptyWire is a wire that nobody is on.
type EmptyWire struct {
	NextHop
	Line string // the device
}

// Code is NeighbourUnanswered.
func (EmptyWire) Code() Code { return NeighbourUnanswered }

// Detail names who asks and for what.
func (e EmptyWire) Detail() say.Text {
	return say.T("%s asks who has %s, and there is nobody on its wire", "%s 发出 who-has %s，链路上没有任何对端", e.Dev, e.Addr)
}

// Evidence are the entry and the device.
func (e EmptyWire) Evidence() []say.Text { return e.With(e.Line) }

// Fix is unknown.
func (EmptyWire) Fix() []change.Change { return nil }

// NoRouter is an address that nobody has, and which a router on the wire is meant
// to have.
type NoRouter struct {
	NextHop
	Address  remedy.Address // as the router should have it
	Stations []Station      // that are there
	Proof    []string       // that the router's kernel would not answer
}

// Code is NeighbourUnanswered.
func (NoRouter) Code() Code { return NeighbourUnanswered }

// Detail names who asks, for what, and the router's device.
func (r NoRouter) Detail() say.Text {
	if r.Address.Shut != 0 {
		return say.T("%[1]s asks who has %[2]s, and nobody answers; IPv6 is switched off on %[3]s in %[4]s (%[5]s), and its addresses went with that",
			"%[1]s 发出 who-has %[2]s，无人应答；%[4]s 的 %[3]s 上关掉了 IPv6（%[5]s），地址也随之没了", r.Dev, r.Addr, r.Address.Dev, machine.Called(r.Address.Netns), r.Address.Shut.Said())
	}
	return say.T("%[1]s asks who has %[2]s, and nobody answers; proxy %[4]s on %[3]s would do as well as the address",
		"%s 发出 who-has %s，无人应答；除了配上这个地址，也可在 %s 上开代理 %s", r.Dev, r.Addr, r.Address.Dev, resolution(r.Addr))
}

// Evidence are the entry, those who are there, and why there is no answer.
func (r NoRouter) Evidence() []say.Text {
	return slices.Concat(r.With(), present(r.Stations), Lines(r.Proof...))
}

// Fix gives the router the address.
func (r NoRouter) Fix() []change.Change { return r.Address.Add() }
