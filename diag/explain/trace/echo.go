package trace

import (
	"cmp"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// The protocols of a packet.
const (
	protoICMP   = unix.IPPROTO_ICMP
	protoICMPv6 = unix.IPPROTO_ICMPV6
	protoUDP    = unix.IPPROTO_UDP
)

// echo is the packet on its way.
type echo struct {
	leg          string
	src, dst     netip.Addr
	kind         byte // its protocol; 0: that of a ping
	sport, dport uint16
	disguises    int // translations of its source: the kernel may have chosen another port, too
	mark         uint32
	ttl          int
	packet       eval.Packet    // as the last hook of this namespace left it
	length       int            // bytes, with the IP header
	df           bool           // it must not be fragmented
	below        bool           // it does not pass the bridge's own device, only its ports
	origin       *machine.Space // who made it
	outer        *table.VXLAN   // it carries the echo through this tunnel
	inner        *echo          // … as it went in
}

func (e echo) String() string { return e.flow().String() }

// proto is the protocol of the packet, which routing rules can ask for.
func (e echo) proto() byte {
	if e.outer != nil {
		return protoUDP
	}
	return cmp.Or(e.kind, pingProto(e.dst))
}

// pingProto is the protocol of a ping to an address.
func pingProto(dst netip.Addr) byte {
	if dst.Is6() {
		return protoICMPv6
	}
	return protoICMP
}

// flow are the addresses and ports that the packet has here.
func (e echo) flow() flows.Flow {
	if e.outer != nil {
		return flows.Flow{Proto: protoUDP, Src: e.src, Dst: e.dst, DstPort: uint16(e.outer.DstPort)}
	}
	return flows.Flow{Proto: e.proto(), Src: e.src, Dst: e.dst, SrcPort: e.sport, DstPort: e.dport, Reply: e.leg == LegReply}
}

// seenAs is the flow as frames are held against it: a port that the kernel may have
// chosen is 0.
func (e echo) seenAs() flows.Flow {
	f := e.flow()
	switch {
	case e.disguises == 0:
	case f.Reply:
		f.DstPort = 0
	default:
		f.SrcPort = 0
	}
	return f
}

// disguise is 1 for a request whose source is translated at a hook, -1 for its
// reply where that is taken back, else 0.
func disguise(e echo, hook string) int {
	switch {
	case e.leg == LegRequest && (hook == "postrouting" || hook == "input"):
		return 1
	case e.leg == LegReply && e.disguises > 0 && (hook == "prerouting" || hook == "output"):
		return -1
	}
	return 0
}

// query is the question where the packet goes from here.
func (e echo) query() machine.RouteQuery {
	f := e.flow()
	return machine.RouteQuery{Dst: f.Dst, Src: f.Src, Mark: e.mark, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort}
}

// back is the reply to the echo as it arrived, in one piece.
// The kernel lets routers fragment what it answers.
func (w *walk) back(e echo) echo {
	return echo{leg: LegReply, src: e.dst, dst: e.src, kind: e.kind, sport: e.dport, dport: e.sport, disguises: e.disguises, ttl: maxHops, length: w.size}
}

// enters begins the packet's way through a namespace, as its packet filter will
// see it. A reply belongs to the connection that its request made there.
func (w *walk) enters(n *machine.Space, e echo) echo {
	f := e.flow()
	p := eval.Packet{
		Src: f.Src, Dst: f.Dst, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort, Mark: e.mark,
		CTState: eval.CTNew, Length: e.length, TTL: e.ttl,
	}
	p.ICMPType = f.ICMPType()
	if e.leg == LegReply && e.outer == nil {
		if f.Proto != protoUDP {
			// To who has not seen its request, a reply makes no sense
			// (nf_conntrack_icmp, and tcp_new() of what begins with SYN and ACK).
			p.CTState = eval.CTInvalid
		}
		if request, ok := w.last[n]; ok {
			p = p.Answering(request)
		}
	}
	e.packet = p
	return e
}
