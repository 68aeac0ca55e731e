package source

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// VRFUnasked is a packet that comes in by a device of a VRF, where no policy rule has the
// tables of VRFs asked: neither its addresses nor its routes are found.
type VRFUnasked struct {
	cause.At
	Lookup cause.Lookup
	Reply  bool
	Dev    string     // by which it comes in
	VRF    table.Link // whose table has a way for it
}

// Code says on whose way the route is missing.
func (u VRFUnasked) Code() cause.Code { return cause.RouteMissing(u.Reply) }

// Detail says what is gone.
func (u VRFUnasked) Detail() say.Text {
	return say.T("%[1]s is in the VRF %[2]s, whose table %[3]d has a way to %[4]s, and no policy rule has the tables of VRFs asked: the kernel's own rule, %[5]s, is gone. A network manager that takes all rules for its own deletes it",
		"%[1]s 属于 VRF %[2]s，它的 %[3]d 表里有到 %[4]s 的路，但没有策略规则让人去查 VRF 的表：内核自带的规则 %[5]s 不见了。把所有规则都当成自己的网络管理程序会删掉它",
		u.Dev, u.VRF.Name, u.VRF.VRF, u.Lookup.Dst, u.rule().Line())
}

// Evidence is that there is no route, and the VRF.
func (u VRFUnasked) Evidence() []say.Text {
	return append(u.Lookup.Lines(), cause.Lines(u.VRF.Line())...)
}

// Fix adds the kernel's rule again.
func (u VRFUnasked) Fix() []change.Change {
	return []change.Change{change.PolicyAdd{Netns: u.Netns(), Rule: u.rule()}}
}

func (u VRFUnasked) rule() table.PolicyRule {
	family := 4
	if u.Lookup.Dst.Is6() {
		family = 6
	}
	return change.VRFs(family)
}
