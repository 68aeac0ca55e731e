package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

func (a *arping) widerThanTheWire(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.nexthop != a.p.dst {
		return nil, fabric.Station{}, false
	}
	return fabric.TooWide(x, a.n, a.link, a.hop())
}

func (w *walk) tooNarrow(n *machine.Space, dst netip.Addr) (cause.Finding, machine.RouteAnswer, bool) {
	return fabric.TooNarrow(n, dst, func(dev table.Link) []fabric.Station { return w.explore(n, dev, flows.LegRequest, nil).Stations })
}
