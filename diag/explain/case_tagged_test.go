package explain_test

import (
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
