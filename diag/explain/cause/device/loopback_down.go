package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// LoopbackDown: lo is down, so that a namespace cannot speak to itself.
const LoopbackDown cause.Code = "loopback-down"

var _ = cause.Register(cause.Cause{
	Code:  LoopbackDown,
	Words: say.T("lo is down, so that a namespace cannot speak to itself", "lo 未启用，命名空间无法与自己通信"),
	Table: []string{"ip", "link", "show", "lo"},
})

// LoopbackUnrouted is 127.0.0.0/8, or ::1, which has no route while lo is down, or has not the
// address: what is for it leaves by the default route, if there is one.
type LoopbackUnrouted struct {
	cause.At
	Lookup cause.Lookup
	Up     bool
}

// Code is LoopbackDown, or NoAddress.
func (l LoopbackUnrouted) Code() cause.Code {
	if l.Up {
		return cause.NoAddress
	}
	return LoopbackDown
}

// own is the address that lo has from the kernel.
func (l LoopbackUnrouted) own() netip.Prefix {
	if l.Lookup.Dst.Is6() {
		return netip.PrefixFrom(netip.IPv6Loopback(), 128)
	}
	return netip.MustParsePrefix("127.0.0.1/8")
}

// Detail says where the addresses live.
func (l LoopbackUnrouted) Detail() say.Text {
	if l.Up {
		return say.T("%s is this namespace's own on lo, which has lost the address %s", "%s 本应在本命名空间的 lo 上，而 lo 的地址 %s 没有了", l.Lookup.Dst, l.own())
	}
	if l.Lookup.Dst.Is6() {
		return say.T("::1 lives on lo, which is down", "::1 在 lo 上，而 lo 处于 down 状态")
	}
	return say.T("127.0.0.0/8 lives on lo, which is down", "127.0.0.0/8 在 lo 上，而 lo 处于 down 状态")
}

// Evidence is that there is no route.
func (l LoopbackUnrouted) Evidence() []say.Text { return l.Lookup.Lines() }

// Fix switches lo on, or gives it the address.
func (l LoopbackUnrouted) Fix() []change.Change {
	if l.Up {
		return remedy.Address{Netns: l.Netns(), Dev: "lo", Prefix: l.own()}.Add()
	}
	return remedy.Raise(l.Netns(), "lo")
}

// LoopbackFromOutside is a packet for ::1 that a rule has made of one from outside: IPv6 takes
// what is for ::1 on lo alone (rt6_need_strict()), and has no route_localnet.
type LoopbackFromOutside struct {
	cause.At
	Lookup cause.Lookup
}

// Code is MartianSource, as of IPv4.
func (LoopbackFromOutside) Code() cause.Code { return cause.MartianSource }

// Detail says what to do instead.
func (l LoopbackFromOutside) Detail() say.Text {
	return say.T("the packet comes from outside and is for ::1 once a rule has translated it, and IPv6 takes that on lo alone: it has no route_localnet. Ask another address of this namespace, or have a program of its own listen at ::1",
		"这个包从外面进来，经规则转换后要去 ::1，而 IPv6 只在 lo 上接收发往 ::1 的包：它没有 route_localnet。请访问本命名空间的另一个地址，或让本命名空间的程序自己监听 ::1")
}

// Evidence is that there is no route from there.
func (l LoopbackFromOutside) Evidence() []say.Text { return l.Lookup.Lines() }

// Fix is done by asking elsewhere.
func (LoopbackFromOutside) Fix() []change.Change { return nil }

// LoopbackPassed is a packet to an address of its own sender, which goes over lo.
type LoopbackPassed struct {
	cause.At
	Lo table.Link
}

// Code is LoopbackDown.
func (LoopbackPassed) Code() cause.Code { return LoopbackDown }

// Detail says what lo has to do with it.
func (LoopbackPassed) Detail() say.Text {
	return say.T("a packet to an own address passes lo, which is down", "发往自身地址的包要经过 lo，而 lo 处于 down 状态")
}

// Evidence is lo.
func (l LoopbackPassed) Evidence() []say.Text { return cause.Lines(l.Lo.Line()) }

// Fix switches lo on.
func (l LoopbackPassed) Fix() []change.Change { return remedy.Raise(l.Netns(), "lo") }
