package uplink_test

import (
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/bridge"
	"nstutor/steps/stepstest"
	"nstutor/steps/uplink"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const router = "192.168.6.1"

// TestASecondWayOutIsKnownByWhatTheKernelDecides: however its lines are written, and only
// while the first way out goes on deciding for all others.
func TestASecondWayOutIsKnownByWhatTheKernelDecides(t *testing.T) {
	l := labtest.New(t)
	// The node has its way out already; the second one is a macvlan beside it.
	begin := func(lines ...string) {
		t.Helper()
		stepstest.Reset(t, l, bridge.MacvlanAdd{Netns: lab.Host, Name: "net1", Lower: "eth0"},
			steps.AddrAdd{Netns: lab.Host, Addr: "192.168.6.50/24", Dev: "net1"}, steps.LinkUp{Netns: lab.Host, Name: "net1"})
		for _, line := range lines {
			if err := change.Typed(lab.Host, line).Apply(t.Context(), l); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	wantDone := func(a steps.Action, what string, want bool) {
		t.Helper()
		if done, err := steps.Done(t.Context(), l, a); err != nil || done != want {
			t.Errorf("%s: %s: done is %v (%v), want %v", steps.Typed(a.Change(l).Command()), what, done, err, want)
		}
	}
	second := uplink.DefaultAdd{Netns: lab.Host, Via: router, Dev: "net1", Metric: 100, Keeps: "eth0"}
	apart := uplink.DefaultAdd{Netns: lab.Host, Via: router, Dev: "net1", Table: 100, Keeps: "eth0"}
	rule := uplink.FromRule{Netns: lab.Host, From: "192.168.6.50", Table: 100, Dev: "net1", Keeps: "eth0"}
	way := "ip route add default via 192.168.6.1 dev net1 table 100"
	for _, test := range []struct {
		action steps.Action
		start  []string
		right  []string
		wrong  []string
	}{
		{second, nil,
			[]string{"ip route add default via 192.168.6.1 dev net1 metric 5000"},
			[]string{way, "ip route replace default via 192.168.6.1 dev net1", "ip route add default via 192.168.6.2 dev net1 metric 100", "ip route add 203.0.113.0/24 via 192.168.6.1 dev net1"}},
		{apart, nil,
			[]string{"ip route add 0.0.0.0/0 via 192.168.6.1 dev net1 metric 7 table 100"},
			[]string{"ip route add default via 192.168.6.1 dev net1 metric 100", "ip route add default via 192.168.6.1 dev net1 table 101", "ip route add default via 192.168.6.1 dev eth0 table 100"}},
		{rule, []string{way},
			[]string{"ip rule add from 192.168.6.50/32 table 100 pref 10", "ip rule add from 192.168.6.48/28 lookup 100"},
			[]string{"ip rule add lookup 100", "ip rule add from 192.168.6.160 lookup 100", "ip rule add from 192.168.6.50 lookup 101", "ip rule add to 192.168.6.50 lookup 100", "ip rule add from 192.168.6.50 lookup 100 pref 40000"}},
		{rule, nil, nil, []string{"ip rule add from 192.168.6.50 lookup 100"}},
	} {
		begin(test.start...)
		var was change.Before
		if err := was.Read(t.Context(), l, lab.Host, l.Namespaces()); err != nil {
			t.Fatal(err)
		}
		wantDone(test.action, "nothing", false)
		if test.right != nil {
			if err := test.action.Change(l).Apply(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			wantDone(test.action, "applied", true)
			if err := test.action.Change(l).Undo(t.Context(), l, was); err != nil {
				t.Fatal(err)
			}
			wantDone(test.action, "undone", false)
		}
		for i, line := range append(test.right, test.wrong...) {
			begin(append(test.start, line)...)
			wantDone(test.action, line, i < len(test.right))
		}
	}
}
