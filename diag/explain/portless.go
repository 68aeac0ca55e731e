package explain

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/probe"
)

// portless is the finding of a flow that was not sent for want of a port of the sender's own;
// false where it was sent, or asked for one port.
func (w *observation) portless(r probe.Result) (f full.NoOwnPort, found bool) {
	if r.Outcome != probe.AddressNotAvailable || w.asked.SrcPort != 0 || !w.asked.From.Local(w.Source) {
		return f, false
	}
	ports, err := w.asked.From.Sysctl("net/ipv4/ip_local_port_range")
	asked := flows.Flow{Proto: w.asked.protocol(), Src: w.Source, Dst: w.asked.Dest, DstPort: w.asked.Port}
	f = full.NoOwnPort{At: cause.At(w.asked.From.Name), Flow: asked, Range: strings.Join(strings.Fields(ports), " ")}
	return f, err == nil
}

// unsent is what is left of a prediction that nothing was sent to try.
func (a *Answer) unsent(f cause.Finding) {
	a.Cause = inWords(journey.Find(flows.LegRequest, f))
	for i := range a.Hops {
		a.Hops[i].Observed = hop.Unknown
	}
	a.confirm()
}
