package judge

import (
	"net/netip"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
)

// raised is the detour by a device that is down in a space that the request passed: with it
// went the narrower route by a router, whom a file of the machine names, or who is to be seen
// on its wire. n is where the request is lost, nil where that is out of sight: if it leads to
// the destination itself, nothing but a file says that another was meant to be asked.
func (j *Judge) raised(n *machine.Space, passed journey.Passage) *Detour {
	dst, now := passed.Packet.Dst, passed.Route.Entry
	devices, err := passed.Space.DevicesFor(dst)
	if err != nil || now.Type == "" || now.Table != machine.MainTable || passed.Space == n {
		return nil
	}
	for _, d := range devices {
		if d.Link.Up() || d.Link.Master != "" || len(d.Addrs) == 0 || holds(d) {
			continue
		}
		f := cause.RouteDown{At: at(passed.Space), Link: d.Link, Way: remedy.Turn{Way: remedy.Way{Netns: passed.Space.Name, Dst: dst}}}
		way := fabric.WayOut{Dev: d.Link}
		if g, named := fabric.Configured(d, dst); named && g.Net.Bits() > machine.PrefixBits(now.Dst) {
			way.Via, f.Filed = g.Addr, []string{g.File + ": " + g.Line}
			f.Way.Way = way.To(passed.Space, dst)
			f.Way.Way.Net = g.Net
		} else if via, seen := j.leading(passed.Space, d, dst); seen && now.Default() && (n == nil || !(fabric.Station{Space: n}).LeadsTo(dst)) {
			way.Via = via
			if !absent.Announced(passed.Space) { // which would bring it back by itself
				f.Way.Way = way.To(passed.Space, dst)
			}
		} else {
			continue
		}
		return &Detour{Passage: passed, Way: way, Finding: f}
	}
	return nil
}

// leading is who on a device's wire is to be seen to lead to an address.
func (j *Judge) leading(n *machine.Space, d machine.Device, dst netip.Addr) (via netip.Addr, seen bool) {
	for _, s := range j.Explore(n, d.Link, flows.LegRequest, nil).Stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		if via, seen = s.LeadsOn(d, dst); seen {
			return via, true
		}
	}
	return via, false
}
