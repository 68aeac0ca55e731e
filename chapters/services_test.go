package chapters_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/process"
)

// services are the chapters about services.
func services() (all []steps.Step) {
	for _, chapter := range chapters.All() {
		switch chapter.ID {
		case "6", "6I", "7", "8", "9", "10", "10R":
			all = append(all, chapter.Steps...)
		}
	}
	return all
}

// TestTheOtherSpellingCounts types what a step shows beside its command. Lines for
// chains that only kube-proxy has are for reading.
func TestTheOtherSpellingCounts(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	tried := 0
	for _, step := range services() {
		command := step.Action.Change(l).Command()
		same := command.Same
		if len(same) == 0 || step.ID == "6.4" || strings.Contains(same[0], "KUBE-") {
			continue
		}
		if _, err := exec.LookPath("iptables"); err != nil {
			t.Log("iptables is not installed")
			return
		}
		t.Run(step.ID, func(t *testing.T) {
			player := steps.NewPlayer(l, chapters.All())
			if err := player.Goto(t.Context(), step.ID); err != nil {
				t.Fatal(err)
			}
			for _, line := range same {
				if err := labtest.Type(t.Context(), l, command.Netns, line); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			wantDone(t, player, true)
			keep(t, l, "after", withoutCounts(step.After))
			tried++
		})
	}
	if tried < 8 {
		t.Errorf("only %d steps have another spelling", tried)
	}
}

// withoutCounts leaves out what is said of the counters of nft's own rules.
func withoutCounts(p steps.Promise) steps.Promise {
	var claims []steps.Claim
	for _, c := range p.Claims {
		if _, counts := c.(steps.Tallier); !counts {
			claims = append(claims, c)
		}
	}
	p.Claims = claims
	return p
}

// takenIn are steps in which the connection comes about, with a program that stands in
// between, and nothing more comes of it: what explain follows ends there.
var takenIn = map[string]bool{"10R.1 after": true, "10R.2 before": true}

// TestWhySaysWhatAStepPromises: what explain predicts of what the live pane tries is
// what the step promises of it, before and after.
func TestWhySaysWhatAStepPromises(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, step := range services() {
		t.Run(step.ID, func(t *testing.T) {
			player := steps.NewPlayer(l, chapters.All())
			if err := player.Goto(t.Context(), step.ID); err != nil {
				t.Fatal(err)
			}
			if !takenIn[step.ID+" before"] {
				why(t, step, step.Before)
			}
			if err := player.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := step.After
			if _, looks := step.Action.(process.Observe); looks { // nothing has changed for what the pane tries
				after.Gets = slices.Concat(after.Gets, step.Before.Gets)
			}
			if !takenIn[step.ID+" after"] {
				why(t, step, after)
			}
		})
	}
}

func why(t *testing.T, step steps.Step, p steps.Promise) {
	t.Helper()
	tried := step.Watch.Tried()
	for _, try := range p.Tries() {
		if try.Netns != tried.Netns || try.To != tried.To || try.Tool != tried.Tool || try.SrcPort != tried.SrcPort {
			continue
		}
		to, proto, port, _ := tried.Flow()
		world := machine.New()
		defer world.Close()
		from, err := world.Open(tried.Netns)
		if err != nil {
			t.Fatal(err)
		}
		req := explain.Request{From: from, Proto: proto, Port: port, SrcPort: tried.SrcPort}
		var a explain.Answer
		req.Dest, err = resolve.Address(t.Context(), from.NS, to)
		if failed := (*resolve.Error)(nil); errors.As(err, &failed) {
			a, err = explain.ExplainName(t.Context(), world, req, failed)
		} else if err == nil {
			a, err = explain.Explain(t.Context(), world, req)
		}
		if err != nil {
			t.Fatal(err)
		}
		if replied := try.Want == probe.Replied; replied != (a.Verdict == explain.Delivered) {
			t.Errorf("%s: promised is %s, and explain says %s (%s in %s)", tried.Command(), try.Want, a.Verdict, a.Cause.Code, a.Cause.Netns)
		}
		return
	}
}
