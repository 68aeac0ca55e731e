package cause

import (
	"nstutor/diag/explain/machine"
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
	// Deaf are the settings by which the device that would be told of it listens to no router
	// of IPv6 (accept_ra is 1, and it forwards); none: that is not so.
	Deaf []string
}

// Code is NoRoute.
func (Unrouted) Code() Code { return NoRoute }

// Detail names the destination.
func (u Unrouted) Detail() say.Text {
	if len(u.Deaf) > 0 {
		return say.T("no route to %[1]s; what routers advertise is not heeded on %[2]s, for forwarding is on and accept_ra is 1 (2 has it heeded)",
			"没有到 %[1]s 的路由；%[2]s 不理会路由器通告，因为 forwarding 已打开而 accept_ra 是 1（设为 2 才理会）", u.Lookup.Dst, u.Way.Dev)
	}
	return say.T("no route to %s", "没有到 %s 的路由", u.Lookup.Dst)
}

// Evidence is that there is no route.
func (u Unrouted) Evidence() []say.Text { return append(u.Lookup.Lines(), Lines(u.Deaf...)...) }

// Fix adds the route.
func (u Unrouted) Fix() []change.Change { return u.Way.Commands() }

// Thrown is a destination whose lookup a throw route ends.
type Thrown struct {
	Rejection
	Reply bool // it is the way back that is missing
}

// Code is NoRoute or NoReturnRoute.
func (t Thrown) Code() Code { return RouteMissing(t.Reply) }

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
	Net  string      // of the other device; empty where the destination was found there
}

// Code is NoRoute.
func (Missed) Code() Code { return NoRoute }

// Detail names both devices.
func (m Missed) Detail() say.Text {
	if m.Net != "" {
		return say.T("%[1]s is in the network of %[2]s (%[3]s), but the policy rule %[4]d has another table asked before main, whose route leads out of %[5]s",
			"%[1]s 属于 %[2]s 的网段（%[3]s），但策略规则 %[4]d 让另一张表先于 main 表被查，其中的路由从 %[5]s 出去", m.Way.Way.Dst, m.Way.Way.Dev, m.Net, m.Way.Before, m.Dev)
	}
	if m.Way.To.IsValid() {
		return say.T("%s is behind %s, but the policy rule %d has another table asked before main, whose route leads out of %s",
			"%s 在 %s 那一侧，但策略规则 %d 让另一张表先于 main 表被查，其中的路由从 %s 出去", m.Way.Way.Dst, m.Way.Way.Dev, m.Way.Before, m.Dev)
	}
	if via := m.Way.Way.Via; via.IsValid() {
		return say.T("%[1]s is behind %[2]s, a neighbour on %[3]s, and %[4]s has no route to it but the default one, which leads elsewhere",
			"%[1]s 在 %[3]s 上的邻居 %[2]s 那一侧，而 %[4]s 只有默认路由可走，那条路由通向别处", m.Way.Way.Dst, via, m.Way.Way.Dev, machine.Called(m.Netns()))
	}
	return say.T("%s is behind %s, but the route to it leads out of %s", "%s 在 %s 那一侧，路由却从 %s 出去", m.Way.Way.Dst, m.Way.Way.Dev, m.Dev)
}

// Evidence is the route.
func (m Missed) Evidence() []say.Text { return Lines(m.Line) }

// Fix gives the destination a route of its own.
func (m Missed) Fix() []change.Change { return m.Way.Commands() }
