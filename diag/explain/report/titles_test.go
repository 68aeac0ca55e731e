package report

import (
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// TestTitlesAreForPeopleAlone: the fix is typed into the namespace of the process,
// and the name of a container has no power over the terminal.
func TestTitlesAreForPeopleAlone(t *testing.T) {
	a := explain.Answer{
		From: "pid:7", Destination: "10.0.0.1", Verdict: explain.Broken,
		Cause: explain.Fault{Code: cause.NoRoute, Netns: "pid:7", Leg: flows.LegRequest, Detail: say.Quote("no route")},
		Fix:   []change.Command{change.In("pid:7", "ip", "link")},
		Hops:  []hop.Hop{{Leg: flows.LegRequest, Netns: "pid:7", Stage: hop.StageRoute, Predicted: hop.Fail, Observed: hop.Unknown, Detail: say.Quote("no route")}},
	}
	titled := Titles{"pid:7": "we\x1bb (pid 7)"}.Of(a, "en")
	for kind, want := range map[Kind]string{Verdict: `we\x1bb (pid 7) cannot reach 10.0.0.1: no route (no-route, in we\x1bb (pid 7))`, Fix: "nsenter -t 7 -n ip link"} {
		if at := slices.IndexFunc(titled, func(l Line) bool { return l.Kind == kind }); at < 0 || titled[at].Text != want {
			t.Errorf("kind %d: %+v, want %q", kind, titled, want)
		}
	}
	if at := slices.IndexFunc(titled, func(l Line) bool { return l.Kind == Hop }); at < 0 || titled[at].Netns != `we\x1bb (pid 7)` {
		t.Errorf("the hop is in %+v", titled)
	}
	for _, line := range Of(a, "zh") {
		if strings.Contains(line.Text+line.Netns, "(pid 7)") {
			t.Errorf("a title that nobody has given: %+v", line)
		}
	}
}
