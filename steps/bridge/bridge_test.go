package bridge_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/bridge"
	"nstutor/steps/stepstest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const host = lab.Host

// cabled is a bridge with one port and what else is wanted.
func cabled(more ...steps.Action) []steps.Action {
	return append([]steps.Action{
		steps.BridgeAdd{Netns: host, Name: "br0"},
		steps.VethAdd{Netns: host, Name: "cable0", Peer: "cable1"},
		steps.LinkMaster{Netns: host, Name: "cable0", Bridge: "br0"},
	}, more...)
}

// actionCase is an action, what is there before it, lines that do the same, and lines
// that do not, with a part of what is there instead.
type actionCase struct {
	name   string
	start  []steps.Action
	action steps.Action
	right  []string
	wrong  map[string]string
}

var (
	tree     = bridge.BridgeSTP{Netns: host, Name: "br0", On: true}
	noTree   = bridge.BridgeSTP{Netns: host, Name: "br0"}
	apart    = bridge.PortIsolated{Netns: host, Name: "cable0", On: true}
	together = bridge.PortIsolated{Netns: host, Name: "cable0"}
)

func actionCases() []actionCase {
	return []actionCase{
		{"a spanning tree", cabled(), tree, []string{"ip link set dev br0 type bridge stp_state 1"}, map[string]string{"ip link set br0 up": "br0 stp_state 0"}},
		{"no spanning tree", cabled(tree), noTree,
			[]string{"ip link set dev br0 type bridge stp_state 0", "ip link del br0; ip link add br0 type bridge"},
			map[string]string{"ip link set br0 down": "br0 stp_state 1", "ip link set br0 type bridge forward_delay 200": "br0 stp_state 1", "ip link del br0": ""}},
		{"a port kept apart", cabled(), apart, []string{"bridge link set dev cable0 isolated on"}, map[string]string{"bridge link set dev cable0 hairpin on": "isolated off"}},
		{"a port no longer kept apart", cabled(apart), together,
			[]string{"bridge link set dev cable0 isolated off", "ip link set cable0 type bridge_slave isolated off", "ip link set cable0 nomaster; ip link set cable0 master br0"},
			map[string]string{"bridge link set dev cable0 hairpin on": "isolated on", "ip link set cable0 nomaster": "cable0@cable1"}},
		{"a port that turns frames round", cabled(), bridge.Hairpin{Netns: host, Dev: "cable0"},
			[]string{"ip link set cable0 type bridge_slave hairpin on"},
			map[string]string{"ip link set cable0 nomaster": "cable0", "bridge link set dev cable0 isolated on": "hairpin off"}},
		{"a macvlan", nil, bridge.MacvlanAdd{Netns: host, Name: "mac0", Lower: "eth0"},
			[]string{"ip link add mac0 link eth0 type macvlan mode bridge", "ip link add link eth0 name x type macvlan mode bridge; ip link set x name mac0"},
			map[string]string{"ip link add mac0 link eth0 type macvlan mode private": "mac0@eth0", "ip link add mac0 type bridge": "mac0: <BROADCAST", "ip link add mac1 link eth0 type macvlan mode bridge": ""}},
	}
}

// TestActionsAreDoneAndUndone plays every action there and back.
func TestActionsAreDoneAndUndone(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range actionCases() {
		t.Run(test.name, func(t *testing.T) {
			stepstest.Reset(t, l, test.start...)
			was, err := steps.ReadState(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, test.action, false)
			if err := test.action.Change(l).Apply(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, test.action, true)
			if err := test.action.Change(l).Undo(t.Context(), l, was.Before); err != nil {
				t.Fatalf("undo: %v", err)
			}
			stepstest.WantDone(t, l, test.action, false)
			now, err := steps.ReadState(t.Context(), l)
			if changes := steps.DiffState(was, now, false); err != nil || len(changes) > 0 {
				t.Errorf("undone, there is %v, %v", changes, err)
			}
		})
	}
}

// TestEitherSpellingCounts types what does the same, and what does not quite.
func TestEitherSpellingCounts(t *testing.T) {
	labtest.Slow(t)
	for _, program := range []string{"ip", "bridge"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s is not installed: nothing can be typed", program)
			return
		}
	}
	l := labtest.New(t)
	for _, test := range actionCases() {
		for _, line := range test.right {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				stepstest.Reset(t, l, test.start...)
				if err := labtest.Type(t.Context(), l, host, line); err != nil {
					t.Fatal(err)
				}
				stepstest.WantDone(t, l, test.action, true)
			})
		}
		for line, seen := range test.wrong {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				stepstest.Reset(t, l, test.start...)
				if err := labtest.Type(t.Context(), l, host, line); err != nil {
					t.Fatal(err)
				}
				stepstest.WantDone(t, l, test.action, false)
				all := ""
				for _, c := range test.action.Conditions(t.Context(), l) {
					all += c.Seen + "\n"
				}
				if !strings.Contains(all, seen) {
					t.Errorf("seen is %q, which does not say %q", all, seen)
				}
			})
		}
	}
}

