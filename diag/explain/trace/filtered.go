package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// filtered is the finding of a packet that a rule stops.
func (w *walk) filtered(n *machine.Space, e echo, hook string, r eval.Result) cause.Finding {
	// The chain saw the packet as it was there, which may be after translation.
	if p := r.Packet; p.Src.IsValid() && p.Dst.IsValid() {
		e.src, e.dst = p.Src, p.Dst
	}
	f := cause.Stopped{At: at(n), Flow: e.flow(), Hook: hook, Result: r, ICMPType: e.icmpType()}
	if e.outer != nil {
		f.UDPPort = e.outer.DstPort
	}
	return f
}
