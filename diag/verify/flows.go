package verify

import (
	"context"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
)

// judgement is what the engine says of one flow, without sending anything.
type judgement struct {
	verdict string
	path    []step
}

// step is a device that a flow passes.
type step struct{ leg, netns, device string }

// judging bounds what the other flows may take, once before and once after: one
// takes a few milliseconds.
const judging = 250 * time.Millisecond

// judge judges as many of the flows as there is time for.
func (s *stage) judge(ctx context.Context, flows []flow) (all []judgement) {
	world := machine.New()
	defer world.Close()
	begun := time.Now()
	for _, f := range flows {
		if ctx.Err() != nil || time.Since(begun) > judging {
			break
		}
		a, err := s.explain(ctx, world, f.From, explain.Request{Dest: f.Dest, Proto: f.Proto, Port: f.Port})
		j := judgement{verdict: a.Verdict}
		if err != nil {
			j.verdict = explain.Undecided
		}
		for _, h := range a.Hops {
			at := step{h.Leg, h.Netns, h.Device}
			if len(j.path) == 0 || j.path[len(j.path)-1] != at {
				j.path = append(j.path, at)
			}
		}
		all = append(all, j)
	}
	return all
}
