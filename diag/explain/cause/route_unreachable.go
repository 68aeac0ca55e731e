package cause

import (
	"nstutor/internal/say"
)

// RouteUnreachable: an unreachable route refuses the packet.
const RouteUnreachable Code = "route-unreachable"

var _ = Register(Cause{
	Code:      RouteUnreachable,
	Words:     say.T("an unreachable route refuses the packet", "unreachable 路由拒绝了包"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})

// Refused is a destination that a route, or a policy rule, refuses.
type Refused struct{ Rejection }

// Code is RouteUnreachable.
func (Refused) Code() Code { return RouteUnreachable }

// Detail names the destination.
func (r Refused) Detail() say.Text {
	return r.named(say.T("an unreachable route refuses what goes to %s", "unreachable 路由拒绝去往 %s 的包", r.Exemption.Dst))
}
