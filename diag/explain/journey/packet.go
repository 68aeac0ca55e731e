package journey

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

// Packet is the request or the reply on its way, or what carries it through a tunnel.
type Packet struct {
	Leg              flows.Leg
	Src, Dst         netip.Addr
	Kind             byte // its protocol; 0: that of a ping
	SrcPort, DstPort uint16
	Disguises        int // translations of its source: the kernel may have chosen another port, too
	Mark             uint32
	From             eval.MAC // of who sent its frame last; zero where that is not known
	OIF              int      // that it has to leave its origin by; 0: any
	TTL              int
	BeganBy          string         // the setting that gave it the TTL
	BeganOn          table.Route    // … or the route; its Type is empty where that did not
	Shortened        *cause.TTLSet  // by which rule; nil: it has what it began with
	Filtered         eval.Packet    // as the last hook of this space left it
	Length           int            // bytes, with the IP header
	DF               bool           // it must not be fragmented
	ECN              bool           // who asks has its TCP ask for explicit congestion notification
	Below            bool           // it does not pass the bridge's own device, only its ports
	Origin           *machine.Space // who made it; nil: it came from where nothing can be seen
	Encap            *Encap         // what it carries through a tunnel; nil: it is the request or the reply itself
}

// Encap is what the packet of a tunnel carries.
type Encap struct {
	Dev   table.Link   // the tunnel's
	Inner Packet       // as it went in
	Ends  []netip.Addr // to all of which it is sent, as those of a fabric.Crossing
}

// Sender is what frames by an Ethernet device have for their source. What a tunnel of IP
// packets has for an address is none.
func Sender(link table.Link) (from eval.MAC) {
	if link.Type == "ether" {
		copy(from[:], link.MAC)
	}
	return from
}

// IsRequest reports whether it is the request itself.
func (p Packet) IsRequest() bool { return p.Leg == flows.LegRequest && p.Encap == nil }

// IsReply reports whether it is the reply itself.
func (p Packet) IsReply() bool { return p.Leg == flows.LegReply && p.Encap == nil }

// LeavesLoopback reports whether a route leads a packet for its own sender, by an address of lo
// such as 127.0.0.1, out of another device.
func (p Packet) LeavesLoopback(route machine.RouteAnswer) bool {
	return route.Kind == machine.KindUnicast && p.Dst.IsLoopback() && route.DevName != "lo"
}

func (p Packet) String() string { return p.Flow().String() }

// Proto is the protocol of the packet, which routing rules can ask for.
func (p Packet) Proto() byte {
	if p.Encap != nil {
		return fabric.TunnelProto(p.Encap.Dev, p.Encap.Inner.Dst)
	}
	return cmp.Or(p.Kind, flows.OfPing(p.Dst))
}

// Flow are the addresses and ports that the packet has here.
func (p Packet) Flow() flows.Flow {
	if p.Encap != nil {
		return flows.Flow{Proto: p.Proto(), Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: cmp.Or(p.DstPort, fabric.TunnelPort(p.Encap.Dev))}
	}
	return flows.Flow{Proto: p.Proto(), Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort, Reply: p.Leg == flows.LegReply}
}

// SeenAs is the flow as frames are held against it: a port that the kernel may have
// chosen is 0.
func (p Packet) SeenAs() flows.Flow {
	f := p.Flow()
	switch {
	case p.Disguises == 0:
	case f.Reply:
		f.DstPort = 0
	default:
		f.SrcPort = 0
	}
	return f
}

// Disguise is 1 for a request whose source is translated at a hook, -1 for its
// reply where that is taken back, else 0.
func Disguise(p Packet, hook string) int {
	switch {
	case p.Leg == flows.LegRequest && (hook == "postrouting" || hook == "input"):
		return 1
	case p.Leg == flows.LegReply && p.Disguises > 0 && (hook == "prerouting" || hook == "output"):
		return -1
	}
	return 0
}

// Query is the question where the packet goes from here.
func (p Packet) Query() machine.RouteQuery {
	f := p.Flow()
	return machine.RouteQuery{Dst: f.Dst, Src: f.Src, OIF: p.OIF, Mark: p.Mark, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort}
}

// Back is the reply to the request as it arrived, in one piece.
// The kernel lets routers fragment what it answers to a ping.
func (j *Journey) Back(p Packet) Packet {
	return Packet{Leg: flows.LegReply, Src: p.Dst, Dst: p.Src, Kind: p.Kind, SrcPort: p.DstPort, DstPort: p.SrcPort, Disguises: p.Disguises, TTL: MaxHops, Length: j.Size, DF: j.Whole, ECN: p.ECN}
}

// By is a reply that goes back by the device which its request came in by, where its
// destination is of that link alone.
func (p Packet) By(n *machine.Space, dev string) Packet {
	if link, err := n.Link(dev); err == nil && scopes.OfLink(p.Dst) {
		p.OIF = link.Index
	}
	return p
}

// Enters begins the packet's way through a namespace, which a request may have passed before. A reply
// belongs to the connection that its request made there, unless a rule kept that from connection tracking.
func (j *Journey) Enters(n *machine.Space, p Packet) Packet {
	p = p.Unknown()
	request, ok := j.Last[n]
	if ok && p.IsReply() && request.CTState != eval.CTUntracked {
		p.Filtered = p.Filtered.Answering(request)
	} else if ok && p.IsRequest() && slices.ContainsFunc(j.Passed, func(o Passage) bool { return o.Space == n }) && n.Tracks() {
		p.Filtered = p.Filtered.After(request)
	}
	return p
}

// Unknown is the packet as one of no connection.
func (p Packet) Unknown() Packet {
	f := p.Flow()
	p.Filtered = eval.Packet{
		Src: f.Src, Dst: f.Dst, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort, Mark: p.Mark, ECN: p.ECN,
		CTState: eval.CTNew, Length: p.Length, TTL: p.TTL, ICMPType: f.ICMPType(), From: p.From,
	}
	if p.IsReply() && f.Proto != unix.IPPROTO_UDP {
		// To who has not seen its request, a reply makes no sense
		// (nf_conntrack_icmp, and tcp_new() of what begins with SYN and ACK).
		p.Filtered.CTState = eval.CTInvalid
	}
	return p
}
