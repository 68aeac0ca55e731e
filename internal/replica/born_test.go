package replica

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// Once ipip is loaded, a namespace is born with tunl0, which nobody can delete, where the original may
// have its eth0. Here such devices are made by hand, in the namespace of the lab.
func TestACopyMovesInWithTheDevicesThatAreThere(t *testing.T) {
	labtest.Slow(t)
	originals, n := original(t, `
		a: ip link set lo up
		a: ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth1 address 02:00:00:00:00:02
		a: ip link add br0 address 02:00:00:00:00:03 type bridge
		a: ip link add vx0 address 02:00:00:00:00:04 type vxlan id 7 dev eth0 dstport 4789
		a: ip link set vx0 master br0
		a: ip link add same address 02:00:00:00:00:05 mtu 1400 type bridge
		a: for dev in eth0 eth1 br0; do ip link set $dev up; done
		a: ip addr add 10.1.0.1/24 dev eth0
		a: ip addr add 10.2.0.1/24 dev br0
		a: ip addr add 10.3.0.1/24 dev same
		a: ip neigh add 10.1.0.2 lladdr 02:00:00:00:00:09 dev eth0
		a: ip link set vx0 up
		a: ip nexthop add id 5 via 10.1.0.5 dev eth0
		a: ip route add 10.8.0.0/16 nhid 5
		a: ip route add default via 10.1.0.2 dev eth0
		a: ip route add 10.9.0.0/16 nexthop via 10.1.0.3 nexthop via 10.2.0.3
		a: ip rule add iif eth0 lookup 99 pref 98
		a: ip neigh add proxy 10.1.0.77 dev eth0
		a: bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.1.0.2 via eth0
		a: bridge fdb add 02:00:00:00:00:07 dev vx0 master static
		a: ! type nft >/dev/null || nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }' || true
		a: ! type nft >/dev/null || nft 'add rule ip t c meta iif eth0 drop; add rule ip t c meta oif != { br0, eth1 } drop; add rule ip t c meta mark 2 drop; add rule ip t c fib saddr oif eth1 drop' || true
	`, "a")
	n.Spaces[0].Name = ""
	here, err := nsenter.Open("current", current)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	// One that the original does not have, the same, and another of the same name.
	born := map[string]*nsenter.Namespace{"here": here}
	labtest.Script(t, born, `
		here: ip link add other type bridge
		here: ip link add same type bridge
		here: ip link add vx0 type bridge
		here: ip link set other up
	`)
	t.Cleanup(func() {
		labtest.Script(t, born, "here: for dev in other same bornvx0 vx0 br0 eth0; do ip link del $dev; done; ! type nft >/dev/null || nft delete table ip t || true")
	})
	c := build(t, n)
	for _, m := range c.Missing {
		t.Errorf("not copied: %+v", m)
	}
	want, have := tables(t, originals["a"]), tables(t, c.Spaces[0])
	var others []string
	for _, l := range have.Links {
		if !slices.ContainsFunc(want.Links, func(other table.Link) bool { return other.Name == l.Name }) {
			others = append(others, l.Name)
		}
	}
	if !slices.Equal(others, []string{"other", "bornvx0"}) {
		t.Errorf("the copy has also %q", others)
	}
	have = have.without(others)
	if diff := cmp.Diff(want, have, cmpopts.SortSlices(func(a, b table.Link) bool { return a.Name < b.Name }),
		cmpopts.SortSlices(func(a, b Setting) bool { return a.Path < b.Path }), cmpopts.SortSlices(func(a, b table.Sysctl) bool { return a.Key < b.Key }),
		cmpopts.SortSlices(func(a, b table.Addr) bool { return a.Prefix.Compare(b.Prefix) < 0 }), cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}),
		cmpopts.IgnoreFields(table.Link{}, "Index", "PeerIndex", "PeerNetns", "PeerNetnsID"), cmpopts.IgnoreFields(table.Addr{}, "Index"), cmpopts.IgnoreFields(table.VXLAN{}, "Underlay"),
		cmpopts.IgnoreFields(table.Neighbour{}, "Age", "Since")); diff != "" {
		t.Errorf("differs (-original +copy):\n%s", diff)
	}
	for _, args := range [][]string{{"nft", "list", "ruleset"}, {"sh", "-c", "bridge fdb show dev vx0 | sort"}, {"ip", "nexthop"}, {"sh", "-c", "ip -d link show vx0 | grep -o 'id 7 .*srcport'"}, {"ip", "neigh", "show", "proxy"}} {
		if _, err := exec.LookPath(args[0]); err != nil {
			continue
		}
		if want, have := said(t, originals["a"], args), said(t, c.Spaces[0], args); want != have {
			t.Errorf("%q says in the original\n%s\nand in the copy\n%s", args, want, have)
		}
	}
}

// A fallback tunnel is copied into the one that the copy is born with: Calico sends its packets by it.
func TestAFallbackTunnelIsTheOneThatIsThere(t *testing.T) {
	if links, err := os.ReadFile("/proc/net/dev"); err != nil || !strings.Contains(string(links), "tunl0:") {
		t.Skip("this kernel has no tunl0 (the module ipip)")
	}
	originals, n, c := copied(t, `
		a: ip link set lo up
		a: ip link set tunl0 mtu 1440 up
		a: ip addr add 10.2.1.0/32 dev tunl0
		a: ip route add 10.2.2.0/24 via 10.1.0.2 dev tunl0 onlink
	`, "a")
	for _, m := range c.Missing {
		t.Errorf("not copied: %+v", m)
	}
	same(t, originals, n, c)
}

// without are the tables without what is of some devices.
func (s tabled) without(devices []string) tabled {
	has := func(dev string) bool { return slices.Contains(devices, dev) }
	s.Links = slices.DeleteFunc(s.Links, func(l table.Link) bool { return has(l.Name) })
	s.Addrs = slices.DeleteFunc(s.Addrs, func(a table.Addr) bool { return has(a.Dev) })
	s.Routes = slices.DeleteFunc(s.Routes, func(r table.Route) bool { return has(r.Dev) })
	s.Near = slices.DeleteFunc(s.Near, func(n table.Neighbour) bool { return has(n.Dev) })
	s.Six = slices.DeleteFunc(s.Six, func(one Setting) bool { dev, _, ok := strings.Cut(one.Path, "."); return ok && has(dev) })
	s.Sysctls = slices.DeleteFunc(s.Sysctls, func(one table.Sysctl) bool {
		return slices.ContainsFunc(devices, func(dev string) bool { return strings.Contains(one.Key, "."+dev+".") })
	})
	return s
}

// said is what a program says in a namespace, be it that it fails.
func said(t *testing.T, ns *nsenter.Namespace, args []string) (out string) {
	t.Helper()
	err := ns.Do(func() error {
		text, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		out = fmt.Sprintf("%s%v", text, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
