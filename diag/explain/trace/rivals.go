package trace

import (
	"bytes"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/machine"
)

// WhoeverAnswers judges what a trace found behind a next hop that two answer for: the
// first answer decides to whom the packet goes, and only what stops it at both is certain.
// Where the other one lets it pass, a packet decides; where something else is in its way
// there, it is the two of them that are to be told of first.
func WhoeverAnswers(world *machine.Machine, q Question, t *Trace) {
	if t.Doubt == nil || len(t.Faults) == 0 {
		return
	}
	if _, two := t.Doubt.Finding.(cause.Rivals); !two {
		return
	}
	q.Rival = true
	other := Follow(world, q)
	switch {
	case len(other.Faults) == 0 && other.Doubt != nil:
		*t = *other
	case len(other.Faults) > 0 && !other.Faults[0].Same(t.Faults[0]):
		t.Faults = append([]journey.Found{*t.Doubt}, t.Faults...)
	}
}

// chosen is whose answer the packet goes by: that of the nearest one, or of who answers
// beside it.
func (w *walk) chosen(a *judge.Search, nearest fabric.Station, yes []fabric.Station) fabric.Station {
	if r, two := a.Rival(nearest, yes).(cause.Rivals); two && w.rival {
		for _, s := range yes {
			if bytes.Equal(s.Dev.MAC, r.Other.Link.MAC) {
				return s
			}
		}
	}
	return nearest
}
