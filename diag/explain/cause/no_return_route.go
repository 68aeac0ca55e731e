package cause

import (
	"net/netip"

	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NoReturnRoute: the request arrives, and no route leads back.
const NoReturnRoute Code = "no-return-route"

var _ = Register(Cause{
	Code:  NoReturnRoute,
	Words: say.T("the request arrives, and no route leads back", "请求已到达，但没有回程路由"),
	Table: []string{"ip", "route"},
})

// NoWayBack is a reply that has no route.
type NoWayBack struct {
	At
	Lookup Lookup
	Way    remedy.Way // the route that is missing
}

// Code is NoReturnRoute.
func (NoWayBack) Code() Code { return NoReturnRoute }

// Detail names whom the reply is for.
func (r NoWayBack) Detail() say.Text {
	return say.T("the reply has no route to %s", "没有到 %s 的路由，应答发不出去", r.Lookup.Dst)
}

// Evidence is that there is no route.
func (r NoWayBack) Evidence() []say.Text { return r.Lookup.Lines() }

// Fix adds the route.
func (r NoWayBack) Fix() []change.Change { return r.Way.Commands() }

// Astray is a reply that is lost where its request never was.
type Astray struct {
	At
	Dst  netip.Addr
	Dev  string      // by which it left its request's way
	Line string      // the route there
	Way  remedy.Turn // that the request came by
}

// Code is NoReturnRoute.
func (Astray) Code() Code { return NoReturnRoute }

// Detail names where it went.
func (a Astray) Detail() say.Text {
	return say.T("the reply to %s leaves by %s, which leads away from it", "发给 %s 的应答从 %s 出去，那个方向到不了这个地址", a.Dst, a.Dev)
}

// Evidence is the route.
func (a Astray) Evidence() []say.Text { return Lines(a.Line) }

// Fix sends the reply back by the way of its request.
func (a Astray) Fix() []change.Change { return a.Way.Commands() }
