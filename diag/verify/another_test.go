package verify

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/replica/nftables"
)

// Where the fix that was found fails its trial, others are tried, and the one that
// passes is told.
func TestAnotherFixIsTriedWhereTheFirstOneFails(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default")
	right := change.In("pod", "ip", "route", "add", "default", "via", "10.244.1.1", "dev", "eth0")
	elsewhere := change.In("pod", "ip", "route", "add", "198.51.100.0/24", "via", "10.244.1.1")
	for _, c := range []struct {
		name string
		fix  []change.Command
	}{
		{"a route to elsewhere", []change.Command{elsewhere}},
		{"a command that fails", []change.Command{right, change.In("pod", "ip", "route", "add", "default", "via", "10.99.99.99")}},
		{"half of it", []change.Command{change.In("pod", "ip", "link", "set", "lo", "up")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n.t = t
			v, _ := n.try("pod", "203.0.113.10", func(a *explain.Answer) { a.Fix = c.fix })
			if !v.Passed || !v.Minimal || len(v.Fix) != 1 || v.Fix[0].Netns != "pod" || v.Fix[0].Argv[1] != "route" {
				t.Errorf("%v: %+v", v.Fix, v)
			}
			if !slices.EqualFunc(v.Instead, c.fix, change.Command.Equal) {
				t.Errorf("instead of %v", v.Instead)
			}
		})
	}
	n.t = t
}

// A second fault that the answer says nothing of is found in the copy.
func TestFixesArePutTogether(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default\nhost: sysctl -qw net.ipv4.ip_forward=0")
	v, _ := n.try("pod", "203.0.113.10", func(a *explain.Answer) { a.Fix = a.Fix[:1] })
	if !v.Passed || len(v.Fix) != 2 || len(v.Instead) != 1 {
		t.Errorf("%v instead of %v: %+v", v.Fix, v.Instead, v)
	}
}

// So is one that a rule mends which asks for the state of a connection: no connection is copied,
// but what the copy begins with, it remembers.
func TestARuleForRepliesIsPutBesideAFix(t *testing.T) {
	if _, err := exec.LookPath("iptables"); err != nil {
		t.Skip(err)
	}
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: ip route del default\npod: iptables -P INPUT DROP")
	v, _ := n.try("pod", "203.0.113.10", func(a *explain.Answer) { a.Fix = a.Fix[:1] })
	if !v.Passed || len(v.Fix) != 2 || !slices.Contains(v.Fix[1].Argv, "conntrack") {
		t.Errorf("%v instead of %v: %+v", v.Fix, v.Instead, v)
	}
}

// The kernel counts what is made in a table. A handle names the same rule in the copy, or the
// fix is not tried.
func TestAHandleIsOfTheSameRuleInTheCopy(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip(err)
	}
	const gone = `pod: for i in 1 2; do echo add rule ip q o counter; done | nft -f -; nft flush chain ip q o`
	n := build(t, routed, "pod", "host", "inet")
	n.run("pod: nft 'add table ip q; add chain ip q o { type filter hook output priority 0; }'\n" + gone)
	n.run("pod: nft add rule ip q o counter\npod: nft add rule ip q o ip ttl set 1\nhost: sysctl -qw net.ipv4.ip_forward=0")
	for _, c := range []struct {
		name  string
		twist func(*explain.Answer)
	}{
		{"found at once", nil},
		{"found in the copy", func(a *explain.Answer) {
			a.Fix = slices.DeleteFunc(a.Fix, func(c change.Command) bool { return c.Argv[0] == "nft" })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n.t = t
			var found []change.Command
			v, _ := n.try("pod", "203.0.113.10", func(a *explain.Answer) {
				if found = slices.Clone(a.Fix); c.twist != nil {
					c.twist(a)
				}
			})
			if !v.Passed || !slices.ContainsFunc(v.Fix, found[0].Equal) || !slices.ContainsFunc(v.Fix, found[1].Equal) {
				t.Errorf("%v, and not %v: %+v", v.Fix, found, v)
			}
		})
	}
	n.t = t
	most := fmt.Sprint(nftables.MostSkipped/1500 + 1)
	n.run("pod: nft delete rule ip q o handle 5\npod: for i in $(seq " + most + "); do (for j in $(seq 1500); do echo add rule ip q o counter; done; echo flush chain ip q o) | nft -f -; done; nft add rule ip q o ip ttl set 1")
	v, a := n.try("pod", "203.0.113.10", nil)
	if v.Passed || v.After != NotTried || v.Before != SameCause || !strings.Contains(v.Differs.In("en"), "no longer in use") {
		t.Errorf("%v: %+v", a.Fix, v)
	}
}

func TestWhereNoFixPassesTheNearestIsTold(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	useless := []change.Command{change.In("pod", "ip", "link", "set", "lo", "up"), change.In("pod", "false")}
	v, _ := n.try("pod", "192.168.6.77", func(a *explain.Answer) { a.Verdict, a.Fix = explain.Broken, useless })
	if v.Passed || v.Before != SameCause || v.After != NotDelivered || v.Tried < 2 || v.Differs == nil {
		t.Fatalf("%+v", v)
	}
	if said := v.Differs.In("en"); !strings.Contains(said, "none of the") || !strings.Contains(said, "nearest") {
		t.Errorf("it is said: %s", said)
	}
}

