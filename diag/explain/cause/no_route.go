package cause

import (
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NoRoute: no route leads to the destination.
const NoRoute Code = "no-route"

var _ = Register(Cause{
	Code:      NoRoute,
	Words:     say.T("no route leads to the destination", "没有通往目的地址的路由"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})

// Unrouted is a destination that there is no route to.
type Unrouted struct {
	At
	Lookup Lookup
	Way    remedy.Way // the route that is missing
}

// Code is NoRoute.
func (Unrouted) Code() Code { return NoRoute }

// Detail names the destination.
func (u Unrouted) Detail() say.Text {
	return say.T("no route to %s", "没有到 %s 的路由", u.Lookup.Dst)
}

// Evidence is that there is no route.
func (u Unrouted) Evidence() []say.Text { return u.Lookup.Lines() }

// Fix adds the route.
func (u Unrouted) Fix() []change.Change { return u.Way.Commands() }

// Thrown is a destination whose lookup a throw route ends.
type Thrown struct {
	Rejection
	Reply bool // it is the way back that is missing
}

// Code is NoRoute or NoReturnRoute.
func (t Thrown) Code() Code {
	if t.Reply {
		return NoReturnRoute
	}
	return NoRoute
}

// Detail names the destination.
func (t Thrown) Detail() say.Text {
	return say.T("a throw route ends the search for %s in its table, and no other has a route",
		"throw 路由结束了 %s 在该表中的查找，别的表里也没有路由", t.Exemption.Dst)
}

// Missed is a destination behind another device than the route leads out of.
type Missed struct {
	Sure
	At
	Way  remedy.Turn // that leads to it
	Dev  string      // out of which the route leads
	Line string      // the route
}

// Code is NoRoute.
func (Missed) Code() Code { return NoRoute }

// Detail names both devices.
func (m Missed) Detail() say.Text {
	return say.T("%s is behind %s, but the route to it leads out of %s", "%s 在 %s 那一侧，路由却从 %s 出去", m.Way.Way.Dst, m.Way.Way.Dev, m.Dev)
}

// Evidence is the route.
func (m Missed) Evidence() []say.Text { return Lines(m.Line) }

// Fix gives the destination a route of its own.
func (m Missed) Fix() []change.Change { return m.Way.Commands() }
