package judge

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
)

// forgets are the states of an entry whose owner is asked for again before long.
var forgets = []string{"REACHABLE", "STALE", "DELAY", "PROBE"}

// Again is what rules do to the question who has the next hop, or to its answer, where the
// packet comes to s without it, by an entry that the neighbour table has still.
func (a *Search) Again(s fabric.Station, bridges []fabric.Site) (stops []cause.Finding) {
	if !slices.Contains(forgets, a.Entry.State) || s.Space == nil || s.Tunnelled() || crowded(along(s, bridges)) || !a.Answers(s).Yes {
		return nil
	}
	for _, o := range a.Ask(a.Space, a.Link, a.Packet.Leg, a.Sender, a.NextHop, false).To(s.Space, s.Dev) {
		for _, obstacle := range o.Obstacles {
			switch f := obstacle.Fault.(type) {
			case device.ARPStopped, cause.SolicitationStopped:
				stops = append(stops, f)
			}
		}
	}
	return stops
}
