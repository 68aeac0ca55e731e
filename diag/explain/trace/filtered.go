package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter/eval"
)

// filtered is the finding of a packet that a rule stops.
func (w *walk) filtered(n *machine.Space, p packet, hook string, r eval.Result) cause.Finding {
	if hook == "input" && p.isRequest() {
		if f, _, ok := w.twin(n, p); ok {
			return f
		}
	}
	// The chain saw the packet as it was there, which may be after translation.
	if seen := r.Packet; seen.Src.IsValid() && seen.Dst.IsValid() {
		p.src, p.dst, p.sport, p.dport = seen.Src, seen.Dst, seen.SrcPort, seen.DstPort
	}
	f := cause.Stopped{At: at(n), Flow: p.flow(), Hook: hook, Result: r,
		Answer: p.isReply() && r.Packet.CTState == eval.CTEstablished && r.Tracked()}
	if r.MeantApart() && len(w.began) > 0 && p.isRequest() {
		if first := w.began[0]; first.node.OneOfDefaults(first.route) {
			f.Other = cause.OtherRoute{Netns: first.node.Name, Entry: first.route.Entry}
		}
		f.Join = w.world.Join(w.from, w.dest)
	}
	if (r.Decided == nil || len(r.Decided.Matches) == 0) && hook == "forward" && p.isRequest() {
		// Nobody has thought of this sender: it is as with all of its network.
		f.Net = n.Shared(w.from, p.src, func(other netip.Addr) bool {
			seen := r.Packet
			seen.Src = other
			now, err := n.Rules()
			return err == nil && eval.Traverse(now, hook, seen, n.Env()).Drops()
		})
	}
	return vip.Meant(n, f)
}
