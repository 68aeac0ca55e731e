package explain

import (
	"slices"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
)

// unopening reports whether a frame says that the end of a tunnel which carries the request
// out of sight opens no such packets.
func (w *observation) unopening(f wire.Frame) bool {
	if f.Out || !f.Unopened() || f.Netns != w.Beyond.Edge.Space.NS.Name() {
		return false
	}
	return w.carriedBy(func(s hop.Sighting) bool {
		return s.Carrier == hop.Endpoints{Src: f.Inner.Src, Dst: f.Inner.Dst} && (s.Port == 0 || int(s.Port) == f.Inner.DstPort)
	})
}

// carriedBy reports whether one of the packets that carry the request through a tunnel is
// such a one.
func (w *observation) carriedBy(is func(hop.Sighting) bool) bool {
	return slices.ContainsFunc(w.Hops, func(h hop.Hop) bool {
		return h.Leg == flows.LegRequest && h.Sighting != nil && h.Sighting.Carrier != hop.Endpoints{} && is(*h.Sighting)
	})
}

// carried reports whether a tunnel carries the request out of sight.
func (w *observation) carried() bool {
	return w.Beyond != nil && w.carriedBy(func(hop.Sighting) bool { return true })
}

// missed reports whether the end of a tunnel may have refused the question for the next hop
// before anybody listened: others asked it, and the answer to them was that of the echo.
func (w *observation) missed(seen *wires, r probe.Result, after time.Duration) bool {
	return r.Outcome == probe.HostUnreachable && after < 2*arpTries/3 && w.carried() && !slices.ContainsFunc(seen.strays, w.unopening)
}

// unopened is the finding of such a frame, about the packet as it left.
func (w *observation) unopened(strays []wire.Frame, left cause.Beyond) (journey.Found, bool) {
	i := slices.IndexFunc(strays, w.unopening)
	if i < 0 {
		return journey.Found{}, false
	}
	f := strays[i]
	refused := device.TunnelRefused{Beyond: left, Carrier: f.Inner.Proto, By: f.Src, Port: f.Inner.DstPort, Proof: f.String()}
	if refused.Port != 0 {
		refused.Carrier = "VXLAN"
	}
	return journey.Find(flows.LegRequest, refused), true
}
