// Package source has the causes of a source that a packet of IPv6 was given, and that
// nobody answers, or that no route or rule is for. They are causes like the others of
// package cause, which has what they are.
package source

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

// WrongSource: the packet is sent from one of several addresses that nobody there can route back.
const WrongSource cause.Code = "wrong-source"

var _ = cause.Register(cause.Cause{
	Code:  WrongSource,
	Words: say.T("of the sender's addresses the one is taken that nobody outside can route back", "发送方有多个地址，选用的那个外面没有回程路由"),
	Table: []string{"ip", "addr"},
})

// Taken is the source that a namespace has taken for a packet.
type Taken struct {
	cause.At
	Src, Dst    netip.Addr
	Dev         string       // that it leaves by
	Masqueraded bool         // it takes it for what others send
	Lookup      cause.Lookup // of who should reply; its Dst is invalid where nobody sees that
}

// said is which source that is, and for what.
func (t Taken) said() say.Text {
	back := say.T("to which nobody beyond can be expected to have a route", "外面不会有到它的回程路由")
	if t.Lookup.Dst.IsValid() {
		back = say.T("which nobody there can route back", "对方没有到它的回程路由")
	}
	if t.Masqueraded {
		return say.T("what %[3]s masquerades to %[1]s gets the source %[2]s, %[4]s", "%[3]s 对发往 %[1]s 的包做 masquerade 时选了源地址 %[2]s，%[4]s",
			t.Dst, t.Src, machine.Called(t.Netns()), back)
	}
	return say.T("%[3]s sends to %[1]s from %[2]s, %[4]s", "%[3]s 发往 %[1]s 时选了源地址 %[2]s，%[4]s", t.Dst, t.Src, machine.Called(t.Netns()), back)
}

// lines are those about a better address, and that there is no route to the one taken.
func (t Taken) lines(of ...string) []say.Text {
	lines := cause.Lines(of...)
	if t.Lookup.Dst.IsValid() {
		lines = append(lines, t.Lookup.Lines()...)
	}
	return lines
}

// Deprecated is a source that was taken for want of a better one, which is there and
// deprecated.
type Deprecated struct {
	Taken
	Better table.Addr
}

// Code is WrongSource.
func (Deprecated) Code() cause.Code { return WrongSource }

// Detail names the address that is deprecated.
func (d Deprecated) Detail() say.Text {
	return say.T("%[1]s: %[2]s on %[3]s is the better one, but deprecated (preferred_lft 0), and the kernel takes such a one only where it has no other",
		"%[1]s：应当用 %[3]s 上的 %[2]s，但它已是 deprecated（preferred_lft 0），内核只要还有别的地址就不选它", d.said(), d.Better.Prefix.Addr(), d.Better.Dev)
}

// Evidence is the address.
func (d Deprecated) Evidence() []say.Text { return d.lines(d.Better.Line()) }

// Fix has it be preferred.
func (d Deprecated) Fix() []change.Change {
	return []change.Change{change.AddrPrefer{Netns: d.Netns(), Addr: d.Better.Prefix.String(), Dev: d.Better.Dev, NoPrefixRoute: slices.Contains(d.Better.Flags, "noprefixroute")}}
}

// Advertised is a better one that a router's advertisement has deprecated.
type Advertised struct{ Deprecated }

// Detail says who would do that again.
func (a Advertised) Detail() say.Text {
	return say.T("%s. A router's advertisement has it so (dynamic): ask there which network takes its place", "%s。这是路由器通告设定的（dynamic）：应到路由器上看改用哪个网段", a.Deprecated.Detail())
}

// Fix is none: the next advertisement would undo it.
func (Advertised) Fix() []change.Change { return nil }

// Named is a source that the route names, or that the kernel selects, beside a better one.
type Named struct {
	Taken
	Better  table.Addr
	Line    string         // the route
	ByRoute bool           // it names the source
	Route   remedy.Rewrite // that names the better one
}

// Code is WrongSource.
func (Named) Code() cause.Code { return WrongSource }

// Detail says who has chosen.
func (n Named) Detail() say.Text {
	who := say.T("the kernel selects it (RFC 6724)", "这是内核的选择（RFC 6724）")
	if n.ByRoute {
		who = say.T("the route names it (src)", "这是路由里的 src 指定的")
	}
	return say.T("%[1]s: %[2]s, and %[3]s on %[4]s is the better one", "%[1]s：%[2]s，而应当用的是 %[4]s 上的 %[3]s", n.said(), who, n.Better.Prefix.Addr(), n.Better.Dev)
}

// Evidence are the route and the better address.
func (n Named) Evidence() []say.Text { return n.lines(n.Line, n.Better.Line()) }

// Fix has the route name the better one.
func (n Named) Fix() []change.Change { return n.Route.Commands() }

// Homeless is a source of a private network, for want of an address that the world knows.
type Homeless struct {
	Taken
	Addrs []table.Addr   // of the device
	Free  remedy.Address // that it could have, where its wire tells
}

// Code is NoAddress.
func (Homeless) Code() cause.Code { return cause.NoAddress }

// Detail says what is missing.
func (h Homeless) Detail() say.Text {
	return say.T("%[1]s: %[2]s needs an address that is routed back, by hand or by a router's advertisement", "%[1]s：%[2]s 需要一个有回程路由的地址（手工设置，或由路由器通告得到）", h.said(), h.Dev)
}

// Evidence are the addresses of the device.
func (h Homeless) Evidence() []say.Text {
	var addrs []string
	for _, a := range h.Addrs {
		addrs = append(addrs, a.Line())
	}
	return h.lines(addrs...)
}

// Fix gives it one.
func (h Homeless) Fix() []change.Change { return h.Free.Add() }
