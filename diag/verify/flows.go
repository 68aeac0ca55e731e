package verify

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
)

// judgement is what the engine says of one flow, without sending anything.
type judgement struct {
	verdict explain.Verdict
	path    []step
}

// step is a device that a flow passes.
type step struct {
	leg           flows.Leg
	netns, device string
}

// judging bounds what the other flows may take, once before and once after: one
// takes a millisecond or two.
const judging = 250 * time.Millisecond

// mostJudges is how many judge at the same time. Each asks the kernel for itself, which is
// worth while for some flows alone: the first one takes ten times as long as another.
const (
	mostJudges = 4
	forOne     = 16 // flows
)

// still is a look at the copy as it is now: the commands of the fix are run before or after.
func still() *machine.Machine {
	world := machine.New()
	world.Still()
	return world
}

// judge judges as many of the flows as there is time for, the first ones; one who judges has
// looked already. It closes his world.
func (s *stage) judge(ctx context.Context, looked *machine.Machine, flows []flow) []judgement {
	all := make([]judgement, len(flows))
	var next atomic.Int64
	until := time.Now().Add(judging)
	var together sync.WaitGroup
	for i := range max(1, min(runtime.GOMAXPROCS(0), mostJudges, (len(flows)+forOne-1)/forOne)) {
		world := looked
		if i > 0 {
			world = still()
		}
		together.Go(func() {
			defer world.Close()
			for ctx.Err() == nil && time.Now().Before(until) {
				i := int(next.Add(1)) - 1
				if i >= len(flows) {
					return
				}
				all[i] = s.judgeOne(ctx, world, flows[i])
			}
		})
	}
	together.Wait()
	return all[:min(int(next.Load()), len(flows))]
}

func (s *stage) judgeOne(ctx context.Context, world *machine.Machine, f flow) judgement {
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
	return j
}
