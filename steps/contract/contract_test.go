package contract_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"nstutor/internal/cni"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/contract"
	"nstutor/steps/stepstest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const (
	host  = lab.Host
	pod   = "pod-a"
	other = "pod-b"
)

// begin is a lab with the files of the chapter and two namespaces.
func begin(t *testing.T, more ...steps.Action) *lab.Lab {
	t.Helper()
	l := labtest.New(t)
	for _, a := range append([]steps.Action{contract.Prepare{}, steps.NetnsAdd{Name: pod}, steps.NetnsAdd{Name: other}}, more...) {
		if err := a.Change(l).Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", steps.Typed(a.Change(l).Command()), err)
		}
	}
	return l
}

var (
	told    = contract.Answer{Command: cni.Add, Pod: pod, Example: contract.Tells, Was: contract.Tells}
	added   = contract.Answer{Command: cni.Add, Pod: pod, Example: contract.Adds, Was: contract.Tells}
	checked = contract.Answer{Command: cni.Check, Pod: pod, Example: contract.Checks, Was: contract.Adds}
	deleted = contract.Answer{Command: cni.Del, Pod: pod, Example: contract.Dels, Was: contract.Checks}
)

// TestAnAnswerIsKnownByWhatBecomesOfThePod: by the example, by a call without a runtime,
// and by a script that is quite another one.
func TestAnAnswerIsKnownByWhatBecomesOfThePod(t *testing.T) {
	labtest.Slow(t)
	direct := "CNI_COMMAND=ADD CNI_CONTAINERID=pod-a CNI_NETNS=/run/netns/pod-a CNI_IFNAME=eth0 CNI_PATH=/run/cni/bin "
	own := "printf '#!/bin/sh\\nip link add x type veth peer name y; ip link set x netns pod-a name eth0; ip -n pod-a addr add 10.1.1.1/24 dev eth0; ip link set y up; ip -n pod-a link set eth0 up; ip -n pod-a route add default via 10.1.1.2 dev eth0\\n' > /run/cni/bin/first; "
	noRoute := steps.RouteDel{Netns: host, Dst: "10.244.5.2", Dev: "veth-pod-a"}
	for _, test := range []struct {
		name   string
		start  []steps.Action
		action steps.Action
		right  []string
		wrong  []string
	}{
		{"told", nil, told, []string{direct + "/run/cni/bin/first < /etc/cni/net.d/10-first.conflist"}, []string{"cni check pod-a", "cni add pod-b"}},
		{"added", nil, added, []string{"cp /run/cni/examples/del /run/cni/bin/first; " + direct + "/run/cni/bin/first < /dev/null", own + "cni add pod-a"},
			[]string{"cni add pod-a", "cp /run/cni/examples/add /run/cni/bin/first", "cp /run/cni/examples/add /run/cni/bin/first; cni add pod-b"}},
		{"checked", []steps.Action{added, noRoute}, checked, []string{"cp /run/cni/examples/del /run/cni/bin/first"}, []string{"cni check pod-a || true"}},
		{"deleted", []steps.Action{added}, deleted, []string{"cp /run/cni/examples/del /run/cni/bin/first; cni del pod-a"}, []string{"cni del pod-a", "ip link del veth-pod-a"}},
	} {
		for i, line := range append(test.right, test.wrong...) {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				l := begin(t, test.start...)
				stepstest.WantDone(t, l, test.action, false)
				if err := labtest.Type(t.Context(), l, host, line); err != nil {
					t.Fatal(err)
				}
				stepstest.WantDone(t, l, test.action, i < len(test.right))
			})
		}
	}
}

