package fabric

import (
	"bytes"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

var Everybody = net.HardwareAddr{0, 0, 0, 0, 0, 0} // the entry of an FDB for what has none

// overVXLAN follows a frame into a tunnel, and to the device of the same
// network that it comes out of.
func (x *Explorer) overVXLAN(n *machine.Space, link table.Link, v Way, out Crossing) {
	if link.VXLAN.External { // vxlan_xmit() asks no table then
		x.Unseen = append(x.Unseen, say.T("%s sends where routes or programs tell it to (external), which is not followed", "%s 发往哪里由路由或程序决定（external），未跟踪下去", link.Name))
		return
	}
	remotes, err := x.remotes(n, link)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	if len(remotes) == 0 {
		x.Voids = append(x.Voids, Site{n, link})
	}
	for _, remote := range remotes {
		if remote.IsMulticast() {
			x.overGroup(n, link, v, out)
			continue
		}
		out.Remote = remote
		x.outOfVXLAN(n, link, v.past(out), remote)
	}
}

// outOfVXLAN sends a trial packet through the tunnel.
func (x *Explorer) outOfVXLAN(n *machine.Space, link table.Link, v Way, remote netip.Addr) {
	trial := x.Net.Carry(n, link, x.Leg, remote)
	if trial.Edge != nil {
		for _, f := range trial.Faults {
			v = v.stoppedBy(nil, link.Name, f)
		}
		x.Edges = append(x.Edges, Edge{trial.Edge.Space, trial.Edge.Dev, trial.Edge.Why, v})
		return
	}
	if trial.Lost {
		x.Unseen = append(x.Unseen, trial.Last)
		return
	}
	for _, f := range trial.Faults {
		v = v.stoppedBy(nil, link.Name, f)
	}
	if trial.Landed == nil {
		x.Stations = append(x.Stations, Station{Way: v})
		return
	}
	dev, ok, err := trial.Landed.VXLANDevice(link.VXLAN)
	switch {
	case err != nil:
		x.Unseen = append(x.Unseen, say.Quote(err))
	case ok && !dev.Up():
		v = v.stoppedBy(trial.Landed, dev.Name, Down(trial.Landed, dev))
		x.arrive(trial.Landed, dev, v)
	case ok && trial.Landed == n && dev.Index == link.Index:
		// The tunnel leads back to where it begins: the frame does not leave the
		// namespace, and nobody looks at its MAC address (vxlan_encap_bypass()).
		x.Stations = append(x.Stations, Station{Space: n, Dev: dev, Any: true, Way: v})
	case ok:
		x.arrive(trial.Landed, dev, v)
	default:
		v = v.stoppedBy(trial.Landed, "", noVXLAN(n, link, trial.Landed))
		x.Stations = append(x.Stations, Station{Way: v})
	}
}

// noVXLAN is the fault of a tunnel whose other end nobody opens.
func noVXLAN(n *machine.Space, link table.Link, landed *machine.Space) cause.Finding {
	f := device.TunnelUnopened{At: cause.At(n.Name), Link: link, Landed: landed.Name}
	devices, _ := landed.Devices()
	for _, d := range devices {
		if d.Link.VXLAN != nil {
			f.There = append(f.There, d.Link)
		}
	}
	return f
}

// remotes are where a VXLAN device sends a frame: to what its forwarding
// database has for the address, else to what it has for everybody
// (vxlan_xmit()).
func (x *Explorer) remotes(n *machine.Space, link table.Link) ([]netip.Addr, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	entries, err := one.VXLANFDB(link.Index)
	if err != nil {
		return nil, err
	}
	find := func(mac net.HardwareAddr) (found []netip.Addr) {
		for _, e := range entries {
			if bytes.Equal(e.MAC, mac) && e.Dst.IsValid() {
				found = append(found, e.Dst)
			}
		}
		return found
	}
	if x.MAC != nil {
		if dst, ok := x.Net.SnoopedAt(n, link.Index, x.MAC); ok {
			return []netip.Addr{dst}, nil
		}
		if found := find(x.MAC); len(found) > 0 {
			return found[:1], nil
		}
	}
	return find(Everybody), nil
}

// CarriedToAll is what carries a question of all on a device's wire, as a person calls it, and
// where to: the other ends of a tunnel of Ethernet; "" where the wire has no ends.
func CarriedToAll(n *machine.Space, dev table.Link) (carrier string, ends []netip.Addr) {
	if t := dev.Tunnel; t != nil && dev.Type == "ether" && t.Remote.IsValid() {
		return TunnelName(dev), []netip.Addr{t.Remote}
	}
	if dev.VXLAN == nil {
		return "", nil
	}
	for _, e := range machine.FDBOf(n, dev, func(e table.FDBEntry) bool { return bytes.Equal(e.MAC, Everybody) && e.Dst.IsValid() }) {
		ends = append(ends, e.Dst)
	}
	if remote := dev.VXLAN.Remote; remote.IsValid() && !slices.Contains(ends, remote) {
		ends = append(ends, remote)
	}
	return TunnelName(dev), ends
}
