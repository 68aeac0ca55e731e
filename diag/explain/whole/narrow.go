package whole

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/internal/change"
)

// Narrow is the finding of a connection whose answer comes in small segments alone: it is at the
// router on the way by whose device less passes than the asker is ready for, or at the
// asker where there is none.
func Narrow(from *machine.Space, t *trace.Trace, q trace.Question, segment int) service.SegmentsLost {
	f := service.SegmentsLost{At: cause.At(from.Name), Length: mtu(from, t.Source, q.Dest), Segment: segment}
	least := f.Length
	for i, s := range stopsOf(t.Hops, flows.LegRequest) {
		link, err := s.space.Link(s.out)
		if i == 0 || err != nil || link.MTU >= least {
			continue
		}
		least = link.MTU
		f.At, f.Narrow, f.Clamp = cause.At(s.space.Name), link, change.ClampMSS{Netns: s.space.Name, V6: q.Dest.Is6()}
	}
	return f
}
