package source

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unasked is a packet that leaves by the main table's default route with a source of another
// device's network, for which no policy rule has the table of that device asked.
type Unasked struct {
	cause.At
	Src    netip.Addr
	Net    netip.Prefix // that it is in
	Out    string       // the device that it leaves by
	Line   string       // the route there
	Route  table.Route  // that it should take, of another table
	Before int          // the preference of the rules of other sources; 0: there are none
	Back   bool         // it is the way back to who sends to Src
}

// Code is NotMasqueraded: it is the source that nobody there can route back.
func (Unasked) Code() cause.Code { return cause.NotMasqueraded }

// Detail names both devices and the table.
func (u Unasked) Detail() say.Text {
	if u.Back {
		return say.T("the table %[1]s leads out of %[2]s, but no policy rule has it asked for what is from %[3]s", "%[1]s 表从 %[2]s 出去，但没有策略规则让来自 %[3]s 的包去查它", u.Route.TableName(), u.Route.Dev, u.Src)
	}
	return say.T("%[1]s is of the network of %[2]s (%[3]s), and the request leaves %[4]s with it, where nobody can be expected to take it: the table %[5]s leads out of %[2]s, but no policy rule has it asked for this source",
		"%[1]s 属于 %[2]s 的网段（%[3]s），请求却带着它从 %[4]s 离开，那边不会认它：%[5]s 表从 %[2]s 出去，但没有策略规则让这个源地址去查它", u.Src, u.Route.Dev, u.Net, u.Out, u.Route.TableName())
}

// Evidence are both routes.
func (u Unasked) Evidence() []say.Text { return cause.Lines(u.Line, u.Route.Line()) }

// Fix has the table asked for this source.
func (u Unasked) Fix() []change.Change {
	return []change.Change{remedy.LookupFrom(u.Netns(), u.Src, u.Route.Table, cmp.Or(u.Before, remedy.BeforeMain))}
}
