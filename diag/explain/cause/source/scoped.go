package source

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Scoped is a packet of IPv4 without a source: the addresses of its sender have a scope that is
// narrower than its route's, and the kernel chooses none of those (inet_select_addr()).
type Scoped struct {
	cause.At
	Lookup cause.Lookup
	Addr   table.Addr // the one that it would have
}

// Code is NoAddress.
func (Scoped) Code() cause.Code { return cause.NoAddress }

// Detail names the address and its scope.
func (s Scoped) Detail() say.Text {
	return say.T("what goes to %[1]s has no source: %[2]s of %[3]s has the scope %[4]s, and the kernel chooses no such address for a route that leads further; a route that names it (src) has it used",
		"发往 %[1]s 的包没有源地址：%[3]s 的 %[2]s 的 scope 是 %[4]s，内核不会为通往更远处的路由选用这样的地址；路由里写明 src 就会用它", s.Lookup.Dst, s.Addr.Prefix.Addr(), s.Addr.Dev, s.Addr.Scope)
}

// Evidence is the address, and the route.
func (s Scoped) Evidence() []say.Text {
	return append(cause.Lines("inet "+s.Addr.Prefix.String()+" scope "+s.Addr.Scope+" "+s.Addr.Dev), s.Lookup.Lines()...)
}

// Fix has the route name the address.
func (s Scoped) Fix() []change.Change {
	route := s.Lookup.Answer.Entry
	if route.Type == "" {
		return nil
	}
	route.Src = s.Addr.Prefix.Addr()
	return []change.Change{change.Route{Netns: s.Netns(), Verb: change.RouteReplace, Route: route}}
}
