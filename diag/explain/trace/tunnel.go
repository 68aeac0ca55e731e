package trace

import (
	"bytes"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// vxlanOverhead is what a VXLAN puts around an IP packet: the inner Ethernet
// header, its own, UDP's and IPv4's, in bytes.
const vxlanOverhead = 14 + 8 + 8 + 20

// maxNesting bounds tunnels inside tunnels.
const maxNesting = 4

var everybody = net.HardwareAddr{0, 0, 0, 0, 0, 0} // the entry of an FDB for what has none

// overVXLAN follows a frame into a tunnel, and to the device of the same
// network that it comes out of.
func (x *explorer) overVXLAN(n *machine.Space, link table.Link, v way, out crossing) {
	remotes, err := x.remotes(n, link)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	if len(remotes) == 0 {
		x.voids = append(x.voids, site{n, link})
	}
	for _, remote := range remotes {
		if remote.IsMulticast() {
			x.unseen = append(x.unseen, say.T("%s sends to the group %s, which is not followed", "%s 发往组播组 %s，未跟踪下去", link.Name, remote))
			continue
		}
		out.remote = remote
		x.outOfVXLAN(n, link, v.past(out), remote)
	}
}

// outOfVXLAN sends a trial packet through the tunnel.
func (x *explorer) outOfVXLAN(n *machine.Space, link table.Link, v way, remote netip.Addr) {
	trial := x.w.trial(n, link, x.leg, remote)
	if trial.outside != nil {
		x.edges = append(x.edges, edge{trial.outside.node, trial.outside.dev, trial.outside.why, v})
		return
	}
	if trial.lost || trial.landed == nil && len(trial.faults) == 0 {
		why := say.T("the way of its packet", "它的封装包怎么走")
		if len(trial.hops) > 0 {
			why = trial.hops[len(trial.hops)-1].Detail
		}
		x.unseen = append(x.unseen, why)
		return
	}
	for _, f := range trial.faults {
		v = v.stoppedBy(nil, link.Name, f.Finding)
	}
	if trial.landed == nil {
		x.stations = append(x.stations, station{way: v})
		return
	}
	dev, ok, err := trial.landed.VXLANDevice(link.VXLAN)
	switch {
	case err != nil:
		x.unseen = append(x.unseen, quote(err))
	case ok && !dev.Up():
		v = v.stoppedBy(trial.landed, dev.Name, down(trial.landed, dev))
		x.arrive(trial.landed, dev, v)
	case ok && trial.landed == n && dev.Index == link.Index:
		// The tunnel leads back to where it begins: the frame does not leave the
		// namespace, and nobody looks at its MAC address (vxlan_encap_bypass()).
		x.stations = append(x.stations, station{node: n, dev: dev, any: true, way: v})
	case ok:
		x.arrive(trial.landed, dev, v)
	default:
		v = v.stoppedBy(trial.landed, "", noVXLAN(n, link, trial.landed))
		x.stations = append(x.stations, station{way: v})
	}
}

// noVXLAN is the fault of a tunnel whose other end nobody opens.
func noVXLAN(n *machine.Space, link table.Link, landed *machine.Space) cause.Finding {
	f := cause.TunnelUnopened{At: at(n), Link: link, Landed: landed.Name}
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
func (x *explorer) remotes(n *machine.Space, link table.Link) ([]netip.Addr, error) {
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
	if x.mac != nil {
		if dst, ok := x.w.snooped(n, link.Index, x.mac); ok {
			return []netip.Addr{dst}, nil
		}
		if found := find(x.mac); len(found) > 0 {
			return found[:1], nil
		}
	}
	return find(everybody), nil
}

// envelope is the packet that carries inner through a tunnel.
func envelope(link table.Link, inner echo, remote netip.Addr) echo {
	return echo{leg: inner.leg, src: link.VXLAN.Local, dst: remote, ttl: maxHops, outer: link.VXLAN, inner: &inner, length: inner.length + vxlanOverhead}
}

// trial follows the packet that would carry something through a tunnel without
// noting it in the story.
func (w *walk) trial(n *machine.Space, link table.Link, leg string, remote netip.Addr) *walk {
	t := w.aside(n, remote)
	if t.depth > maxNesting {
		t.giveUp(n, echo{leg: leg}, StageSend, link.Name, say.T("tunnels in tunnels are not followed any further", "隧道里还有隧道，未再跟踪"))
		return t
	}
	t.carry(n, link, envelope(link, echo{leg: leg}, remote))
	return t
}

// aside is a walk of its own.
func (w *walk) aside(n *machine.Space, dest netip.Addr) *walk {
	return &walk{world: w.world, from: n, dest: dest, last: map[*machine.Space]eval.Packet{}, been: map[visit]bool{}, taught: w.taught, heard: w.heard, depth: w.depth + 1}
}

// carry sends the carrying packet from the namespace that its device was made
// in, which is not the device's own if it was moved. It is delivered when
// w.landed is set.
func (w *walk) carry(n *machine.Space, link table.Link, e echo) {
	w.landed = nil
	n, ok := w.below(n, link)
	if !ok {
		return
	}
	e.origin = n
	w.originate(n, e)
}

// below is the namespace that a tunnel's device was made in.
func (w *walk) below(n *machine.Space, link table.Link) (*machine.Space, bool) {
	if link.PeerNetnsID < 0 || link.PeerIndex == 0 {
		return n, true
	}
	below, err := w.world.Peer(n, link.PeerNetnsID)
	if err != nil {
		w.giveUp(n, echo{leg: LegRequest, outer: link.VXLAN}, StageSend, link.Name, say.T("what is below %s: %s", "%s 的底层：%s", link.Name, err))
	}
	return below, err == nil
}

const protoUDP = unix.IPPROTO_UDP