// What lets a whole network through is not offered where a rule for the pod alone does.
func TestAFixThatOpensMoreIsNotOfferedWhereANarrowerOnePasses(t *testing.T) {
	n := build(t, `
pod: ip link add eth0 type veth peer name v1 netns host
other: ip link add eth0 type veth peer name v2 netns host
host: ip link add br0 type bridge forward_delay 0
host: ip addr add 10.244.1.1/24 dev br0
host: ip link set v1 master br0 up
host: ip link set v2 master br0 up
host: ip link set br0 up
host: sysctl -qw net.ipv4.ip_forward=1
pod: ip addr add 10.244.1.10/24 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 10.244.1.1
other: ip addr add 10.244.1.11/24 dev eth0
other: ip link set eth0 up
other: ip route add default via 10.244.1.1
host: ip link add out0 type veth peer name eth0 netns far
host: ip addr add 192.168.7.1/24 dev out0
host: ip link set out0 up
far: ip addr add 192.168.7.2/24 dev eth0
far: ip link set eth0 up
far: ip route add default via 192.168.7.1
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
`, "pod", "host", "other", "far")
	opens := func(v *Verified) bool {
		return slices.Contains(v.Others.Flows, Changed{From: "other", To: "192.168.7.2", Change: Opened})
	}
	v, a := n.try("pod", "192.168.7.2", nil)
	if len(a.Swaps()) == 0 {
		t.Fatalf("there is nothing narrower: %v", a.Fix)
	}
	if !v.Passed || opens(v) || !slices.EqualFunc(v.Instead, a.Fix, change.Command.Equal) {
		t.Errorf("%v instead of %v: %+v", v.Fix, v.Instead, v.Others)
	}
	n.apply(v.Fix)
	n.answered("pod", "192.168.7.2")
	n.run("host: iptables -P FORWARD ACCEPT\nhost: ip rule add from 10.244.1.0/24 pref 100 prohibit")
	if v, a := n.try("pod", "192.168.7.2", nil); !v.Passed || opens(v) || len(v.Instead) == 0 {
		t.Errorf("of %v, %v: %+v", a.Fix, v.Fix, v.Others)
	}
}

// An entry of a bridge moves to a port that learns as soon as its owner asks for somebody. As
// long as he knows everybody, he asks for nobody: the entry has to go.
func TestAFixDoesNotRelyOnWhoWillAsk(t *testing.T) {
	n := build(t, `
host: ip link add br0 type bridge
host: ip addr add 10.244.1.1/24 dev br0
host: ip link set br0 up
pod: ip link add eth0 address 02:00:00:00:b0:01 type veth peer name p1 netns host
pod: ip addr add 10.244.1.10/24 dev eth0
pod: ip link set eth0 up
other: ip link add eth0 type veth peer name p2 netns host
other: ip link set eth0 up
host: ip link set p1 master br0 up
host: ip link set p2 master br0 up
`, "host", "pod", "other")
	n.answered("host", "10.244.1.10")
	n.run("host: bridge fdb replace 02:00:00:00:b0:01 dev p2 master static\nhost: bridge link set dev p1 learning off flood off")
	v, a := n.try("host", "10.244.1.10", nil)
	if v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.answered("host", "10.244.1.10")
}

// A neighbour that is remembered is forgotten in a while, though nobody may have his address
// any more: a fix of something else makes the packet arrive until then.
func TestAFixDoesNotRelyOnWhoIsRememberedOnly(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.answered("pod", "203.0.113.10")
	n.run("inet: ip addr del 192.168.6.1/24 dev up0\ninet: ip route add 192.168.6.160 dev up0\ninet: ip route add 10.244.1.0/24 via 192.168.6.160")
	n.run("pod: ip route add prohibit 203.0.113.0/24")
	v, a := n.try("pod", "203.0.113.10", nil)
	if v == nil || !v.Passed {
		t.Logf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
		return
	}
	n.apply(v.Fix)
	n.run("host: ip neigh flush dev eth0")
	n.answered("pod", "203.0.113.10")
}

// Where a first fault has a command, and what is behind it has none, the trial tells that the
// first one is gone, and what is left. What no copy knows is no fault.
func TestWhatIsLeftAfterAFixIsTold(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct{ name, fault, hide, to, want string }{
		{"an address that nobody has", "inet: ip addr del 203.0.113.10/32 dev lo\ninet: ip route add 203.0.113.10 dev up0", "", "203.0.113.10", "the packet dies of what is behind it: destination-absent in inet"},
		{"nobody who masquerades for a private address", "inet: ip addr add 192.168.6.77/24 dev up0", "inet", "192.168.6.77", "no copy can tell: not-masqueraded in host is possible"},
		{"nobody who answers the node", "host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "inet", "192.168.6.1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := build(t, routed, "pod", "host", "inet")
			n.run("pod: ip route del default\n" + c.fault)
			if c.hide != "" {
				n.hide(c.hide)
			}
			v, a := n.try("pod", c.to, nil)
			if v == nil || v.Passed != (c.want == "") || c.want != "" && !strings.Contains(v.Differs.In("en"), c.want) {
				t.Errorf("%v: %+v", a.Fix, v)
			}
		})
	}
}
