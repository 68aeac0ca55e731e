package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/farend"
)

// enclosed is what stops the packet that a WireGuard device puts another one in, on its
// way out; nil where nothing does as far as it can be followed. Whether its peer answers is
// not told by that.
func (w *walk) enclosed(at *fabric.Edge, end farend.End) cause.Finding {
	to := end.Peer.Endpoint
	if !end.WireGuard || !to.IsValid() || w.depth >= maxNesting {
		return nil
	}
	p := journey.Packet{
		Leg: flows.LegRequest, Dst: to.Addr(), SrcPort: end.Port, DstPort: to.Port(), Mark: end.Mark,
		TTL: journey.MaxHops, Origin: at.Space, Encap: &journey.Encap{Dev: at.Dev},
	}
	if f, ok := w.IntoItself(at.Space, at.Dev, to, p); ok {
		return f
	}
	t := w.aside(at.Space, to.Addr())
	t.originate(at.Space, p)
	if len(t.Faults) == 0 {
		return nil
	}
	return t.Faults[0].Finding
}
