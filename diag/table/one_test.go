package table_test

import (
	"errors"
	"net"
	"slices"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

func openOne(t *testing.T, ns *nsenter.Namespace) *table.One {
	t.Helper()
	one, err := table.OpenOne(ns)
	snapOK(t, err)
	t.Cleanup(one.Close)
	return one
}

// TestOneObjectIsTheRowOfItsTable compares with the dumps, whose lines are
// compared with ip's elsewhere.
func TestOneObjectIsTheRowOfItsTable(t *testing.T) {
	a, b := snapPair(t)
	h := snapHandle(t, b)
	snapOK(t, h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}))
	snapOK(t, h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "port", MasterIndex: snapIndex(t, b, "br0")}, PeerName: "other"}))
	for _, ns := range []*nsenter.Namespace{a, b} {
		one, all := openOne(t, ns), snapRead(t, ns)
		for _, want := range all.Links {
			byName, err := one.Link(want.Name)
			snapOK(t, err)
			byIndex, err := one.LinkByIndex(want.Index)
			snapOK(t, err)
			want.PeerNetns = "" // is not looked for
			if byName.Line() != want.Line() || byName.AddressLine() != want.AddressLine() || byIndex.Line() != want.Line() {
				t.Errorf("%s: by name  %s\nby index %s\nwant     %s", want.Name, byName.Line(), byIndex.Line(), want.Line())
			}
			addrs, err := one.Addrs(want.Index)
			snapOK(t, err)
			if got, want := table.SnapshotLines(addrs), table.SnapshotLines(all.AddrsOn(want.Name)); !slices.Equal(got, want) {
				t.Errorf("addresses %q, want %q", got, want)
			}
		}
	}
}

func TestOneObjectThatIsNotThere(t *testing.T) {
	one := openOne(t, labtest.Netns(t, "empty"))
	if _, err := one.Link("absent"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("Link: %v", err)
	}
	if _, err := one.LinkByIndex(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("LinkByIndex: %v", err)
	}
	if _, err := one.Addrs(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("Addrs: %v", err)
	}
	if _, found, err := one.Neighbour(1, snapIP("10.0.0.1")); found || err != nil {
		t.Errorf("Neighbour: %v, %v", found, err)
	}
	if _, err := one.Route(table.RouteRequest{Dst: snapIP("10.0.0.1")}); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("Route: %v", err)
	}
	if _, err := one.RouteEntry(table.RouteRequest{Dst: snapIP("10.0.0.1")}); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("RouteEntry: %v", err)
	}
	if id := one.NetnsID(0); id >= 0 {
		t.Errorf("NetnsID of no namespace = %d", id)
	}
}

func TestOneNamespaceIsFoundByItsNumber(t *testing.T) {
	a, b := snapPair(t)
	one := openOne(t, a)
	eth0, err := one.Link("eth0")
	snapOK(t, err)
	for range 3 { // other requests on the socket in between
		if id := one.NetnsID(int(b.FD())); id < 0 || id != eth0.PeerNetnsID {
			t.Errorf("b is %d, the peer of eth0 in %d", id, eth0.PeerNetnsID)
		}
		if id := one.NetnsID(int(a.FD())); id >= 0 {
			t.Errorf("a has the number %d for itself", id)
		}
		_, err := one.Link("lo")
		snapOK(t, err)
	}
	one.Close()
	if id := one.NetnsID(int(b.FD())); id >= 0 {
		t.Errorf("after Close: %d", id)
	}
}

