package ipv6

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Contested is an address of IPv6 that the kernel does not use: when it was set, somebody
// else had it (dadfailed). It keeps that until the address is set anew.
type Contested struct {
	cause.Ends
	cause.At
	Hop   cause.NextHop // who asks for it; zero where its own namespace would send from it
	Dev   string
	Addr  table.Addr
	Other cause.Device   // who has the address; its Link has no name where nobody is seen who does
	Free  remedy.Address // one of the same network that nobody has
}

// Code is DuplicateAddress.
func (Contested) Code() cause.Code { return cause.DuplicateAddress }

// Detail names the address.
func (c Contested) Detail() say.Text {
	if c.Other.Link.Name != "" {
		return say.T("%[1]s is an address of %[2]s in %[3]s that the kernel does not use, for duplicate address detection found it at somebody else (dadfailed): %[4]s in %[5]s has it",
			"%[1]s 设在 %[3]s 的 %[2]s 上，但内核不用它，因为重复地址检测（DAD）发现别人已在用（dadfailed）：%[5]s 的 %[4]s 有这个地址", c.Addr.Prefix.Addr(), c.Dev, machine.Called(c.Netns()), c.Other.Link.Name, machine.Called(c.Other.Netns))
	}
	return say.T("%[1]s is an address of %[2]s in %[3]s that the kernel does not use: duplicate address detection found somebody else with it (dadfailed), and it is not tried again by itself",
		"%[1]s 设在 %[3]s 的 %[2]s 上，但内核不用它：重复地址检测（DAD）发现别人已在用（dadfailed），而且不会自己再试", c.Addr.Prefix.Addr(), c.Dev, machine.Called(c.Netns()))
}

// Evidence is the address, and what who asks has of it.
func (c Contested) Evidence() []say.Text { return c.Hop.With(c.Addr.Line()) }

// Fix sets it anew, which has the kernel ask again whether somebody has it; who would send from
// what another one keeps gets an address that is free.
func (c Contested) Fix() []change.Change {
	a := remedy.Address{Netns: c.Netns(), Prefix: c.Addr.Prefix, Dev: c.Dev}
	if c.Other.Link.Name != "" && c.Hop.Dev == "" && c.Free.Prefix.IsValid() {
		return slices.Concat(a.Remove(), c.Free.Add())
	}
	return slices.Concat(a.Remove(), a.Add())
}

// Tentative is an address of IPv6 of which the kernel is still finding out whether
// somebody else has it: it does not answer for it yet.
type Tentative struct{ Contested }

// Code is NeighbourUnanswered.
func (Tentative) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail says what is waited for.
func (t Tentative) Detail() say.Text {
	return say.T("%[1]s on %[2]s in %[3]s is tentative: the kernel is still finding out whether somebody else has it, and answers for it after that. On a device without a carrier that does not end",
		"%[3]s 的 %[2]s 上的 %[1]s 还是 tentative：内核正在检测有没有别人用它，完成之前不会应答；设备没有 carrier 时一直停在这里", t.Addr.Prefix.Addr(), t.Dev, machine.Called(t.Netns()))
}

// Fix is none: it passes.
func (Tentative) Fix() []change.Change { return nil }

// OutOfScope is a packet to the world that begins with a link-local source, for want of
// another one: no router passes it on (ip6_forward()).
type OutOfScope struct {
	cause.Ends
	cause.At // who sends it
	Src, Dst netip.Addr
	Dev      string // that it leaves by
	Addrs    []table.Addr
	Router   string         // who does not pass it on
	Free     remedy.Address // that the device could have, where its wire tells
}

// Code is NoAddress.
func (OutOfScope) Code() cause.Code { return cause.NoAddress }

// Detail names the source, and who does not pass it on.
func (o OutOfScope) Detail() say.Text {
	return say.T("%[1]s has no address but the link-local one, and so the packet to %[2]s begins with %[3]s, which no router passes on: %[4]s answers \"beyond scope of source address\". It needs an address of its network, by hand or by a router's advertisement",
		"%[1]s 除了链路本地地址没有别的地址，发往 %[2]s 的包只好以 %[3]s 为源，而路由器都不转发它：%[4]s 回以 beyond scope of source address。需要一个本网络的地址（手工设置，或由路由器通告得到）",
		o.Dev, o.Dst, o.Src, machine.Called(o.Router))
}

// Evidence are the addresses of the device.
func (o OutOfScope) Evidence() (lines []say.Text) {
	for _, a := range o.Addrs {
		lines = append(lines, say.Quote(a.Line()))
	}
	return lines
}

// Fix gives it one.
func (o OutOfScope) Fix() []change.Change { return o.Free.Add() }

// OtherLink is a link-local address that is asked for behind one device, and is behind
// another one.
type OtherLink struct {
	cause.NextHop
	Behind string // the device
	Line   string // of the one that was asked for
}

// Code is DestinationAbsent.
func (OtherLink) Code() cause.Code { return cause.DestinationAbsent }

// Detail names both devices.
func (o OtherLink) Detail() say.Text {
	return say.T("nobody on the wire of %[2]s has %[1]s, which is an address of one wire only: it is behind %[3]s. Ask for %[1]s%%%[3]s",
		"%[2]s 的链路上没有谁有 %[1]s，而这种地址只在一条链路上有效：它在 %[3]s 那边。请改问 %[1]s%%%[3]s", o.Addr, o.Dev, o.Behind)
}

// Evidence is the neighbour's entry, if there is one, and the device.
func (o OtherLink) Evidence() []say.Text { return o.With(o.Line) }

// Fix is none: it is the question that names the wrong device.
func (OtherLink) Fix() []change.Change { return nil }
