package trace

import (
	"net/netip"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// maxNesting bounds tunnels inside tunnels.
const maxNesting = 4

// envelope is the packet that carries inner through a tunnel.
func envelope(link table.Link, inner packet, remote netip.Addr) packet {
	p := packet{leg: inner.leg, dst: remote, ttl: maxHops, encap: &encap{link, inner}, length: inner.length + fabric.TunnelOverhead(link)}
	if link.VXLAN != nil {
		p.src = link.VXLAN.Local
	} else {
		p.src, p.df = link.Tunnel.Local, link.Tunnel.PMTUDisc && inner.length > 0
	}
	return p
}

// trial follows the packet that would carry something through a tunnel without
// noting it in the story.
func (w *walk) trial(n *machine.Space, link table.Link, leg flows.Leg, remote netip.Addr) *walk {
	t := w.aside(n, remote)
	if t.depth > maxNesting {
		t.giveUp(n, packet{leg: leg}, hop.StageSend, link.Name, wTunnelled.Of())
		return t
	}
	t.carry(n, link, envelope(link, packet{leg: leg}, remote))
	return t
}

// aside is a walk of its own.
func (w *walk) aside(n *machine.Space, dest netip.Addr) *walk {
	return &walk{world: w.world, from: n, dest: dest, last: map[*machine.Space]eval.Packet{}, kept: map[*machine.Space]eval.Place{}, been: map[visit]bool{}, lessons: w.lessons.Copy(), depth: w.depth + 1}
}

// carry sends the carrying packet from the namespace that its device was made
// in, which is not the device's own if it was moved. It is delivered when
// w.landed is set.
func (w *walk) carry(n *machine.Space, link table.Link, p packet) {
	w.landed = nil
	n, ok := w.below(n, link)
	if !ok {
		return
	}
	p.origin = n
	w.originate(n, p)
}

// below is the namespace that a tunnel's device was made in.
func (w *walk) below(n *machine.Space, link table.Link) (*machine.Space, bool) {
	if link.PeerNetnsID < 0 || link.PeerIndex == 0 {
		return n, true
	}
	below, err := w.world.Peer(n, link.PeerNetnsID)
	if err != nil {
		w.giveUp(n, packet{leg: flows.LegRequest, encap: &encap{dev: link}}, hop.StageSend, link.Name, wBelow.Of(link.Name, err))
	}
	return below, err == nil
}
