package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// filtered is the finding of a packet that a rule stops.
func (w *walk) filtered(n *machine.Space, e echo, hook string, r eval.Result) cause.Finding {
	// The chain saw the packet as it was there, which may be after translation.
	if p := r.Packet; p.Src.IsValid() && p.Dst.IsValid() {
		e.src, e.dst, e.sport, e.dport = p.Src, p.Dst, p.SrcPort, p.DstPort
	}
	f := cause.Stopped{At: at(n), Flow: e.flow(), Hook: hook, Result: r,
		Answer: e.leg == LegReply && e.outer == nil && r.Packet.CTState == eval.CTEstablished}
	if r.MeantApart() && len(w.began) > 0 && e.leg == LegRequest && e.outer == nil {
		f.Other = otherDefault(w.began[0])
		f.Join = w.world.Join(w.from, w.dest)
	}
	if (r.Decided == nil || len(r.Decided.Matches) == 0) && hook == "forward" && e.leg == LegRequest && e.outer == nil {
		// Nobody has thought of this sender: it is as with all of its network.
		f.Net = n.Shared(w.from, e.src, func(other netip.Addr) bool {
			p := r.Packet
			p.Src = other
			now, err := n.Rules()
			return err == nil && eval.Traverse(now, hook, p, n.Env()).Drops()
		})
	}
	if cause.IsEndless(f) {
		return cause.Endless{Stopped: f}
	}
	return f
}

// otherDefault is the default route that a packet began by, where there is a
// second one, by another device.
func otherDefault(p passage) cause.OtherRoute {
	if p.route.Entry.Type == "" || !p.route.Entry.Default() {
		return cause.OtherRoute{}
	}
	if !p.node.HasOtherDefault(p.route.Entry.Table, p.route.DevName) {
		return cause.OtherRoute{}
	}
	return cause.OtherRoute{Netns: p.node.Name, Entry: p.route.Entry}
}
