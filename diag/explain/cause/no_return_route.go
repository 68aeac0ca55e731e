package cause

import (
	"net/netip"
	"strings"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
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

// RouteMissing is the code of a packet without a route, by whose way it is on.
func RouteMissing(reply bool) Code {
	if reply {
		return NoReturnRoute
	}
	return NoRoute
}

// NoWayBack is a reply that has no route.
type NoWayBack struct {
	At
	Lookup Lookup
	Way    remedy.Way // the route that is missing
	VRF    table.Link // in which it is looked for; without a name: in none
	In     string     // the device of the VRF that the reply came in by
}

// Code is NoReturnRoute.
func (NoWayBack) Code() Code { return NoReturnRoute }

// Detail names whom the reply is for.
func (r NoWayBack) Detail() say.Text {
	if r.VRF.Name != "" {
		return say.T("the reply has no route to %[1]s: it came in by %[4]s, which belongs to the VRF %[2]s, and so the table %[3]d alone is asked",
			"没有到 %[1]s 的路由，应答发不出去：它从 %[4]s 进来，那是 VRF %[2]s 的设备，只查 %[3]d 表", r.Lookup.Dst, r.VRF.Name, r.VRF.VRF, r.In)
	}
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
	// Own is the network of Dev that the reply is for; invalid: it is for none. Came is the
	// device that the request came in by, where that has the same network.
	Own  netip.Prefix
	Came string
	By   table.PolicyRule // that has the route's table asked, where it is not main
	From remedy.Origin    // the reply is from an address of the device that the request came in by
}

// Code is NoReturnRoute.
func (Astray) Code() Code { return NoReturnRoute }

// Detail names where it went.
func (a Astray) Detail() say.Text {
	text := say.T("the reply to %s leaves by %s, which leads away from it", "发给 %s 的应答从 %s 出去，那个方向到不了这个地址", a.Dst, a.Dev)
	switch {
	case a.Came != "":
		return say.T("%[1]s: %[2]s and %[3]s have the same network, %[4]s, and the kernel takes the first; one of them needs another network",
			"%[1]s：%[2]s 和 %[3]s 的网段相同（%[4]s），内核取先找到的那个；应给其中一个换网段", text, a.Dev, a.Came, a.Own.Masked())
	case a.Own.IsValid():
		return say.T("%[1]s: %[3]s takes that network for its own (%[4]s on %[2]s), and the one who asks has it elsewhere; one of the two needs another network",
			"%[1]s：%[3]s 把这个网段当成自己的（%[2]s 上的 %[4]s），而发问的一方在别处也用着它；两边之一应换网段", text, a.Dev, machine.Called(a.Netns()), a.Own)
	case a.From.Src.IsValid():
		return say.T("%[1]s: it is from %[2]s, an address of %[3]s, by which the request came in, and routes do not ask for the source unless a policy rule does",
			"%[1]s：它的源地址 %[2]s 属于 %[3]s，请求就是从那里进来的；但没有策略规则时，选路由不看源地址", text, a.From.Src, a.From.Way.Dev)
	case a.By.Action != "":
		return say.T("%s: the policy rule %s has it so", "%s：这是策略规则 %s 定的", text, strings.ReplaceAll(a.By.Line(), "\t", " "))
	}
	return text
}

// Evidence is the route.
func (a Astray) Evidence() []say.Text {
	if a.By.Action != "" {
		return Lines(a.By.Line(), a.Line)
	}
	return Lines(a.Line)
}

// Fix sends the reply back by the way of its request.
func (a Astray) Fix() []change.Change {
	if a.From.Src.IsValid() {
		return a.From.Commands()
	}
	return a.Way.Commands()
}