// TestErrorsNameNamespaceAndObject makes actions fail.
func TestErrorsNameNamespaceAndObject(t *testing.T) {
	l := labtest.New(t)
	stepstest.Reset(t, l, cabled()...)
	for _, test := range []struct {
		action steps.Action
		words  []string
	}{
		{bridge.BridgeSTP{Netns: host, Name: "nobr"}, []string{"nobr"}},
		{bridge.BridgeSTP{Netns: host, Name: "cable1", On: true}, []string{"cable1", "not supported"}},
		{bridge.PortIsolated{Netns: host, Name: "cable1", On: true}, []string{"cable1", "isolated"}},
		{bridge.Hairpin{Netns: host, Dev: "nodev"}, []string{"nodev"}},
		{bridge.MacvlanAdd{Netns: host, Name: "m", Lower: "nodev"}, []string{"macvlan", "m", "nodev"}},
	} {
		err := test.action.Change(l).Apply(t.Context(), l)
		if err == nil {
			t.Errorf("%s succeeded", steps.Typed(test.action.Change(nil).Command()))
			continue
		}
		for _, word := range append(test.words, host+": ") {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	}
}

// TestClaimsSayYesAndNo asks each claim of one lab.
func TestClaimsSayYesAndNo(t *testing.T) {
	l := labtest.New(t)
	stepstest.Reset(t, l, cabled(tree, apart)...)
	port := steps.Dev{Netns: host, Name: "cable0"}
	other := steps.Dev{Netns: host, Name: "eth0"}
	for _, test := range []struct {
		claim steps.Claim
		holds bool
		seen  string
	}{
		{bridge.BridgePortIs{Netns: host, Name: "cable0", Bridge: "br0", Isolated: true}, true, "isolated on"},
		{bridge.BridgePortIs{Netns: host, Name: "cable0", Bridge: "br0", States: []string{"disabled"}, Isolated: true}, true, "state disabled"},
		{bridge.BridgePortIs{Netns: host, Name: "cable0", Bridge: "br0", States: []string{"forwarding"}, Isolated: true}, false, "state disabled"},
		{bridge.BridgePortIs{Netns: host, Name: "cable0", Bridge: "br0"}, false, "isolated on"},
		{bridge.BridgePortIs{Netns: host, Name: "cable0", Bridge: "br1", Isolated: true}, false, "master br0"},
		{bridge.BridgePortIs{Netns: host, Name: "cable0"}, false, "master br0"},
		{bridge.BridgePortIs{Netns: host, Name: "cable1"}, true, "no cable1"},
		{bridge.BridgePortIs{Netns: host, Name: "cable1", Bridge: "br0"}, false, "no cable1"},

		{bridge.BridgeIs{Netns: host, Name: "br0", STP: true}, true, "stp_state 1"},
		{bridge.BridgeIs{Netns: host, Name: "br0"}, false, "stp_state 1"},
		{bridge.BridgeIs{Netns: host, Name: "br1"}, false, "no br1"},

		{bridge.FDBHas{Netns: host, Bridge: "br0", MACOf: port, Dev: "cable0"}, true, "permanent"},
		{bridge.FDBHas{Netns: host, Bridge: "br0", MACOf: port, Dev: "cable1"}, false, "dev cable0"},
		{bridge.FDBHas{Netns: host, Bridge: "br0", MACOf: port, Absent: true}, false, "dev cable0"},
		{bridge.FDBHas{Netns: host, Bridge: "br0", MACOf: other, Absent: true}, true, "no "},
		{bridge.FDBHas{Netns: host, Bridge: "br0", MACOf: other, Dev: "cable0"}, false, "no "},
	} {
		seen, ok, err := test.claim.Look(t.Context(), l, nil)
		if ok != test.holds || err != nil || !strings.Contains(seen.String(), test.seen) {
			t.Errorf("%s: holds is %v, want %v; seen %q, error %v", test.claim.Promised(l), ok, test.holds, seen, err)
		}
	}
}

// TestNothingIsSoWhereNothingIs asks of a namespace that does not exist: an action is
// not done there, and a claim cannot be looked at.
func TestNothingIsSoWhereNothingIs(t *testing.T) {
	l := labtest.New(t)
	for _, a := range []steps.Action{
		bridge.BridgeSTP{Netns: "gone", Name: "br0"}, bridge.PortIsolated{Netns: "gone", Name: "a"},
		bridge.MacvlanAdd{Netns: "gone", Name: "a", Lower: "b"}, bridge.Hairpin{Netns: "gone", Dev: "a"},
	} {
		stepstest.WantDone(t, l, a, false)
		if err := a.Change(l).Apply(t.Context(), l); !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("%s: %v", steps.Typed(a.Change(nil).Command()), err)
		}
	}
	for _, c := range []steps.Claim{
		bridge.BridgePortIs{Netns: "gone", Name: "a"}, bridge.BridgeIs{Netns: "gone", Name: "br0"}, bridge.FDBHas{Netns: "gone", Bridge: "br0", Absent: true},
	} {
		if _, ok, err := c.Look(t.Context(), l, nil); ok || !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("%s: holds %v, error %v", c.Promised(l), ok, err)
		}
	}
}
