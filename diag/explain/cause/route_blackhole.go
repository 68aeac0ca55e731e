package cause

import (
	"nstutor/internal/say"
)

// RouteBlackhole: a blackhole route swallows the packet without a word.
const RouteBlackhole Code = "route-blackhole"

var _ = Register(Cause{
	Code:  RouteBlackhole,
	Words: say.T("a blackhole route swallows the packet without a word", "blackhole 路由悄悄吞掉了包"),
	Table: []string{"ip", "route"},
})

// Swallowed is a destination that a route, or a policy rule, swallows without a word.
type Swallowed struct{ Rejection }

// Code is RouteBlackhole.
func (Swallowed) Code() Code { return RouteBlackhole }

// Detail names the destination.
func (r Swallowed) Detail() say.Text {
	return say.T("a blackhole route swallows what goes to %s", "blackhole 路由无声丢弃去往 %s 的包", r.Exemption.Dst)
}
