package source

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// InVRF is a packet without a route, which is of no VRF, where the table of one has a way for it.
type InVRF struct {
	cause.At
	Lookup cause.Lookup
	Reply  bool
	VRF    table.Link
	Route  table.Route // of the VRF's table
	Way    remedy.Way  // the same, of main
	Gone   bool        // no policy rule has the tables of VRFs asked
	// Back is the route to the packet's own source that the VRF's table lacks: an answer comes in by
	// a device of the VRF, and is looked up there.
	Back remedy.Way
	// Deaf is the setting by which sockets that are bound to no VRF take what comes in by one, and
	// who waits for the answer here is such a socket; nil where that is not so.
	Deaf *change.Sysctl
}

// Code says on whose way the route is missing.
func (i InVRF) Code() cause.Code { return cause.RouteMissing(i.Reply) }

// Detail names the VRF and its table.
func (i InVRF) Detail() say.Text {
	text := say.T("no route to %[1]s in a table that is asked: the way there is in table %[2]d, which is asked for what comes in by a device of the VRF %[3]s, or is bound to it (ip vrf exec %[3]s), and this packet is neither",
		"所查的表里没有到 %[1]s 的路由：去那里的路在 %[2]d 表里，只有从 VRF %[3]s 的网卡进来、或绑定到它（ip vrf exec %[3]s）的包才查这张表，这个包两者都不是", i.Lookup.Dst, i.VRF.VRF, i.VRF.Name)
	if !i.Gone {
		return text
	}
	return say.T("%s; nor does a policy rule have the tables of VRFs asked at all: the kernel's own rule, %s, is gone, without which no route by %s can be written",
		"%s；而且没有策略规则让人去查 VRF 的表：内核自带的规则 %s 不见了，没有它就写不进经过 %s 的路由", text, i.rule().Line(), i.Route.Dev)
}

// Evidence are the VRF's route, and that no other is found.
func (i InVRF) Evidence() []say.Text {
	return append(cause.Lines(i.Route.Line(), i.VRF.Line()), i.Lookup.Lines()...)
}

// Fix adds the kernel's rule again, by which a router on a wire of the VRF is found near, and then the
// route.
func (i InVRF) Fix() (fix []change.Change) {
	if i.Gone {
		fix = append(fix, change.PolicyAdd{Netns: i.Netns(), Rule: i.rule()})
	}
	fix = slices.Concat(fix, i.Way.Commands(), i.Back.Commands())
	if i.Deaf != nil {
		fix = append(fix, *i.Deaf)
	}
	return fix
}

func (i InVRF) rule() table.PolicyRule {
	family := 4
	if i.Lookup.Dst.Is6() {
		family = 6
	}
	return change.VRFs(family)
}
