package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Overlaid is a destination in a network of the namespace's own, for a part of which a route
// leads elsewhere, where nobody was heard of it.
type Overlaid struct {
	cause.At
	Dst  netip.Addr
	Own  table.Route // of the network
	Over table.Route // for the part
	Way  remedy.Turn
}

// Code is NoRoute.
func (Overlaid) Code() cause.Code { return cause.NoRoute }

// Detail names both devices.
func (o Overlaid) Detail() say.Text {
	return say.T("%[1]s is in the network of %[2]s (%[3]s), but the route to %[4]s, a part of that, leads out of %[5]s, where nobody answered for it",
		"%[1]s 属于 %[2]s 的网段（%[3]s），但其中 %[4]s 这一段的路由从 %[5]s 出去，那边没有人应答", o.Dst, o.Own.Dev, o.Own.Dst, o.Over.Dst, o.Over.Dev)
}

// Evidence are both routes.
func (o Overlaid) Evidence() []say.Text { return cause.Lines(o.Over.Line(), o.Own.Line()) }

// Fix takes the route away.
func (o Overlaid) Fix() []change.Change { return o.Way.Commands() }
