package cli

import (
	"strings"
	"testing"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/steps"
)

// TestTranscriptSaysWhatWasNotKept: a promise that fails is marked, with what
// was seen instead, and counted at the end.
func TestTranscriptSaysWhatWasNotKept(t *testing.T) {
	p := played{
		Chapter: "2",
		Step:    steps.Step{ID: "2.6"},
		Command: change.Command{Netns: "ns1", Argv: []string{"ip", "route"}},
		After: steps.Report{Lines: []steps.Seen{
			{Promised: say.Quote("ns1 ping 192.168.6.160: silent"), Seen: say.Quote("replied: 64 bytes"), OK: false},
		}},
		Changes: []steps.Change{{Netns: "ns1", Change: table.Change{Kind: table.Changed, Table: "neigh", Before: "a", After: "b"}}},
	}
	var out strings.Builder
	text := newTextTranscript(&out, "en")
	if err := text.step(p); err != nil {
		t.Fatal(err)
	}
	if err := text.end(p.ok()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"    FAIL ns1 ping 192.168.6.160: silent\n         replied: 64 bytes\n",
		"    - ns1 neigh: a\n    + ns1 neigh: b\n",
		"1 step; promises not kept in: [2.6]\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestChooseFindsChaptersAndSteps: all the ways to name a step.
func TestChooseFindsChaptersAndSteps(t *testing.T) {
	course := steps.Course{{ID: "2", Steps: []steps.Step{{ID: "2.1"}, {ID: "2.B1"}}}, {ID: "3", Steps: []steps.Step{{ID: "3.1"}}}, {ID: "3I", Steps: []steps.Step{{ID: "3I.1"}}}}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "2.1 2.B1 3.1 3I.1"},
		{[]string{"2"}, "2.1 2.B1"},
		{[]string{"2/2.B1"}, "2.B1"},
		{[]string{"2/B1"}, "2.B1"},
		{[]string{"3.1", "2.1"}, "3.1 2.1"},
		{[]string{"3"}, "3.1"},
		{[]string{"3i"}, "3I.1"},
		{[]string{"3I/1", "3i.1", "2.b1"}, "3I.1 3I.1 2.B1"},
	} {
		ids, err := choose(course, c.args)
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("choose(%v) = %q, %v; want %q", c.args, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "/", "2/9", "4", "2/3.1"} {
		if ids, err := choose(course, []string{bad}); err == nil {
			t.Errorf("choose(%q) = %v, want an error", bad, ids)
		}
	}
}
