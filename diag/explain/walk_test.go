package explain_test

import (
	"context"
	"net/netip"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// courseCase is a moment of the course: before or after a step's action.
type courseCase struct {
	step  string
	after bool
	code  cause.Code
	netns string // of the cause
}

var courseCases = []courseCase{
	{"0.1", false, cause.NoAddress, "host"},
	{"0.1", true, cause.None, ""},
	{"0.2", false, cause.NoRoute, "host"},
	{"0.2", true, cause.None, ""},
	{"0.4", false, cause.DestinationAbsent, "host"},
	{"0.5", true, cause.NeighbourWrongMAC, "host"},
	{"0.6", true, cause.None, ""},
	{"2.6", false, cause.NoRoute, "ns1"},
	{"2.7", false, cause.NeighbourUnanswered, "ns1"},
	{"2.9", false, cause.NeighbourUnanswered, "ns1"},
	{"2.10", false, cause.ProxyARPNeedsForwarding, "host"},
	{"2.11", false, cause.NoReturnRoute, "host"},
	{"2.11", true, cause.None, ""},
	{"2.B1", true, cause.None, ""},
	{"2.B2", false, cause.NeighbourUnanswered, "ns1"},
	{"2.B2", true, cause.None, ""},
	{"2.B3", false, cause.NoRoute, "ns1"},
	{"2.B5", false, cause.ProxyARPNoRoute, "host"},
	{"2.B6", false, cause.RPFilter, "host"},
	{"2.B6", true, cause.None, ""},
	{"2.B7", true, cause.NeighbourWrongMAC, "ns1"},
	{"3.1", false, cause.ForwardingOff, "host"},
	{"3.2", false, cause.NotMasqueraded, "host"},
	{"3.2", true, cause.None, ""},
	{"3.A1", false, cause.NotMasqueraded, "host"},
	{"3.A2", false, cause.ForwardingOff, "host"},
	{"3.A2", true, cause.None, ""},
	{"4.1", false, cause.ProxyARPNeedsForwarding, "host"},
	{"4.1", true, cause.None, ""},
	{"4.2", false, cause.NoRoute, "host"},
	{"4.2", true, cause.None, ""},
	{"4.3", false, cause.Filtered, "host"},
	{"4.3", true, cause.None, ""},
	{"5.1", false, cause.DestinationAbsent, "pod-a"},
	{"5.1", true, cause.DestinationAbsent, "pod-a"},
	{"5.2", true, cause.NeighbourUnanswered, "pod-a"},
	{"5.4", false, cause.LinkDown, "host"},
	{"5.4", true, cause.None, ""},
	{"5.5", false, cause.DestinationAbsent, "pod-a"},
	{"5.5", true, cause.None, ""},
	{"5.6", false, cause.NoRoute, "pod-a"},
	{"5.6", true, cause.None, ""},
	{"5.7", false, cause.Filtered, "host"},
	{"5.7", true, cause.None, ""},
	{"5.8", false, cause.NeighbourUnanswered, "pod-a"},
	{"5.8", true, cause.NeighbourUnanswered, "pod-a"},
	{"5.10", false, cause.NeighbourUnanswered, "pod-a"},
	{"5.10", true, cause.None, ""},
	{"5.12", false, cause.None, ""},
	{"5.M1", false, cause.LinkDown, "host"},
	{"5.M1", true, cause.NoReturnRoute, "host"},
	{"5.M2", true, cause.None, ""},
}

// TestTheCourseIsExplained: at each moment the cause is the one the lesson
// teaches, the real ping agrees, and where nothing else is broken behind it the
// proposed fix makes the ping work.
func TestTheCourseIsExplained(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	course := chapters.All()
	for _, c := range courseCases {
		name := c.step + " before"
		if c.after {
			name = c.step + " after"
		}
		t.Run(name, func(t *testing.T) {
			player := steps.NewPlayer(l, course)
			if err := player.Goto(t.Context(), c.step); err != nil {
				t.Fatal(err)
			}
			if c.after {
				if err := player.Apply(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			watch := player.Step().Watch
			answer := ask(t, l, watch)
			if answer.Cause.Code != c.code || answer.Cause.Netns != c.netns {
				t.Fatalf("cause %s in %q, want %s in %q: %+v", answer.Cause.Code, answer.Cause.Netns, c.code, c.netns, answer)
			}
			if replied := answer.Probe.Received == 1; replied != (c.code == cause.None) {
				t.Errorf("the ping says %q", answer.Probe.Message)
			}
			if len(answer.Next) == 0 {
				mend(t, l, watch, answer)
			}
		})
	}
}

func ask(t *testing.T, l *lab.Lab, watch steps.Watch) explain.Answer {
	t.Helper()
	world := machine.New()
	defer world.Close()
	from, err := world.Open(watch.Netns)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := explain.Explain(t.Context(), world, explain.Request{
		From: from, Dest: netip.MustParseAddr(watch.Ping), Probe: true, Timeout: l.PingTimeout(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// mend runs the fix as it stands and pings again: it is one that this machine can
// run, whatever is installed.
func mend(t *testing.T, l *lab.Lab, watch steps.Watch, answer explain.Answer) {
	t.Helper()
	if len(answer.Fix) == 0 {
		return
	}
	for _, fix := range answer.Fix {
		cmd, err := l.Command(context.Background(), fix.Netns, "sh", "-c", fix.String())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("fix %s: %s: %v: %s", fix.Netns, fix.String(), err, out)
		}
	}
	ns, err := l.NS(watch.Netns)
	if err != nil {
		t.Fatal(err)
	}
	if r := probe.Ping(t.Context(), ns, probe.Echo{To: watch.Ping, Timeout: l.PingTimeout()}); r.Outcome != probe.Replied {
		t.Errorf("after %v the ping still says %q", answer.Fix, r.Message)
	}
}
