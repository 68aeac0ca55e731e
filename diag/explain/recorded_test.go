package explain_test

import (
	"net/netip"
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
)

// TestInACopyWhoIsBeyondProvesNothing: whether somebody plays the far side who answers, or one
// who does not, the answer rests on what was seen in the network itself.
func TestInACopyWhoIsBeyondProvesNothing(t *testing.T) {
	b := routed.build(t)
	b.hurry()
	b.forget()
	b.hide("inet")
	dest := netip.MustParseAddr("203.0.113.10") // answers the node, and not the pod
	for _, c := range []struct {
		name    string
		from    string
		came    *explain.Came
		verdict explain.Verdict
		beyond  string
	}{
		{"answered, and was not", "host", &explain.Came{Outcome: probe.Silent, Waited: time.Second}, explain.Broken, "eth0"},
		{"answered, and was refused", "host", &explain.Came{Outcome: probe.NetUnreachableICMP, From: netip.MustParseAddr("192.168.6.1")}, explain.Broken, "eth0"},
		{"answered, and nobody knows", "host", nil, explain.Undecided, "eth0"},
		{"answered, and was", "host", &explain.Came{Outcome: probe.Replied, From: dest}, explain.Delivered, ""},
		{"not answered, and was", "pod-a", &explain.Came{Outcome: probe.Replied, From: dest}, explain.Delivered, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := machine.New()
			defer world.Close()
			from, err := world.Open(b.real(c.from))
			if err != nil {
				t.Fatal(err)
			}
			a, err := explain.Explain(t.Context(), world, explain.Request{
				From: from, Dest: dest, Probe: true, Timeout: caseTimeout, Copy: &explain.Copy{From: from.Name, Dest: dest, Came: c.came},
			})
			if err != nil || a.Verdict != c.verdict || a.Beyond != c.beyond || (a.Verdict == explain.Delivered) != (a.Cause.Code == cause.None) {
				t.Errorf("%v\n%s", err, b.account(a))
			}
			if told := a.Probe != nil && a.Probe.Recorded; told != (c.came != nil) {
				t.Errorf("the probe: %+v", a.Probe)
			}
		})
	}
}
