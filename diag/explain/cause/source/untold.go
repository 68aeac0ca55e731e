package source

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Untold is a packet that leaves by main's default route, although a table that no policy rule
// has asked for anything has a route to its destination.
type Untold struct {
	cause.At
	Dst   netip.Addr
	Line  string      // the default route
	Route table.Route // of the other table
}

// Code is NoRoute: no route that is asked for leads to the destination.
func (Untold) Code() cause.Code { return cause.NoRoute }

// Detail names the table.
func (u Untold) Detail() say.Text {
	return say.T("%[1]s goes out by the default route: the table %[2]s has a route to it out of %[3]s, but no policy rule has that table asked",
		"%[1]s 走了默认路由：%[2]s 表里有从 %[3]s 出去的路由，但没有策略规则让它被查", u.Dst, u.Route.TableName(), u.Route.Dev)
}

// Evidence are both routes.
func (u Untold) Evidence() []say.Text { return cause.Lines(u.Line, u.Route.Line()) }

// Fix has the table asked for what its route is for.
func (u Untold) Fix() []change.Change {
	return []change.Change{remedy.LookupTo(u.Netns(), u.Route.Dst, u.Route.Table, remedy.BeforeMain)}
}
