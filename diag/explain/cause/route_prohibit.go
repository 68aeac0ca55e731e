package cause

import (
	"nstutor/internal/say"
)

// RouteProhibit: a prohibit route refuses the packet.
const RouteProhibit Code = "route-prohibit"

var _ = Register(Cause{
	Code:  RouteProhibit,
	Words: say.T("a prohibit route refuses the packet", "prohibit 路由拒绝了包"),
	Table: []string{"ip", "route"},
})

// Forbidden is a destination that a route, or a policy rule, forbids.
type Forbidden struct{ Rejection }

// Code is RouteProhibit.
func (Forbidden) Code() Code { return RouteProhibit }

// Detail names the destination.
func (r Forbidden) Detail() say.Text {
	return r.named(say.T("a prohibit route forbids what goes to %s", "prohibit 路由禁止去往 %s 的包", r.Exemption.Dst))
}
