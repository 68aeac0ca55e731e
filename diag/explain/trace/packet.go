package trace

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// The protocols of a packet.
const (
	protoICMP   = unix.IPPROTO_ICMP
	protoICMPv6 = unix.IPPROTO_ICMPV6
	protoUDP    = unix.IPPROTO_UDP
)

// packet is the request or the reply on its way, or what carries it through a tunnel.
type packet struct {
	leg          flows.Leg
	src, dst     netip.Addr
	kind         byte // its protocol; 0: that of a ping
	sport, dport uint16
	disguises    int // translations of its source: the kernel may have chosen another port, too
	mark         uint32
	oif          int // that it has to leave its origin by; 0: any
	ttl          int
	shortened    *cause.TTLSet  // by which rule; nil: it has what it began with
	filtered     eval.Packet    // as the last hook of this namespace left it
	length       int            // bytes, with the IP header
	df           bool           // it must not be fragmented
	below        bool           // it does not pass the bridge's own device, only its ports
	origin       *machine.Space // who made it
	encap        *encap         // what it carries through a tunnel; nil: it is the request or the reply itself
}

// encap is what the packet of a tunnel carries.
type encap struct {
	dev   table.Link // the tunnel's
	inner packet     // as it went in
}

// isRequest reports whether it is the request itself.
func (p packet) isRequest() bool { return p.leg == flows.LegRequest && p.encap == nil }

// isReply reports whether it is the reply itself.
func (p packet) isReply() bool { return p.leg == flows.LegReply && p.encap == nil }

func (p packet) String() string { return p.flow().String() }

// proto is the protocol of the packet, which routing rules can ask for.
func (p packet) proto() byte {
	if p.encap != nil {
		return fabric.TunnelProto(p.encap.dev)
	}
	return cmp.Or(p.kind, flows.OfPing(p.dst))
}

// flow are the addresses and ports that the packet has here.
func (p packet) flow() flows.Flow {
	if p.encap != nil {
		return flows.Flow{Proto: p.proto(), Src: p.src, Dst: p.dst, DstPort: fabric.TunnelPort(p.encap.dev)}
	}
	return flows.Flow{Proto: p.proto(), Src: p.src, Dst: p.dst, SrcPort: p.sport, DstPort: p.dport, Reply: p.leg == flows.LegReply}
}

// seenAs is the flow as frames are held against it: a port that the kernel may have
// chosen is 0.
func (p packet) seenAs() flows.Flow {
	f := p.flow()
	switch {
	case p.disguises == 0:
	case f.Reply:
		f.DstPort = 0
	default:
		f.SrcPort = 0
	}
	return f
}

// disguise is 1 for a request whose source is translated at a hook, -1 for its
// reply where that is taken back, else 0.
func disguise(p packet, hook string) int {
	switch {
	case p.leg == flows.LegRequest && (hook == "postrouting" || hook == "input"):
		return 1
	case p.leg == flows.LegReply && p.disguises > 0 && (hook == "prerouting" || hook == "output"):
		return -1
	}
	return 0
}

// query is the question where the packet goes from here.
func (p packet) query() machine.RouteQuery {
	f := p.flow()
	return machine.RouteQuery{Dst: f.Dst, Src: f.Src, OIF: p.oif, Mark: p.mark, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort}
}

// back is the reply to the request as it arrived, in one piece.
// The kernel lets routers fragment what it answers to a ping.
func (w *walk) back(p packet) packet {
	return packet{leg: flows.LegReply, src: p.dst, dst: p.src, kind: p.kind, sport: p.dport, dport: p.sport, disguises: p.disguises, ttl: maxHops, length: w.size, df: w.whole}
}

// by is a reply that goes back by the device which its request came in by, where its
// destination is of that link alone.
func (p packet) by(n *machine.Space, dev string) packet {
	if link, err := n.Link(dev); err == nil && scopes.OfLink(p.dst) {
		p.oif = link.Index
	}
	return p
}

// enters begins the packet's way through a namespace, which a request may have passed before. A reply
// belongs to the connection that its request made there, unless a rule kept that from connection tracking.
func (w *walk) enters(n *machine.Space, p packet) packet {
	p = p.unknown()
	request, ok := w.last[n]
	if ok && p.isReply() && request.CTState != eval.CTUntracked {
		p.filtered = p.filtered.Answering(request)
	} else if ok && p.isRequest() && slices.ContainsFunc(w.passed, func(o passage) bool { return o.node == n }) && n.Tracks() {
		p.filtered = p.filtered.After(request)
	}
	return p
}

// unknown is the packet as one of no connection.
func (p packet) unknown() packet {
	f := p.flow()
	p.filtered = eval.Packet{
		Src: f.Src, Dst: f.Dst, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort, Mark: p.mark,
		CTState: eval.CTNew, Length: p.length, TTL: p.ttl, ICMPType: f.ICMPType(),
	}
	if p.isReply() && f.Proto != protoUDP {
		// To who has not seen its request, a reply makes no sense
		// (nf_conntrack_icmp, and tcp_new() of what begins with SYN and ACK).
		p.filtered.CTState = eval.CTInvalid
	}
	return p
}
