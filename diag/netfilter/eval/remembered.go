package eval

import "net/netip"

// Connection is what the kernel remembers of a connection that a packet goes on
// with.
type Connection struct {
	From, To netip.AddrPort // where its packets come from, and go to, once they are translated
	Answered bool           // packets were seen in both directions
	Mark     uint32
}

// Remembered returns p as one more packet of a connection. No rule of nat is asked
// about it: its addresses become what they became for those before it
// (nf_nat_inet_fn()). It is established once there was an answer.
func (p Packet) Remembered(c Connection) Packet {
	if c.Answered {
		p.CTState = CTEstablished
	}
	source, original := netip.AddrPortFrom(p.Src, p.SrcPort), netip.AddrPortFrom(p.Dst, p.DstPort)
	p.conn = conn{
		begun: true, goesOn: true, mark: c.Mark, source: source, original: original, from: c.From, to: c.To,
		dstDone: true, srcDone: true, dnat: c.To != original, snat: c.From != source,
	}
	return p
}

// After returns p, a request that comes to its namespace once more, after it left that as
// first: it is one more packet of the same connection, or the first of another one.
func (p Packet) After(first Packet) Packet {
	if p.Proto != first.Proto || first.conn.source != netip.AddrPortFrom(p.Src, p.SrcPort) || first.conn.original != netip.AddrPortFrom(p.Dst, p.DstPort) {
		p.conn.before = &first
		return p
	}
	p = p.Remembered(Connection{From: netip.AddrPortFrom(first.Src, first.SrcPort), To: netip.AddrPortFrom(first.Dst, first.DstPort), Mark: first.conn.mark})
	p.conn.markUnknown, p.conn.zone, p.conn.again = first.conn.markUnknown, first.conn.zone, true
	return p
}

// PassedBefore says whether no rule of nat was asked about the packet for its having passed before.
func (p Packet) PassedBefore() bool { return p.conn.again }

// answers says whether p is the answer to a request, as that left its namespace.
func (p Packet) answers(request Packet) bool {
	return p.Proto == request.Proto && p.Src == request.Dst && p.Dst == request.Src && p.SrcPort == request.DstPort && p.DstPort == request.SrcPort
}

// Forgotten returns p, where no rule has given it a source, as the first packet of its
// connection: the rules that would are asked about it.
func (p Packet) Forgotten() Packet {
	p.CTState, p.conn.goesOn, p.conn.srcDone = CTNew, false, false
	return p
}

const remembered = "conntrack"

// goOn gives a packet the address that those before it got on this side.
func (e *evaluator) goOn(s *state) {
	p := &s.packet
	addr, port, want := &p.Dst, &p.DstPort, p.conn.to
	if e.changesSource() {
		addr, port, want = &p.Src, &p.SrcPort, p.conn.from
	}
	now := netip.AddrPortFrom(*addr, *port)
	if !p.conn.goesOn || now == want {
		return
	}
	s.nat = Translation{Kind: remembered, Old: now.Addr(), New: want.Addr(), OldPort: now.Port(), NewPort: want.Port()}
	*addr, *port = want.Addr(), want.Port()
}

// Balanced returns p, a request, as a virtual service sends it on (ip_vs_in_hook()): to a
// server, before rules of nat have had their say about its source. They have none where the
// kernel does not keep it tracked (ip_vs_notrack()).
func (p Packet) Balanced(to netip.AddrPort, tracked bool) Packet {
	p.Dst, p.DstPort, p.conn.srcDone = to.Addr(), to.Port(), false
	if !tracked {
		p.CTState = CTUntracked
	}
	return p
}
