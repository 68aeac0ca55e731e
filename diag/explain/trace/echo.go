package trace

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// echo is the packet on its way.
type echo struct {
	leg      string
	src, dst netip.Addr
	mark     uint32
	ttl      int
	packet   eval.Packet    // as the last hook of this namespace left it
	length   int            // bytes, with the IP header
	df       bool           // it must not be fragmented
	origin   *machine.Space // who made it
	outer    *table.VXLAN   // it carries the echo through this tunnel
	inner    *echo          // … as it went in
}

func (e echo) String() string { return fmt.Sprintf("%s > %s", e.src, e.dst) }

// icmpType is what iptables and nft both call this kind of packet.
func (e echo) icmpType() string {
	if e.leg == LegReply {
		return "echo-reply"
	}
	return "echo-request"
}

// back is the reply to the echo as it arrived, in one piece.
// The kernel lets routers fragment what it answers.
func (w *walk) back(e echo) echo {
	return echo{leg: LegReply, src: e.dst, dst: e.src, ttl: maxHops, length: w.size}
}

// enters begins the packet's way through a namespace, as its packet filter will
// see it. A reply belongs to the connection that its request made there.
func (w *walk) enters(n *machine.Space, e echo) echo {
	p := eval.Packet{
		Src: e.src, Dst: e.dst, Proto: unix.IPPROTO_ICMP, ICMPType: 8, Mark: e.mark,
		CTState: eval.CTNew, Length: e.length, TTL: e.ttl,
	}
	if e.outer != nil {
		p.Proto, p.ICMPType, p.DstPort = protoUDP, 0, uint16(e.outer.DstPort)
		e.packet = p
		return e
	}
	if e.leg == LegReply {
		p.ICMPType = 0
		// To who has not seen its request, a reply makes no sense (nf_conntrack_icmp).
		p.CTState = eval.CTInvalid
		if request, ok := w.last[n]; ok {
			p = p.Answering(request)
		}
	}
	e.packet = p
	return e
}
