package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// routed is a pod behind a node, and a router that the node's uplink leads to.
const routed = `
pod: ip link set lo up
pod: ip link add eth0 type veth peer name veth-pod netns host
pod: ip addr add 10.244.1.10/24 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 10.244.1.1
host: ip link set lo up
host: ip link set veth-pod up
host: ip addr add 10.244.1.1/24 dev veth-pod
host: ip link add eth0 type veth peer name up0 netns inet
host: ip addr add 192.168.6.160/24 dev eth0
host: ip link set eth0 up
host: ip route add default via 192.168.6.1
host: sysctl -qw net.ipv4.ip_forward=1
inet: ip link set lo up
inet: ip addr add 192.168.6.1/24 dev up0
inet: ip addr add 203.0.113.10/32 dev lo
inet: ip link set up0 up
inet: ip route add 10.244.1.0/24 via 192.168.6.160
`

// routedFlows are the other flows that there are in it.
const routedFlows = 9 + 3 // by the engine, and by a stranger

// network is a network of a test: what is in it, by the names of its namespaces.
type network struct {
	t      testing.TB
	spaces map[string]*nsenter.Namespace
	suffix string // of their names, where others have the same
	sends  bool   // the question is answered with a probe
}

// networks counts those that have names of their own.
var networks atomic.Int64

// beside is build for a test that runs beside others, whose names it shares.
func beside(t *testing.T, script string, names ...string) *network {
	t.Helper()
	n := &network{t: t, spaces: map[string]*nsenter.Namespace{}, suffix: fmt.Sprintf("-%d", networks.Add(1))}
	for _, name := range names {
		n.spaces[name] = labtest.Netns(t, n.real(name))
		n.spaces[n.real(name)] = n.spaces[name]
	}
	n.run(script)
	return n
}

// real is what a namespace is called on the machine.
func (n *network) real(name string) string { return name + n.suffix }

// movedTo is where a line of a script moves a device.
var movedTo = regexp.MustCompile(`\bnetns ([a-z0-9]+)\b`)

func build(t testing.TB, script string, names ...string) *network {
	t.Helper()
	n := &network{t: t, spaces: map[string]*nsenter.Namespace{}}
	for _, name := range names {
		n.spaces[name] = labtest.Netns(t, name)
	}
	n.run(script)
	return n
}

// run does what lines of "NETNS: COMMAND" say.
func (n *network) run(script string) {
	n.t.Helper()
	labtest.Script(n.t, n.spaces, movedTo.ReplaceAllString(script, "netns ${1}"+n.suffix))
}

// apply does the commands of a fix in the network itself.
func (n *network) apply(fix []change.Command) {
	n.t.Helper()
	for _, command := range fix {
		n.run(command.Netns + ": " + command.String())
	}
}

// try explains a ping, lets the answer be changed, and tries its fix.
func (n *network) try(from, to string, twist func(*explain.Answer)) (*Verified, explain.Answer) {
	n.t.Helper()
	world := machine.New()
	defer world.Close()
	space, err := world.Open(n.real(from))
	if err != nil {
		n.t.Fatal(err)
	}
	req := explain.Request{From: space, Dest: netip.MustParseAddr(to), Probe: n.sends, Timeout: time.Second}
	a, err := explain.Explain(n.t.Context(), world, req)
	if err != nil {
		n.t.Fatal(err)
	}
	if twist != nil {
		twist(&a)
	}
	v, err := Try(n.t.Context(), world, req, a)
	if err != nil {
		n.t.Fatal(err)
	}
	if v != nil {
		for _, line := range v.Lines("en") {
			n.t.Log(line.Text)
		}
	}
	return v, a
}

