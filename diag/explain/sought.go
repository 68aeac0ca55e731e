package explain

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/say"
)

// sought is the address that somebody beyond asks for before he can answer: the one that
// the request left with, or another one of the namespace by which he has a route to it.
// It is invalid for other frames.
func (w *observation) sought(f wire.Frame) netip.Addr {
	node, left := w.Beyond.Edge.Space, w.Beyond.Src()
	switch {
	case f.Out || f.Netns != node.NS.Name() || f.Src.IsUnspecified():
	case f.Op == wire.Solicitation && (f.Dst == left || f.Dst == solicited(left)):
		return left
	case f.Proto == "ARP" && f.Op == "request" && (f.Dst == left || node.Local(f.Dst) || w.asksFromAfar(f)):
		return f.Dst
	}
	return netip.Addr{}
}

// asksFromAfar reports whether a frame is from who was asked, at the other end of the wire: the
// router that he gives his answers to may be whom he asks for there.
func (w *observation) asksFromAfar(f wire.Frame) bool {
	asked := w.Beyond.NextHop()
	return f.Dev == w.Beyond.Dev() && f.Src == asked && asked == w.Beyond.Left("").Flow.Dst
}

// foundNobody reports whether an address was asked for again, as who has found somebody does not.
func foundNobody(strays []wire.Frame, f wire.Frame) bool {
	asked := 0
	for _, other := range strays {
		if other.Dev == f.Dev && other.Op == f.Op && other.Src == f.Src && other.Dst == f.Dst {
			asked++
		}
	}
	return asked > 1
}

// solicited is the group that whoever has an address of IPv6 is in (RFC 4291, 2.7.1).
func solicited(addr netip.Addr) netip.Addr {
	group, own := netip.MustParseAddr("ff02::1:ff00:0").As16(), addr.As16()
	copy(group[13:], own[13:])
	return netip.AddrFrom16(group)
}

// soughtInVain: nothing came back but the question for who the answer is to be given to,
// and nobody here says so.
func (w *observation) soughtInVain(a *Answer, seen *wires) {
	n := w.Beyond.Edge.Space
	for _, f := range seen.strays {
		addr := w.sought(f)
		link, err := n.Link(f.Dev)
		if err != nil || !addr.IsValid() || link.Port != nil { // the bridge passes it on, and has it itself where it is to answer
			continue
		}
		if addr != w.Beyond.Src() && !n.Local(addr) && !foundNobody(seen.strays, f) {
			continue
		}
		finding := refused(n, link, addr, f.Src)
		if finding == nil {
			continue
		}
		a.Verdict, a.Beyond = Undecided, ""
		a.Cause = inWords(journey.Find(flows.LegReply, finding))
		a.Cause.Evidence = slices.Insert(a.Cause.Evidence, 0, say.T("seen: %s asks for %s on the wire of %s", "看到：%[1]s 在 %[3]s 的链路上查询 %[2]s", f.Src, addr, f.Dev))
		a.confirm()
		return
	}
}

// refused is why a namespace does not answer who asks for an address by a device; nil where
// it does, or for another reason.
func refused(n *machine.Space, link table.Link, addr, sender netip.Addr) cause.Finding {
	at, answer := cause.At(n.Name), n.Answers(link, addr, sender)
	switch answer.Why {
	case machine.ARPProxyOff, machine.NDPNoEntry:
		return cause.Unproxied{At: at, Dev: link.Name, Addr: addr, Sender: sender, Proof: answer.Evidence}
	case machine.ARPRPFilter:
		if _, near := machine.PrefixOver(n, link, sender); !near { // it asks with the address that the answer is from
			return cause.OtherWayBack{At: at, Src: sender, Dev: link.Name, Lookup: answer.Evidence, Loose: true}
		}
		return fabric.AskerElsewhere(n, link, sender, cause.NextHop{Asker: n.Name, Dev: link.Name, Addr: addr}, answer)
	}
	return nil
}
