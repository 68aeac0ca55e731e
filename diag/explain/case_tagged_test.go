package explain_test

import (
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// trunked is a container in VLAN 10 of a bridge that filters by VLAN, and a router behind a
// port that carries it with its tag.
var trunked = baseNetwork{name: "trunk", script: `
host: ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0
host: ip link set br0 up
host: ip link add eth0 type veth peer name up0 netns inet
host: ip link set eth0 master br0 up
host: bridge vlan add dev eth0 vid 10
host: ip link add v1 type veth peer name eth0 netns c1
host: ip link set v1 master br0 up
host: bridge vlan add dev v1 vid 10 pvid untagged
c1: ip addr add 10.5.0.2/24 dev eth0
c1: ip link set eth0 up
inet: ip link set up0 up
inet: ip link add link up0 name up0.10 type vlan id 10
inet: ip addr add 10.5.0.1/24 dev up0.10
inet: ip link set up0.10 up
`}

// TestATagIsKeptBeyondTheEdge: what comes back by a trunk has the tag that the request left
// with. A port without a VLAN of its own gets that of all others, and a bridge that is not in
// the VLAN of its port is put there.
func TestATagIsKeptBeyondTheEdge(t *testing.T) {
	needVLANs(t)
	needTools(t, trunked.script)
	for _, c := range []struct{ name, fault, hide, to string }{
		{"healthy", "", "inet", "10.5.0.1"},
		{"a port has no VLAN", "host: bridge vlan del dev v1 vid 10", "inet", "10.5.0.1"},
		{"the bridge is in none", "host: ip addr add 10.5.0.9/24 dev br0", "inet", "10.5.0.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := trunked.build(t)
			if c.fault != "" {
				b.run(c.fault)
			}
			b.hurry()
			b.hide(c.hide)
			ping := breakage{from: "c1", to: c.to}
			a := b.explain(ping, true)
			if c.fault == "" {
				if a.Verdict != explain.Delivered || a.Cause.Code != cause.None {
					t.Error(b.account(a))
				}
				return
			}
			if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || b.script(a.Cause.Netns) != "host" || len(a.Fix) != 1 {
				t.Fatal(b.account(a))
			}
			b.apply(a.Fix[0])
			if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
				t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
			}
		})
	}
}

// needVLANs skips a test where the kernel has no VLANs.
func needVLANs(t *testing.T) {
	t.Helper()
	yes, here := true, labtest.Netns(t, "here")
	if err := here.Do(func() error {
		if err := netlink.LinkAdd(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: "d0"}}); err != nil {
			return err
		}
		dummy, err := netlink.LinkByName("d0")
		if err != nil {
			return err
		}
		if err := netlink.LinkAdd(&netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: "d0.10", ParentIndex: dummy.Attrs().Index}, VlanId: 10}); err != nil {
			return err
		}
		return netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}, VlanFiltering: &yes})
	}); err != nil {
		t.Skipf("this kernel has no VLANs: %v", err)
	}
}

// TestWhatAVLANIsOnComesUpFirst: its own device cannot before, and its routes are gone.
func TestWhatAVLANIsOnComesUpFirst(t *testing.T) {
	needVLANs(t)
	b := baseNetwork{name: "tagged", script: `
host: ip link add eth0 type veth peer name up0 netns inet
host: ip link set eth0 up
inet: ip link set up0 up
host: ip link add link eth0 name eth0.10 type vlan id 10
inet: ip link add link up0 name up0.10 type vlan id 10
host: ip addr add 10.5.0.2/24 dev eth0.10
inet: ip addr add 10.5.0.1/24 dev up0.10
host: ip link set eth0.10 up
inet: ip link set up0.10 up
host: ip link add v1 type veth peer name eth0 netns c1
host: ip addr add 10.9.0.1/24 dev v1
host: ip link set v1 up
c1: ip addr add 10.9.0.2/24 dev eth0
c1: ip link set eth0 up
c1: ip route add default via 10.9.0.1
inet: ip addr add 203.0.113.10/32 dev lo
inet: ip route add 10.9.0.0/24 via 10.5.0.2
host: ip route add default via 10.5.0.1
host: sysctl -qw net.ipv4.ip_forward=1`}.build(t)
	b.run("host: ip link set eth0 down")
	ping := breakage{from: "c1", to: "203.0.113.10"}
	a := b.explain(ping, true)
	if a.Cause.Code != cause.LinkDown || b.script(a.Cause.Netns) != "host" || a.Cause.Detail.String() != "eth0 is down" {
		t.Error(b.account(a))
	}
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
	}
}