func TestAFixThatMendsTheCopyIsVerified(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		name, fault string
		to          string
		changed     bool // the fix does more than it was asked for
	}{
		{"a missing route", "pod: ip route del default", "203.0.113.10", true},
		{"no forwarding", "host: sysctl -qw net.ipv4.ip_forward=0", "203.0.113.10", true},
		{"no way back", "inet: ip route del 10.244.1.0/24", "203.0.113.10", true},
		{"two faults", "pod: ip route del default\nhost: sysctl -qw net.ipv4.ip_forward=0", "203.0.113.10", true},
		{"a device that is down", "host: ip link set veth-pod down", "10.244.1.1", true},
		{"a blackhole", "host: ip route add blackhole 203.0.113.0/24", "203.0.113.10", true},
		{"replies are taken elsewhere", "inet: ip route add blackhole 10.244.1.10", "203.0.113.10", true},
		{"an IPsec policy without an association", "host: ip xfrm policy add src 10.244.1.0/24 dst 203.0.113.0/24 dir out tmpl src 192.168.6.160 dst 192.168.6.1 proto esp mode tunnel", "203.0.113.10", false},
		{"a firewall", "host: iptables -A FORWARD -p icmp -s 10.244.1.10 -d 203.0.113.10 -j DROP", "203.0.113.10", false},
		{"a firewall that asks an ipset", `host: ipset create pods hash:ip
			host: ipset create blocked hash:net
			host: ipset destroy pods
			host: ipset add blocked 10.244.1.0/28
			host: iptables -A FORWARD -m set --match-set blocked src -j DROP`, "203.0.113.10", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if i > 0 {
				labtest.Slow(t) // all of them together
			}
			t.Parallel()
			n := beside(t, routed, "pod", "host", "inet")
			n.run(c.fault)
			v, _ := n.try("pod", c.to, nil)
			if v == nil || !v.Passed || v.Before != SameCause || v.After != Delivered || !v.Minimal {
				t.Fatalf("%+v", v)
			}
			// On a busy machine there is no time for all of them.
			if v.Others.Checked == 0 || v.Others.Checked == routedFlows && (v.Others.Changed > 0) != c.changed {
				t.Errorf("other flows: %+v", v.Others)
			}
			n.apply(v.Fix)
			n.answered("pod", c.to)
		})
	}
}

// answered is the ping in the network itself.
func (n *network) answered(from, to string) {
	n.t.Helper()
	if r := probe.Ping(n.t.Context(), n.spaces[from], probe.Echo{To: to}); r.Outcome != probe.Replied {
		n.t.Errorf("a verified fix does not mend the network: %s", r.Message)
	}
}

