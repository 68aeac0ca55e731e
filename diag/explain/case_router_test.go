package explain_test

import (
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// ownAddress leaves a pod with an address and no network.
const ownAddress = "pod-a: ip addr flush dev eth0\npod-a: ip addr add 10.244.1.10/32 dev eth0"

// TestARouterThatNothingNames: whom the default route led to is out of sight. It is offered
// again where something here tells of him; else it is said what has to be put in.
func TestARouterThatNothingNames(t *testing.T) {
	labtest.Slow(t)
	const elsewhere = "inet: ip addr del 192.168.6.1/24 dev up0\ninet: ip addr add 192.168.6.254/24 dev up0\nhost: ip route del default\n"
	for _, c := range []struct {
		name, script string
		base         baseNetwork
		hide         []string
		from         string
		silent       bool   // no echo may be sent
		router       string // that is offered; empty: none
		says         string
		dead         bool // nobody is there
		heard        string
	}{
		{name: "the first address is there", base: masqueraded, script: "host: ip route del default", hide: []string{"inet"}, from: "host",
			router: "192.168.6.1", says: "192.168.6.1 dev eth0 lladdr"},
		{name: "… which only an echo can tell", base: masqueraded, script: "host: ip route del default", hide: []string{"inet"}, from: "host",
			silent: true, says: "nothing here names the router of 192.168.6.0/24"},
		{name: "it is another one", base: masqueraded, script: elsewhere, hide: []string{"inet"}, from: "host", says: "default via ADDRESS dev eth0"},
		{name: "it is another one, of whom another route tells", base: masqueraded, script: elsewhere + "host: ip route add 10.0.0.0/8 via 192.168.6.254",
			hide: []string{"inet"}, from: "host", router: "192.168.6.254", says: "10.0.0.0/8 via 192.168.6.254"},
		{name: "it is another one, of a device with a strange name", base: masqueraded, script: elsewhere + "host: ip link set eth0 down\nhost: ip link set eth0 name 'a$(b)'\nhost: ip link set 'a$(b)' up",
			hide: []string{"inet"}, from: "host", says: "default via ADDRESS dev 'a$(b)'"},
		{name: "the first address is one's own", base: masqueraded, script: "inet: ip addr flush dev up0\nhost: ip addr flush dev eth0\nhost: ip addr add 192.168.6.1/24 dev eth0",
			hide: []string{"inet"}, from: "host", says: "nothing here names the router"},
		{name: "the network is the address alone", base: masqueraded, script: "inet: ip route add 192.168.77.5 dev up0\nhost: ip addr flush dev eth0\nhost: ip addr add 192.168.77.5/32 dev eth0",
			hide: []string{"inet"}, from: "host", says: "default via ADDRESS dev eth0 onlink"},
		{name: "a neighbour has it", base: switched, script: "host2: ip route add default via 10.57.4.99", hide: []string{"host3"}, from: "host1",
			router: "10.57.4.99", says: ": default via 10.57.4.99 dev eth0", dead: true},
		{name: "a network of two", base: masqueraded, script: "inet: ip addr flush dev up0\ninet: ip addr add 192.168.6.161/31 dev up0\nhost: ip addr flush dev eth0\nhost: ip addr add 192.168.6.160/31 dev eth0",
			hide: []string{"inet"}, from: "host", silent: true, router: "192.168.6.161"},
		{name: "a pod has an address alone, and its node may have any", base: masqueraded, script: ownAddress, hide: []string{"host", "inet"}, from: "pod-a",
			says: "nothing here names the router of 10.244.1.10/32"},
		{name: "… and has found one neighbour", base: masqueraded, script: ownAddress, hide: []string{"host", "inet"}, from: "pod-a",
			heard: "pod-a: ip neigh add 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud stale", router: "169.254.10.24", says: "169.254.10.24 dev eth0 lladdr"},
		{name: "… and two", base: masqueraded, script: ownAddress, hide: []string{"host", "inet"}, from: "pod-a",
			heard: "pod-a: ip neigh add 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud stale\npod-a: ip neigh add 10.244.1.7 lladdr 02:00:00:00:a0:01 dev eth0 nud stale",
			says:  "nothing here names the router of 10.244.1.10/32"},
		{name: "… beside who can be seen", base: masqueraded, script: ownAddress, from: "pod-a", router: "169.254.10.24"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.script)
			b := c.base.build(t)
			b.run(c.script)
			b.forget()
			b.hurry()
			b.run(c.heard)
			for _, netns := range c.hide {
				b.hide(netns)
			}
			ping := breakage{from: c.from, to: "203.0.113.10"}
			a := b.explain(ping, !c.silent)
			if a.Cause.Code != cause.NoRoute || b.script(a.Cause.Netns) != c.from {
				t.Fatal(b.account(a))
			}
			if !slices.ContainsFunc(a.Cause.Evidence, func(line explain.Text) bool { return strings.Contains(line.String(), c.says) }) {
				t.Errorf("the evidence does not say %q: %v", c.says, a.Cause.Evidence)
			}
			switch {
			case c.router == "" && len(a.Fix) > 0, c.router != "" && (len(a.Fix) != 1 || !strings.Contains(a.Fix[0].String(), "default via "+c.router+" dev eth0")):
				t.Errorf("the fix is %v, want by %q", a.Fix, c.router)
			case c.router != "" && !c.dead:
				b.apply(a.Fix[0])
				if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
					t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
				}
			}
		})
	}
}
