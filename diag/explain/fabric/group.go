package fabric

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Flooded is what a VXLAN device sends to a group, where it has come.
type Flooded struct {
	Member Site       // of the group; its zero value: who else is on the wire
	End    netip.Addr // … whose packets come from there
	// There are the VXLAN devices of the same network and port on the wire that are in no such
	// group, and Edge is where it leaves what can be seen.
	There  []Device
	Edge   *Edge
	Faults []cause.Finding // what it meets
	Lost   say.Text        // why it cannot be followed; empty: it can
}

// Device is a device in words.
type Device = cause.Device

// Joins reports whether a device has joined the group that another one sends to, and whether it
// would but for the group.
func Joins(dev table.Link, sent *table.VXLAN, wire int) (joined, apart bool) {
	v := dev.VXLAN
	if v == nil || v.External || v.VNI != sent.VNI || v.DstPort != sent.DstPort {
		return false, false
	}
	joined = v.Remote == sent.Remote && v.Underlay == wire
	return joined, !joined
}

// overGroup follows a frame that a VXLAN device sends to all who have joined its group, as it
// does with what its forwarding database has no entry for.
func (x *Explorer) overGroup(n *machine.Space, link table.Link, v Way, out Crossing) {
	reached, found := x.Net.Flood(n, link, x.Leg), false
	none := device.GroupUnjoined{At: cause.At(n.Name), Link: link}
	for _, f := range reached {
		found = found || f.Member.Space != nil || f.Edge != nil || f.Lost.String() != ""
		none.There = append(none.There, f.There...)
	}
	for _, f := range reached {
		on := out
		on.Remote = f.End
		way := v.past(on)
		for _, met := range f.Faults {
			way = way.stoppedBy(n, link.Name, met)
		}
		switch {
		case f.Lost.String() != "":
			x.Unseen = append(x.Unseen, f.Lost)
		case f.Edge != nil:
			x.Edges = append(x.Edges, Edge{n, link, say.T("who is in the group %s of %s cannot be seen", "看不到 %[2]s 的组播组 %[1]s 里有谁", link.VXLAN.Remote, link.Name), way})
		case f.Member.Space != nil:
			if !f.Member.Dev.Up() {
				way = way.stoppedBy(f.Member.Space, f.Member.Dev.Name, Down(f.Member.Space, f.Member.Dev))
			}
			x.arrive(f.Member.Space, f.Member.Dev, way)
		}
	}
	if !found {
		x.Stations = append(x.Stations, Station{Way: v.past(out).stoppedBy(n, link.Name, none)})
	}
}

// OwnEnd is the address that a VXLAN device sends from: its local one, or the first of the
// device below it. It is invalid where that is in another namespace.
func OwnEnd(n *machine.Space, dev table.Link) netip.Addr {
	if dev.VXLAN.Local.IsValid() || dev.VXLAN.Underlay == 0 || dev.PeerNetnsID >= 0 {
		return dev.VXLAN.Local
	}
	addrs, _ := n.Addrs(dev.VXLAN.Underlay)
	for _, a := range addrs {
		if addr := a.Prefix.Addr(); addr.Is6() == dev.VXLAN.Remote.Is6() && a.Scope == "global" {
			return addr
		}
	}
	return netip.Addr{}
}