func TestOneNeighbourAndItsPublishedNamesake(t *testing.T) {
	a, _ := snapPair(t)
	one, h, eth0 := openOne(t, a), snapHandle(t, a), snapIndex(t, a, "eth0")
	snapOK(t, h.NeighAdd(&netlink.Neigh{
		LinkIndex: eth0, IP: net.IPv4(172, 20, 1, 1), HardwareAddr: snapMAC("02:00:00:00:00:01"), State: netlink.NUD_PERMANENT,
	}))
	snapOK(t, h.NeighAdd(&netlink.Neigh{
		LinkIndex: eth0, IP: net.IPv4(172, 20, 1, 2), Flags: netlink.NTF_PROXY, State: netlink.NUD_PERMANENT,
	}))
	n, found, err := one.Neighbour(eth0, snapIP("172.20.1.1"))
	if want := "172.20.1.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT"; !found || err != nil || n.Line() != want {
		t.Errorf("%q, %v, %v; want %q", n.Line(), found, err, want)
	}
	n, found, err = one.Published(eth0, snapIP("172.20.1.2"))
	if want := "172.20.1.2 dev eth0 proxy"; !found || err != nil || n.Line() != want {
		t.Errorf("%q, %v, %v; want %q", n.Line(), found, err, want)
	}
	if _, found, err := one.Neighbour(eth0, snapIP("172.20.1.2")); found || err != nil {
		t.Errorf("a published entry is no neighbour: %v, %v", found, err)
	}
	if _, found, err := one.Published(eth0, snapIP("172.20.1.1")); found || err != nil {
		t.Errorf("a neighbour is not published: %v, %v", found, err)
	}
}

func TestOneRouteAndTheEntryBehindIt(t *testing.T) {
	a, _ := snapPair(t)
	one := openOne(t, a)
	snapRoute(t, a, "10.0.0.0/8", "eth0", func(r *netlink.Route) { r.Gw, r.MTU = net.IPv4(172, 20, 1, 1), 1400 })
	snapRoute(t, a, "10.9.0.0/16", "", func(r *netlink.Route) { r.Type = unix.RTN_BLACKHOLE })
	snapRoute(t, a, "10.9.9.0/24", "", func(r *netlink.Route) { r.Type = unix.RTN_BLACKHOLE })
	snapRoute(t, a, "10.8.0.0/16", "", func(r *netlink.Route) {
		hop := netlink.NexthopInfo{LinkIndex: snapIndex(t, a, "eth0")}
		one, two := hop, hop
		one.Gw, two.Gw = net.IPv4(172, 20, 1, 1), net.IPv4(172, 20, 1, 2)
		r.MultiPath = []*netlink.NexthopInfo{&one, &two}
	})
	reply, err := one.Route(table.RouteRequest{Dst: snapIP("10.1.1.1")})
	snapOK(t, err)
	if want := "10.1.1.1 via 172.20.1.1 dev eth0 src 172.20.1.10 mtu 1400"; reply.Line() != want || reply.PathMTU != 1400 || reply.Index != snapIndex(t, a, "eth0") {
		t.Errorf("%q, %+v; want %q", reply.Line(), reply, want)
	}
	for dst, want := range map[string]string{
		"10.1.1.1":    "10.0.0.0/8 via 172.20.1.1 dev eth0 mtu 1400",
		"172.20.1.99": "172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10",
		"172.20.1.10": "local 172.20.1.10 dev eth0 table local proto kernel scope host src 172.20.1.10",
		"10.8.1.1":    "10.8.0.0/16 \\\tnexthop via 172.20.1.1 dev eth0 weight 1 \\\tnexthop via 172.20.1.2 dev eth0 weight 1",
	} {
		entry, err := one.RouteEntry(table.RouteRequest{Dst: snapIP(dst)})
		if err != nil || entry.Line() != want {
			t.Errorf("entry for %s: %q, %v; want %q", dst, entry.Line(), err, want)
		}
	}
	if _, err := one.RouteEntry(table.RouteRequest{Dst: snapIP("10.9.1.1")}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("entry for what a blackhole covers: %v", err)
	}
	rejects, err := one.RejectRoutes("blackhole", snapIP("10.9.9.9"))
	snapOK(t, err)
	if got, want := table.SnapshotLines(rejects), []string{"blackhole 10.9.9.0/24", "blackhole 10.9.0.0/16"}; !slices.Equal(got, want) {
		t.Errorf("blackholes %q, want %q", got, want)
	}
	if rules, err := one.PolicyRules(); err != nil || len(rules) < 3 {
		t.Errorf("rules %v, %v", rules, err)
	}
}
