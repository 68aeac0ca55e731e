package judge

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Enslaved is the finding of a next hop that the port of a bridge asks for, and the bridge,
// which gets the answer.
func (a *Search) Enslaved() (cause.Finding, table.Link, bool) {
	if a.Link.Port == nil || a.Link.Has("NOARP") || Resolved(a.Entry) {
		return nil, table.Link{}, false
	}
	bridge, err := a.Space.Link(a.Link.Master)
	if err != nil || bridge.Bridge == nil {
		return nil, table.Link{}, false
	}
	f := device.Enslaved{NextHop: a.Hop(), Port: a.Link, Bridge: bridge}
	addrs, err := a.Space.Addrs(a.Link.Index)
	if err != nil {
		return nil, table.Link{}, false
	}
	for _, own := range addrs {
		if own.Prefix.Addr().Is6() == a.NextHop.Is6() && !own.Prefix.Addr().IsLinkLocalUnicast() {
			f.Own = append(f.Own, own.Prefix)
		}
	}
	snap, err := a.Space.Snapshot(table.Links | table.Routes)
	if err != nil {
		return nil, table.Link{}, false
	}
	for _, r := range snap.Routes {
		if r.Dev == a.Link.Name && r.Type == "unicast" && r.Proto != "kernel" && r.Table != machine.LocalTable && r.Via.Is6() == a.NextHop.Is6() {
			f.Routes = append(f.Routes, r)
		}
	}
	return f, bridge, true
}