func TestAFixOfAnotherFaultIsNotTried(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	for _, c := range []struct {
		name          string
		twist         func(*explain.Answer)
		before, after string
	}{
		{"another cause", func(a *explain.Answer) { a.Cause.Code = "forwarding-off" }, DifferentCause, NotTried},
		{"another place", func(a *explain.Answer) { a.Cause.Netns = "host" }, DifferentCause, NotTried},
	} {
		t.Run(c.name, func(t *testing.T) {
			n.t = t
			v, _ := n.try("pod", "203.0.113.10", c.twist)
			if v.Passed || v.Before != c.before || v.After != c.after || v.Differs == nil {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestWhatTheCopyDoesNotNeedIsLeftOutOfTheFix(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	extra := change.In("host", "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0")
	for _, c := range []struct {
		name  string
		twist func(*explain.Answer)
	}{
		{"behind", func(a *explain.Answer) { a.Fix = append(a.Fix, extra) }},
		{"before", func(a *explain.Answer) { a.Fix = append([]change.Command{extra}, a.Fix...) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			n.t = t
			v, a := n.try("pod", "203.0.113.10", c.twist)
			if !v.Passed || len(v.Dropped) != 1 || !v.Dropped[0].Equal(extra) || len(v.Fix) != len(a.Fix)-1 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// The packet that is lost before teaches its sender an MTU that is gone after the fix.
func TestWhatAPacketTaughtBeforeIsForgottenAfter(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("host: ip link set eth0 mtu 1400\ninet: ip link set up0 mtu 1400")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10"), Size: 1472, DF: true}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Try(t.Context(), world, req, a)
	if err != nil || v == nil || !v.Passed || len(v.Instead) > 0 {
		t.Errorf("%v: %+v, %v", a.Fix, v, err)
	}
	// Where the sender remembers it already, that has to be taken away as well.
	probe.Ping(t.Context(), n.spaces["pod"], probe.Echo{Dst: req.Dest, Size: req.Size, DF: true, Timeout: time.Second})
	v, err = Try(t.Context(), world, req, a)
	if err != nil || v == nil || !v.Passed || len(v.Dropped) > 0 {
		t.Errorf("%v: %+v, %v", a.Fix, v, err)
	}
	n.apply(v.Fix)
	if r := probe.Ping(t.Context(), n.spaces["pod"], probe.Echo{Dst: req.Dest, Size: req.Size, DF: true}); r.Outcome != probe.Replied {
		t.Errorf("a verified fix does not mend the network: %s", r.Message)
	}
}

func TestNothingIsTriedWhereNothingIsBroken(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	if v, _ := n.try("pod", "203.0.113.10", nil); v != nil {
		t.Errorf("%+v", v)
	}
}

// hide takes the name of a namespace away: it is still there, and cannot be seen.
func (n *network) hide(netns string) {
	n.t.Helper()
	if err := nsenter.Delete("/run/netns/" + netns); err != nil {
		n.t.Fatal(err)
	}
}

func TestTheFarSideOfAWireAnswersAsItWasSeenTo(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("inet: ip route del 10.244.1.0/24")
	n.answered("host", "203.0.113.10")
	n.sends = true
	n.hide("inet")
	v, a := n.try("pod", "203.0.113.10", func(a *explain.Answer) {
		if a.Verdict != explain.Broken {
			t.Fatalf("%+v", a)
		}
	})
	if !v.Passed || slices.Contains(v.Copied, "inet") {
		t.Errorf("%+v, %v", v, a.Fix)
	}
}

func TestTryingLeavesNothing(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	look := func() (all []any) {
		for _, name := range []string{"pod", "host", "inet"} {
			s, err := table.Read(t.Context(), n.spaces[name], table.ReadOptions{Tables: table.AllTables &^ table.Neighbours})
			if err != nil {
				t.Fatal(err)
			}
			data, err := json.Marshal([]any{s.Links, s.Addrs, s.Routes, s.PolicyRules, s.Sysctls})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(data))
		}
		names, err := os.ReadDir("/run/netns")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			all = append(all, name.Name())
		}
		return all
	}
	before := look()
	// The kernel may put off for a second what a carrier brings about (linkwatch_schedule_work()).
	for until := time.Now().Add(3 * time.Second); strings.Contains(fmt.Sprint(before), "NO-CARRIER") && time.Now().Before(until); before = look() {
		time.Sleep(10 * time.Millisecond)
	}
	n.try("pod", "203.0.113.10", nil)
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Error(diff)
	}
}

func TestTryingEndsWithItsContext(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10")}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	a.Fix = append(a.Fix, change.In("pod", "sleep", "60"))
	ended := errors.New("ended by the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(ended) })
	begun := time.Now()
	if _, err := Try(ctx, world, req, a); !errors.Is(err, ended) {
		t.Errorf("Try: %v", err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A stranger names a device so that a shell would run what is in it.
func TestHostileNamesReachNoShell(t *testing.T) {
	const netns, dev = "a;touch pwned", "$(id>p)&'\"" // of at most 15 characters
	dir := t.TempDir()
	t.Chdir(dir)
	evil := labtest.Netns(t, netns)
	n := build(t, "host: ip link set lo up", "host")
	n.spaces[netns] = evil
	run := func(argv ...string) {
		t.Helper()
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v: %s", argv, err, out)
		}
	}
	run("ip", "-n", netns, "link", "add", dev, "type", "veth", "peer", "name", "e0", "netns", "host")
	run("ip", "-n", netns, "addr", "add", "10.0.0.1/24", "dev", dev)
	n.run("host: ip link set e0 up\nhost: ip addr add 10.0.0.2/24 dev e0")
	v, a := n.try(netns, "10.0.0.2", nil)
	if v == nil || !v.Passed {
		t.Errorf("%+v: %v", v, a.Fix)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("a shell has run a name: %v, %v", left, err)
	}
}

func TestVerifiedIsAContractForPrograms(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	v, _ := n.try("pod", "203.0.113.10", nil)
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passed", "copied", "before", "after", "minimal", "others", "not_copied"} {
		if got[name] == nil {
			t.Errorf("%s is missing: %s", name, data)
		}
	}
}
