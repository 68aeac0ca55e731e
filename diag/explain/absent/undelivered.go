package absent

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// proxyTable is the table that the kernel's guide to TPROXY takes for what has the mark.
const proxyTable = 100

// Undelivered is the finding of a request with a mark that TPROXY has handed to a socket, and
// that is routed elsewhere: what is missing of the rule for its mark and the route to lo.
func Undelivered(n *machine.Space, f flows.Flow, port uint16, mark uint32, now machine.RouteAnswer) service.Undelivered {
	u := service.Undelivered{At: cause.At(n.Name), Flow: f, Port: port, Mark: mark, Lookup: cause.Lookup{Dst: f.Dst, Answer: now}}
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil || mark == 0 {
		return u
	}
	own := func(r table.Route) bool { return r.Dst.Addr().Is6() == f.Dst.Is6() }
	delivers := func(r table.Route) bool {
		return own(r) && r.Type == "local" && r.Default() && r.Table != machine.LocalTable
	}
	for _, r := range snap.PolicyRules {
		if r.Family == 6 == f.Dst.Is6() && r.Action == "lookup" && r.Mask != 0 && mark&r.Mask == r.Mark && !r.Not && !r.Src.IsValid() && !r.Dst.IsValid() && r.IIF == "" && r.OIF == "" {
			u.Rule = r
			break
		}
	}
	in := func(which int) func(table.Route) bool { return func(r table.Route) bool { return r.Table == which } }
	switch i := slices.IndexFunc(snap.Routes, delivers); {
	case u.Rule.Action != "" && slices.ContainsFunc(snap.Routes, func(r table.Route) bool { return own(r) && in(u.Rule.Table)(r) && r.Default() }):
		return u // the mark has a way of its own
	case u.Rule.Action != "":
		u.Table = u.Rule.Table
	case i >= 0:
		u.Table, u.Local = snap.Routes[i].Table, true
	default:
		u.Table = proxyTable
		for slices.ContainsFunc(snap.Routes, in(u.Table)) || slices.ContainsFunc(snap.PolicyRules, func(r table.PolicyRule) bool { return r.Table == u.Table }) {
			u.Table++
		}
	}
	return u
}
