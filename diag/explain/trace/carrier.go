package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// maxNesting bounds tunnels inside tunnels.
const maxNesting = 4

// envelope is the packet that carries inner through a tunnel.
func envelope(link table.Link, inner journey.Packet, remote netip.Addr) journey.Packet {
	p := journey.Packet{Leg: inner.Leg, Dst: remote, TTL: journey.MaxHops, Encap: &journey.Encap{Dev: link, Inner: inner}, Length: inner.Length + fabric.TunnelOverhead(link)}
	if link.VXLAN != nil {
		p.Src = link.VXLAN.Local
	} else {
		p.Src, p.DF = link.Tunnel.Local, link.Tunnel.PMTUDisc && inner.Length > 0
	}
	return p
}

// enveloped is the packet that carries inner past a tunnel's device.
func enveloped(c fabric.Crossing, inner journey.Packet) journey.Packet {
	p := envelope(c.Dev, inner, c.Remote)
	p.Encap.Ends = c.Ends
	return p
}

// trial follows the packet that would carry something through a tunnel without
// noting it in the story.
func (w *walk) trial(n *machine.Space, link table.Link, leg flows.Leg, remote netip.Addr) *walk {
	t := w.aside(n, remote)
	if t.depth > maxNesting {
		t.giveUp(n, journey.Packet{Leg: leg}, hop.StageSend, link.Name, wTunnelled.Of())
		return t
	}
	t.carry(n, link, envelope(link, journey.Packet{Leg: leg}, remote))
	return t
}

// aside is a walk of its own.
func (w *walk) aside(n *machine.Space, dest netip.Addr) *walk {
	t := begin(journey.Begin(w.World, n, dest))
	t.Lessons, t.depth = w.Lessons.Copy(), w.depth+1
	return t
}

// instead has a packet leave a passage by another route, in a walk of its own.
func (w *walk) instead(from journey.Passage, route machine.RouteAnswer) ([]journey.Found, bool) {
	t := w.aside(from.Space, w.Dest)
	if t.depth > maxNesting {
		return nil, false
	}
	t.leave(from.Space, from.Packet, from.IIF, route)
	return t.Faults, true
}

// carry sends the carrying packet from the namespace that its device was made
// in, which is not the device's own if it was moved. It is delivered when
// w.landed is set.
func (w *walk) carry(n *machine.Space, link table.Link, p journey.Packet) {
	w.landed = nil
	at := n
	n, ok := w.below(n, link)
	if !ok {
		return
	}
	if f, circular := w.IntoItself(n, link, netip.AddrPortFrom(p.Dst, 0), p); circular && n == at {
		w.fault(n, p, hop.StageSend, link.Name, f)
		return
	}
	p.Origin = n
	w.originate(n, p)
}

// below is the namespace that a tunnel's device was made in.
func (w *walk) below(n *machine.Space, link table.Link) (*machine.Space, bool) {
	if link.PeerNetnsID < 0 || link.PeerIndex == 0 {
		return n, true
	}
	below, err := w.World.Peer(n, link.PeerNetnsID)
	if err != nil {
		w.giveUp(n, journey.Packet{Leg: flows.LegRequest, Encap: &journey.Encap{Dev: link}}, hop.StageSend, link.Name, wBelow.Of(link.Name, err))
	}
	return below, err == nil
}

// opensMarked notes a VXLAN device that drops what has a mark with it, where it has come.
func (w *walk) opensMarked(p journey.Packet, c fabric.Crossing) {
	if w.landed == nil || c.Dev.VXLAN == nil || !c.Dev.VXLAN.GBP || p.Mark == 0 {
		return
	}
	far, ok, err := w.landed.VXLANDevice(c.Dev.VXLAN)
	if err == nil && ok && !far.VXLAN.GBP { // vxlan_rcv() knows no such flag then
		w.fault(w.landed, p, hop.StageReceive, far.Name, device.MarkUnknown{At: at(w.landed), Link: far, Sender: cause.Device{Netns: c.Space.Name, Link: c.Dev}, Mark: p.Mark})
	}
}