// bonded is a host with a VLAN on a bond of two cards, of which one has no carrier, and somebody
// else behind the switch.
var bonded = baseNetwork{name: "a VLAN on a bond", script: `
sw: ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0
sw: ip link set br0 up
sw: ip link add p1 type veth peer name eth0 netns host
sw: ip link add p2 type veth peer name eth1 netns host
sw: ip link add p3 type veth peer name eth0 netns far
sw: ip link set p1 master br0
sw: ip link set p2 master br0 up
sw: ip link set p3 master br0 up
sw: bridge vlan add dev p1 vid 20
sw: bridge vlan add dev p2 vid 20
sw: bridge vlan add dev p3 vid 20 pvid untagged
far: ip addr add 10.20.0.2/24 dev eth0
far: ip link set eth0 up
host: ip link add bond0 type bond mode active-backup miimon 20
host: ip link set eth0 master bond0
host: ip link set eth1 master bond0
host: ip link set bond0 up
host: ip link add link bond0 name bond0.20 type vlan id 20
host: ip addr add 10.20.0.1/24 dev bond0.20
host: ip link set bond0.20 up
`}

// TestATagComesThroughABond: what comes in by a card of a bond with a tag is for the VLAN device
// that stands on the bond.
func TestATagComesThroughABond(t *testing.T) {
	needVLANs(t)
	if err := labtest.Netns(t, "bond").Do(func() error { return netlink.LinkAdd(netlink.NewLinkBond(netlink.LinkAttrs{Name: "bond0"})) }); err != nil {
		t.Skip("no bonds on this kernel: ", err)
	}
	needTools(t, bonded.script)
	for name, hidden := range map[string][]string{"seen": nil, "the switch cannot be seen": {"sw", "far"}} {
		t.Run(name, func(t *testing.T) {
			b := bonded.build(t)
			ping := breakage{from: "host", to: "10.20.0.2"}
			if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
				t.Fatal(r.Message)
			}
			for _, netns := range hidden {
				b.hide(netns)
			}
			if a := b.explain(ping, true); a.Verdict != explain.Delivered || a.Cause.Code != cause.None {
				t.Error(b.account(a))
			}
		})
	}
}

// ported is a node whose uplink is a port of a bridge that filters by VLAN, in VLAN 1, and a pod
// whose port is in another one.
var ported = baseNetwork{name: "ported", script: `
host: ip link add br0 type bridge vlan_filtering 1
host: ip link add eth0 type veth peer name up0 address 02:00:0a:05:00:01 netns inet
host: ip link add v1 type veth peer name eth0 netns c1
host: ip link set eth0 master br0 up
host: ip link set v1 master br0 up
host: ip link set br0 up
host: ip addr add 10.5.0.9/24 dev br0
host: bridge vlan del dev v1 vid 1
host: bridge vlan add dev v1 vid 10 pvid untagged
c1: ip addr add 10.5.0.2/24 dev eth0
c1: ip link set eth0 up
c1: ip route add default via 10.5.0.1
inet: ip link set up0 up
inet: ip addr add 10.5.0.1/24 dev up0
inet: ip addr add 203.0.113.10/32 dev lo
`}

// TestAGatewayInAnotherVLAN: the bridge has heard of the gateway in the VLAN of the uplink: it is
// the pod's port that is in the wrong one. Where nobody has heard of it, nothing tells which is.
func TestAGatewayInAnotherVLAN(t *testing.T) {
	needVLANs(t)
	needTools(t, ported.script)
	for _, heard := range []bool{true, false} {
		b := ported.build(t)
		if heard {
			b.run("host: ping -c1 -W2 10.5.0.1")
		}
		b.hurry()
		b.hide("inet")
		ping := breakage{from: "c1", to: "203.0.113.10"}
		a := b.explain(ping, true)
		if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || b.script(a.Cause.Netns) != "host" || len(a.Fix) != 1 || len(a.Next) > 0 {
			t.Fatal(b.account(a))
		}
		if heard != strings.Contains(a.Fix[0].String(), "dev v1 vid 1 pvid untagged") {
			t.Fatalf("heard of: %t\n%s", heard, b.account(a))
		}
		if b.apply(a.Fix[0]); !heard {
			continue
		}
		if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
			t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
		}
	}
}