// TestAnswersAreTakenBack: the pod and the plugin are as they were.
func TestAnswersAreTakenBack(t *testing.T) {
	labtest.Slow(t)
	bridge := contract.Attach{Pod: other, Conf: "20-bridge.conflist"}
	ptp := contract.Attach{Pod: other, Conf: "30-ptp.conflist"}
	for _, test := range []struct {
		start  []steps.Action
		action steps.Action
	}{
		{nil, told}, {nil, added}, {[]steps.Action{added, steps.RouteDel{Netns: host, Dst: "10.244.5.2", Dev: "veth-pod-a"}}, checked},
		{[]steps.Action{added, checked}, deleted}, {nil, bridge}, {nil, ptp},
	} {
		l := begin(t, test.start...)
		before, _ := os.ReadFile("/run/cni/bin/first")
		stepstest.WantDone(t, l, test.action, false)
		change := test.action.Change(l)
		if err := change.Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", steps.Typed(change.Command()), err)
		}
		stepstest.WantDone(t, l, test.action, true)
		was, err := steps.ReadState(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if err := change.Undo(t.Context(), l, was.Before); err != nil {
			t.Fatalf("%s: undo: %v", steps.Typed(change.Command()), err)
		}
		stepstest.WantDone(t, l, test.action, false)
		if after, _ := os.ReadFile("/run/cni/bin/first"); string(after) != string(before) {
			t.Errorf("%s: the plugin is another one", steps.Typed(change.Command()))
		}
		l.Close()
	}
}

// TestTheRuntimeSaysWhatIsWrong: no configuration, no plugin, no namespace, and what a
// plugin prints that is no JSON.
func TestTheRuntimeSaysWhatIsWrong(t *testing.T) {
	l := begin(t)
	for line, words := range map[string]string{
		"cni":                         "usage",
		"cni add nobody":              "no such namespace",
		"cni add pod-a /etc/cni/none": "no such file",
		"echo '{' > /run/x; cni add pod-a /run/x || { rm /run/x; exit 1; }":                                                         "unexpected end",
		"rm /run/cni/bin/first; cni add pod-a":                                                                                      `plugin "first": no such program`,
		"mkdir -p /run/cni/bin; printf '#!/bin/sh\\necho done\\n' > /run/cni/bin/first; chmod +x /run/cni/bin/first; cni add pod-a": "no JSON",
		"printf '#!/bin/sh\\necho oops >&2; exit 3\\n' > /run/cni/bin/first; cni add pod-a":                                         "oops",
	} {
		err := labtest.Type(t.Context(), l, host, line)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, which does not say %q", line, err, words)
		}
	}
}

// TestClaimsSayYesAndNo asks each.
func TestClaimsSayYesAndNo(t *testing.T) {
	l := begin(t, told)
	for _, test := range []struct {
		claim steps.Claim
		holds bool
		seen  string
	}{
		{contract.Says{Args: []string{"check", pod}}, true, "succeeds"},
		{contract.Says{Args: []string{"check", pod}, Words: "x"}, false, "succeeds"},
		{contract.Says{Args: []string{"check", "gone"}, Words: "no such namespace"}, true, "gone"},
		{contract.Says{Args: []string{"check", "gone"}}, false, "gone"},
		{contract.Holds{Path: contract.Record, Words: []string{"CNI_COMMAND=ADD", "cniVersion"}}, true, "CNI_IFNAME=eth0"},
		{contract.Holds{Path: contract.Record, Words: []string{"CNI_COMMAND=DEL"}}, false, "no CNI_COMMAND=DEL"},
		{contract.Holds{Path: "/run/cni/none"}, false, "no /run/cni/none"},
	} {
		seen, ok, err := test.claim.Look(t.Context(), l, &steps.Evidence{})
		if ok != test.holds || err != nil || !strings.Contains(seen.String(), test.seen) {
			t.Errorf("%s: holds is %v, want %v; seen %q, error %v", test.claim.Promised(l), ok, test.holds, seen, err)
		}
	}
	if _, _, err := (contract.Says{}).Look(t.Context(), l, nil); !errors.Is(err, steps.ErrNeedsEvidence) {
		t.Errorf("without evidence: %v", err)
	}
}
