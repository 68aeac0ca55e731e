package device

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// WrongNetmask: a prefix length claims more, or less, than is on the wire.
const WrongNetmask cause.Code = "wrong-netmask"

var _ = cause.Register(cause.Cause{
	Code:  WrongNetmask,
	Words: say.T("a prefix length claims more, or less, than is on the wire", "前缀长度与实际链路上的网段不符"),
	Table: []string{"ip", "addr"},
})

// TooWide is a prefix that takes a destination to be on the wire, where a router
// has a narrower one and knows the way.
type TooWide struct {
	cause.Sure
	cause.NextHop
	Own       netip.Prefix
	Far       netip.Prefix // the router's
	FarDev    string
	NoDefault bool // there is no default route either, which the narrower prefix needs
	// Unnumbered is a router with no network there: Far is the address by which a route has it alone.
	Unnumbered bool
}

// Code is WrongNetmask.
func (TooWide) Code() cause.Code { return WrongNetmask }

// Detail names both prefixes.
func (m TooWide) Detail() say.Text {
	if m.Unnumbered {
		return say.T("%s on %s says that %s is on its wire; the router there, %s, has no network on it and would pass it on",
			"%[2]s 上的 %[1]s 把 %[3]s 算作直连；同一链路上的路由器 %[4]s 在那里没有网段，本可转发过去", m.Own, m.Dev, m.Addr, m.Far.Addr())
	}
	return say.T("%s on %s says that %s is on its wire; the router there, %s, has a /%d and would pass it on",
		"%[2]s 上的 %[1]s 把 %[3]s 算作直连；同一链路上的路由器 %[4]s 用的是 /%[5]d，本可转发过去", m.Own, m.Dev, m.Addr, m.Far.Addr(), m.Far.Bits())
}

// Evidence are both prefixes.
func (m TooWide) Evidence() []say.Text {
	if m.Unnumbered {
		return m.With(cause.Inet(m.Own, m.Dev))
	}
	return m.With(cause.Inet(m.Own, m.Dev), cause.Inet(m.Far, m.FarDev))
}

// Fix gives the address the router's prefix length.
func (m TooWide) Fix() []change.Change {
	fix := readdress(m.Netns(), m.Dev, m.Own, m.Far.Bits())
	if m.NoDefault {
		fix = append(fix, remedy.Way{Netns: m.Netns(), Dev: m.Dev, Via: m.Far.Addr()}.Commands()...)
	}
	return fix
}

// readdress gives an address another prefix length. The new one comes first, so
// that the routes which prefer the address as their source stay.
func readdress(netns, dev string, own netip.Prefix, bits int) []change.Change {
	return slices.Concat(
		remedy.Address{Netns: netns, Prefix: netip.PrefixFrom(own.Addr(), bits), Dev: dev}.Add(),
		remedy.Address{Netns: netns, Prefix: own, Dev: dev}.Remove(),
	)
}

// TooNarrow is a prefix that leaves out a destination which is on the wire.
type TooNarrow struct {
	cause.Sure
	cause.At
	Dst    netip.Addr
	Own    netip.Prefix
	Dev    string
	Far    netip.Prefix // the destination's
	FarDev string
}

// Code is WrongNetmask.
func (TooNarrow) Code() cause.Code { return WrongNetmask }

// Detail names both prefixes.
func (m TooNarrow) Detail() say.Text {
	return say.T("%s is on the wire of %s and has a /%d, but %s has a /%d, which leaves it out",
		"%s 就在 %s 的链路上，前缀是 /%d；%s 的前缀却是 /%d，没有把它包括进来", m.Dst, m.Dev, m.Far.Bits(), m.Own.Addr(), m.Own.Bits())
}

// Evidence are both prefixes.
func (m TooNarrow) Evidence() []say.Text {
	return cause.Lines(cause.Inet(m.Own, m.Dev), cause.Inet(m.Far, m.FarDev))
}

// Fix gives the address the prefix length of the others.
func (m TooNarrow) Fix() []change.Change {
	return readdress(m.Netns(), m.Dev, m.Own, m.Far.Bits())
}
