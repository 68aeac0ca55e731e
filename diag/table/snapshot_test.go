package table_test

import (
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// snapPair makes the namespaces snap-a and snap-b, joined by eth0 in snap-a and
// veth-a (index 607) in snap-b, both up. eth0 has 172.20.1.10/24.
func snapPair(t testing.TB) (a, b *nsenter.Namespace) {
	t.Helper()
	a, b = labtest.Netns(t, "snap-a"), labtest.Netns(t, "snap-b")
	for _, ns := range []*nsenter.Namespace{a, b} {
		// The kernel adds link-local addresses and routes at a time of its choice.
		snapOK(t, ns.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"))
	}
	h := snapHandle(t, b)
	snapOK(t, h.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "veth-a", Index: 607, MTU: 1500, TxQLen: 1000, HardwareAddr: snapMAC("b6:58:7b:0e:35:b3")},
		PeerName:  "eth0", PeerTxQLen: 1000, PeerHardwareAddr: snapMAC("02:00:00:00:00:0a"), PeerNamespace: netlink.NsFd(a.FD()),
	}))
	snapUp(t, b, "veth-a")
	snapUp(t, a, "eth0")
	snapAddr(t, a, "eth0", "172.20.1.10/24")
	snapState(t, a, "eth0", "UP")
	snapState(t, b, "veth-a", "UP")
	return a, b
}

// snapState waits for an operational state: the kernel computes it behind the
// back of whoever changed the device (linkwatch_event()).
func snapState(t testing.TB, ns *nsenter.Namespace, dev, state string) {
	t.Helper()
	snapUntil(t, ns, dev+" in state "+state, func(s *table.Snapshot) bool {
		link, _ := s.Link(dev)
		return link.State == state
	})
}

// snapUntil reads until a snapshot is as wanted, and returns it.
func snapUntil(t testing.TB, ns *nsenter.Namespace, what string, wanted func(*table.Snapshot) bool) *table.Snapshot {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		s := snapRead(t, ns)
		if wanted(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: no %s in\n%v", ns.Name(), what, s)
		}
		runtime.Gosched()
	}
}

func snapOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func snapHandle(t testing.TB, ns *nsenter.Namespace) *netlink.Handle {
	t.Helper()
	h, err := ns.Handle()
	snapOK(t, err)
	return h
}

func snapIndex(t testing.TB, ns *nsenter.Namespace, dev string) int {
	t.Helper()
	link, err := snapHandle(t, ns).LinkByName(dev)
	snapOK(t, err)
	return link.Attrs().Index
}

func snapUp(t testing.TB, ns *nsenter.Namespace, dev string) {
	t.Helper()
	snapOK(t, snapHandle(t, ns).LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: snapIndex(t, ns, dev)}}))
}

func snapDown(t testing.TB, ns *nsenter.Namespace, dev string) {
	t.Helper()
	snapOK(t, snapHandle(t, ns).LinkSetDown(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: snapIndex(t, ns, dev)}}))
}

func snapAddr(t testing.TB, ns *nsenter.Namespace, dev, cidr string) {
	t.Helper()
	addr, err := netlink.ParseAddr(cidr)
	snapOK(t, err)
	addr.Broadcast = net.IPv4zero
	link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: snapIndex(t, ns, dev), Name: dev}}
	snapOK(t, snapHandle(t, ns).AddrAdd(link, addr))
}

// snapRoute adds a route to dst by dev as ip does: proto boot, and scope link
// unless it has a next hop.
func snapRoute(t testing.TB, ns *nsenter.Namespace, dst, dev string, edit func(*netlink.Route)) {
	t.Helper()
	_, ipnet, err := net.ParseCIDR(dst)
	snapOK(t, err)
	route := &netlink.Route{Dst: ipnet, Protocol: unix.RTPROT_BOOT}
	if dev != "" {
		route.LinkIndex, route.Scope = snapIndex(t, ns, dev), netlink.SCOPE_LINK
	}
	if edit != nil {
		edit(route)
	}
	if route.Gw != nil || route.MultiPath != nil {
		route.Scope = netlink.SCOPE_UNIVERSE
	}
	if err := snapHandle(t, ns).RouteAdd(route); err != nil {
		t.Fatalf("%s: add route %s: %v", ns.Name(), dst, err)
	}
}

func snapRead(t testing.TB, ns *nsenter.Namespace) *table.Snapshot {
	t.Helper()
	s, err := table.Read(t.Context(), ns, table.ReadOptions{})
	snapOK(t, err)
	return s
}

// snapSameAsIP compares with what the installed ip prints, where there is one;
// lines are compared without the spaces that ip leaves at their ends.
func snapSameAsIP(t *testing.T, ns *nsenter.Namespace, got []string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("ip")
	if err != nil {
		return // the caller has literal expectations besides
	}
	var out []byte
	snapOK(t, ns.Do(func() (err error) {
		out, err = exec.Command(path, args...).CombinedOutput()
		return err
	}))
	var want []string
	for line := range strings.Lines(string(out)) {
		want = append(want, strings.TrimRight(line, " \n"))
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s: ip %s\n got:\n%s\nwant:\n%s", ns.Name(), strings.Join(args, " "), g, w)
	}
}

// snapWants fails for each wanted line that is not among the lines.
func snapWants(t *testing.T, lines []string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		found := false
		for _, line := range lines {
			found = found || line == want
		}
		if !found {
			t.Errorf("no line %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

func TestSnapshotStringReadsLikeIP(t *testing.T) {
	a, _ := snapPair(t)
	snapRoute(t, a, "0.0.0.0/0", "eth0", func(r *netlink.Route) { r.Gw = net.IPv4(172, 20, 1, 1) })
	got, err := table.Read(t.Context(), a, table.ReadOptions{Tables: table.Links | table.Addrs | table.Routes | table.PolicyRules})
	snapOK(t, err)
	want := `# ip addr
1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0@if607: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff link-netns snap-b
    inet 172.20.1.10/24 scope global eth0
# ip route
default via 172.20.1.1 dev eth0
172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10
# ip rule
0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
`
	text, _, _ := strings.Cut(got.String(), "# ip -6 rule")
	snapEqual(t, text, want)
}

func TestSnapshotLookups(t *testing.T) {
	a, b := snapPair(t)
	s := snapRead(t, a)
	eth0, ok := s.Link("eth0")
	if !ok || eth0.PeerIndex != 607 || eth0.PeerNetns != "snap-b" || eth0.Kind != "veth" || !eth0.Up() || !eth0.Carrier() {
		t.Errorf("Link(eth0) = %+v, %v", eth0, ok)
	}
	if byIndex, _ := s.LinkByIndex(eth0.Index); byIndex.Name != "eth0" {
		t.Errorf("LinkByIndex(%d) = %+v", eth0.Index, byIndex)
	}
	if _, ok := s.Link("absent"); ok {
		t.Error("Link(absent) was found")
	}
	if on := s.AddrsOn("eth0"); len(on) != 1 || on[0].Prefix != snapPrefix("172.20.1.10/24") {
		t.Errorf("AddrsOn(eth0) = %+v", on)
	}
	if v, ok := s.Sysctl("net.ipv4.ip_forward"); !ok || v != "0" {
		t.Errorf("Sysctl(net.ipv4.ip_forward) = %q, %v", v, ok)
	}
	if s.Name != "snap-a" || s.Inode != a.Inode() || s.Inode == b.Inode() {
		t.Errorf("name %q, inode %d", s.Name, s.Inode)
	}
}
