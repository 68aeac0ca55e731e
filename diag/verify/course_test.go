package verify

import (
	"net/netip"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// Every moment of the course in which a ping is not answered, and for which there
// is a fix, is broken in the same way in a copy, and mended by it.
func TestEveryFixOfTheCourseIsVerified(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	player := steps.NewPlayer(l, chapters.All())
	tried := 0
	for step := range chapters.All().Steps() {
		if step.ByHand {
			continue
		}
		if err := player.Goto(t.Context(), step.ID); err != nil {
			t.Fatal(err)
		}
		for _, ping := range step.Before.Pings {
			to, err := netip.ParseAddr(ping.To)
			if _, nobodys := unowned[step.ID]; nobodys || err != nil || ping.Want == probe.Replied {
				continue
			}
			t.Run(step.ID+" "+ping.From+" "+ping.To, func(t *testing.T) {
				if moment(t, ping.From, to) {
					tried++
				}
			})
		}
	}
	if tried == 0 {
		t.Error("there was nothing to try")
	}
}

// unowned are the steps whose ping has a fix that is none, and why.
var unowned = map[string]string{
	"5C.6": "nobody is to have the address of a pod that a plugin has yet to make",
	"6.1":  "nobody is to have the address of a service, which no rule knows yet",
}

// moment tries the fix of one ping, if there is one.
func moment(t *testing.T, netns string, to netip.Addr) bool {
	world := machine.New()
	defer world.Close()
	from, err := world.Open(netns)
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: to}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Try(t.Context(), world, req, a)
	if err != nil {
		t.Fatal(err)
	}
	if v != nil && !v.Passed {
		t.Errorf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
	}
	if v != nil && len(v.Dropped) > 0 {
		t.Logf("%s: not needed: %v of %v", a.Cause.Code, v.Dropped, a.Fix)
	}
	return v != nil
}
