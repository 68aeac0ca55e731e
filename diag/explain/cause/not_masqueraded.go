package cause

import (
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotMasqueraded: the request leaves with a source that nobody outside can route back.
const NotMasqueraded Code = "not-masqueraded"

var _ = Register(Cause{
	Code:  NotMasqueraded,
	Words: say.T("the request leaves with a source that nobody outside can route back", "请求带着外面无法路由回来的源地址离开"),
	Table: []string{"iptables", "-t", "nat", "-vnL", "POSTROUTING"},
})

// Unmasqueraded is a request that has left its node with a source of the node's
// inside.
type Unmasqueraded struct {
	At
	Src    netip.Addr
	Out    string // the device that it left by
	Line   string // the route there
	Lookup Lookup // of who should reply
}

// Code is NotMasqueraded.
func (Unmasqueraded) Code() Code { return NotMasqueraded }

// Detail names the device and the source.
func (u Unmasqueraded) Detail() say.Text {
	return say.T("the request left %s with the source %s, which nobody outside can route back",
		"请求从 %s 出去时源地址仍是 %s，外面没有到它的回程路由", u.Out, u.Src)
}

// Evidence are the route out, and that there is none back.
func (u Unmasqueraded) Evidence() []say.Text { return append(Lines(u.Line), u.Lookup.lines()...) }

// Fix rewrites the source where the request leaves.
func (u Unmasqueraded) Fix() []change.Change {
	return []change.Change{change.Masquerade{Netns: u.Netns(), Src: u.Src, Out: u.Out}}
}

// Untranslated is a request that leaves for where nothing can be seen, with a
// private source of the node's inside.
type Untranslated struct {
	At
	Src  netip.Addr
	Out  string // the device that it leaves by
	Line string // the route there
}

// Code is NotMasqueraded.
func (Untranslated) Code() Code { return NotMasqueraded }

// Detail names the device and the source.
func (u Untranslated) Detail() say.Text {
	return say.T("the request leaves %s with the source %s, to which nobody beyond can be expected to have a route",
		"请求带着源地址 %[2]s 从 %[1]s 离开，外面不会有到它的回程路由", u.Out, u.Src)
}

// Evidence is the route out.
func (u Untranslated) Evidence() []say.Text { return Lines(u.Line) }

// Fix rewrites the source where the request leaves.
func (u Untranslated) Fix() []change.Change {
	return []change.Change{change.Masquerade{Netns: u.Netns(), Src: u.Src, Out: u.Out}}
}
