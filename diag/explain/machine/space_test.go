package machine

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// queryBed is a router between two others, which have a default route to it:
//
//	a eth0 10.1.0.2/24 ── 10.1.0.1/24 left r right 10.2.0.1/24 ── 10.2.0.2/24 eth0 b
//
// r forwards, and answers for others without the random delay.
type queryBed struct {
	t       *testing.T
	world   *Machine
	a, r, b *Space
}

func newQueryBed(t *testing.T) *queryBed {
	t.Helper()
	q := &queryBed{t: t, world: New()}
	a, r, b := labtest.Netns(t, "a"), labtest.Netns(t, "r"), labtest.Netns(t, "b")
	for _, ns := range []*nsenter.Namespace{a, r, b} {
		q.must(ns.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"))
		q.must(ns.WriteSysctl("net/ipv4/icmp_ratelimit", "0"))
		q.up(ns, "lo")
	}
	q.wire(a, "eth0", r, "left")
	q.wire(b, "eth0", r, "right")
	for _, addr := range []struct {
		ns        *nsenter.Namespace
		dev, cidr string
	}{
		{a, "eth0", "10.1.0.2/24"}, {r, "left", "10.1.0.1/24"},
		{r, "right", "10.2.0.1/24"}, {b, "eth0", "10.2.0.2/24"},
	} {
		q.addr(addr.ns, addr.dev, addr.cidr)
	}
	q.must(r.WriteSysctl("net/ipv4/ip_forward", "1"))
	q.route(a, netlink.Route{Gw: net.IPv4(10, 1, 0, 1)})
	q.route(b, netlink.Route{Gw: net.IPv4(10, 2, 0, 1)})
	t.Cleanup(q.world.Close)
	q.a, q.r, q.b = q.open("a"), q.open("r"), q.open("b")
	return q
}

func (q *queryBed) must(err error) {
	q.t.Helper()
	if err != nil {
		q.t.Fatal(err)
	}
}

func (q *queryBed) open(ref string) *Space {
	q.t.Helper()
	n, err := q.world.Open(ref)
	q.must(err)
	return n
}

func (q *queryBed) handle(ns *nsenter.Namespace) *netlink.Handle {
	q.t.Helper()
	handle, err := ns.Handle()
	q.must(err)
	return handle
}

func (q *queryBed) link(ns *nsenter.Namespace, dev string) netlink.Link {
	q.t.Helper()
	link, err := q.handle(ns).LinkByName(dev)
	q.must(err)
	return link
}

func (q *queryBed) index(n *Space, dev string) int { return q.link(n.NS, dev).Attrs().Index }

func (q *queryBed) up(ns *nsenter.Namespace, dev string) {
	q.t.Helper()
	q.must(q.handle(ns).LinkSetUp(q.link(ns, dev)))
}

func (q *queryBed) wire(a *nsenter.Namespace, devA string, b *nsenter.Namespace, devB string) {
	q.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = devA
	q.must(q.handle(a).LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: devB, PeerNamespace: netlink.NsFd(b.FD())}))
	q.up(a, devA)
	q.up(b, devB)
	q.must(a.WriteSysctl("net/ipv4/neigh/"+devA+"/proxy_delay", "0"))
	q.must(b.WriteSysctl("net/ipv4/neigh/"+devB+"/proxy_delay", "0"))
}

func (q *queryBed) addr(ns *nsenter.Namespace, dev, cidr string) {
	q.t.Helper()
	addr, err := netlink.ParseAddr(cidr)
	q.must(err)
	q.must(q.handle(ns).AddrAdd(q.link(ns, dev), addr))
}

func (q *queryBed) route(ns *nsenter.Namespace, route netlink.Route) {
	q.t.Helper()
	q.must(q.handle(ns).RouteAdd(&route))
}

// typed adds a route of a type to cidr.
func (q *queryBed) typed(n *Space, cidr string, routeType int) {
	q.t.Helper()
	_, dst, err := net.ParseCIDR(cidr)
	q.must(err)
	q.route(n.NS, netlink.Route{Dst: dst, Type: routeType})
}

// byDev adds a route to cidr straight out of a device.
func (q *queryBed) byDev(n *Space, cidr, dev string) {
	q.t.Helper()
	_, dst, err := net.ParseCIDR(cidr)
	q.must(err)
	q.route(n.NS, netlink.Route{Dst: dst, LinkIndex: q.index(n, dev), Scope: netlink.SCOPE_LINK})
}

func (q *queryBed) conf(n *Space, dev, key, value string) {
	q.t.Helper()
	q.must(n.NS.WriteSysctl("net/ipv4/conf/"+dev+"/"+key, value))
}

// unnumber takes the address from one of r's devices.
func (q *queryBed) unnumber(dev string) {
	q.t.Helper()
	link := q.link(q.r.NS, dev)
	addrs, err := q.handle(q.r.NS).AddrList(link, netlink.FAMILY_V4)
	q.must(err)
	for _, addr := range addrs {
		q.must(q.handle(q.r.NS).AddrDel(link, &addr))
	}
}

func ip4(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestSingleObjectsAreReadAsTheTablesHaveThem(t *testing.T) {
	q := newQueryBed(t)
	left, err := q.r.Link("left")
	q.must(err)
	byIndex, err := q.r.LinkByIndex(left.Index)
	q.must(err)
	if left.Kind != "veth" || !left.Up() || left.PeerIndex != q.index(q.a, "eth0") || byIndex.Line() != left.Line() {
		t.Errorf("Link: %+v\nLinkByIndex: %+v", left, byIndex)
	}
	if _, err := q.r.Link("absent"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("a device that is not there: %v", err)
	}
	if _, err := q.r.LinkByIndex(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("an index that is not there: %v", err)
	}
	q.addr(q.r.NS, "left", "10.1.7.1/32")
	addrs, err := q.r.Addrs(left.Index)
	q.must(err)
	if len(addrs) != 2 || addrs[0].Prefix.String() != "10.1.0.1/24" || addrs[1].Prefix.String() != "10.1.7.1/32" || addrs[0].Dev != "left" {
		t.Errorf("Addrs(left) = %v", addrs)
	}
	if _, err := q.r.Addrs(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("addresses of nothing: %v", err)
	}
	if rules, err := q.r.Rules(); err != nil || rules == nil {
		t.Errorf("Rules() = %v, %v", rules, err)
	}
}

func TestOneNeighbourIsReadByItsAddress(t *testing.T) {
	q := newQueryBed(t)
	dev := q.index(q.a, "eth0")
	if n, ok, err := q.a.NextHopNeighbour(dev, ip4("10.1.0.1")); ok || err != nil {
		t.Errorf("before anything was sent: %v, %v, %v", n, ok, err)
	}
	mac, _ := net.ParseMAC("02:00:00:00:00:99")
	q.must(q.handle(q.a.NS).NeighSet(&netlink.Neigh{
		LinkIndex: dev, IP: net.IPv4(10, 1, 0, 1), HardwareAddr: mac, State: netlink.NUD_PERMANENT,
	}))
	n, ok, err := q.a.NextHopNeighbour(dev, ip4("10.1.0.1"))
	if want := "10.1.0.1 dev eth0 lladdr 02:00:00:00:00:99 PERMANENT"; !ok || err != nil || n.Line() != want {
		t.Errorf("got %q, %v, %v; want %q", n.Line(), ok, err, want)
	}
}

func TestSettingsAreCombinedAsTheKernelDoes(t *testing.T) {
	q := newQueryBed(t)
	q.conf(q.r, "all", "rp_filter", "1")
	q.conf(q.r, "left", "rp_filter", "2")
	q.conf(q.r, "all", "proxy_arp", "1")
	if n := q.r.confMax("left", "rp_filter"); n != 2 {
		t.Errorf("rp_filter of left = %d", n)
	}
	if n := q.r.confMax("right", "rp_filter"); n != 1 {
		t.Errorf("rp_filter of right = %d", n)
	}
	if n := q.r.confMax("absent", "rp_filter"); n != -1 {
		t.Errorf("rp_filter of a device that is not there = %d", n)
	}
	if !q.r.ConfOr("left", "proxy_arp") || q.a.ConfOr("eth0", "proxy_arp") {
		t.Error("proxy_arp is on in r by all, and off in a")
	}
	if v, err := q.r.Sysctl("net/ipv4/ip_forward"); v != "1" || err != nil {
		t.Errorf("ip_forward = %q, %v", v, err)
	}
}

// In a copy, which nobody else changes, single questions are remembered until a packet was
// sent.
func TestWhereNothingChangesSingleQuestionsAreAskedOnce(t *testing.T) {
	q := newQueryBed(t)
	for still, changes := range map[bool]bool{true: false, false: true} {
		world := New()
		defer world.Close()
		if still {
			world.Still()
		}
		a, err := world.Open("a")
		q.must(err)
		to := RouteQuery{Dst: netip.MustParseAddr("198.51.100.1")}
		before := a.Route(to)
		q.must(q.a.NS.Do(func() error {
			return netlink.RouteAdd(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4(198, 51, 100, 1), Mask: net.CIDRMask(32, 32)}, Type: unix.RTN_BLACKHOLE})
		}))
		if got := a.Route(to); (got.Kind != before.Kind) != changes {
			t.Errorf("still %v: it is %s, and was %s", still, got.Kind, before.Kind)
		}
		if world.Forget(); a.Route(to).Kind != KindBlackhole {
			t.Errorf("still %v: it is not forgotten", still)
		}
		q.must(q.a.NS.Do(func() error {
			return netlink.RouteDel(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4(198, 51, 100, 1), Mask: net.CIDRMask(32, 32)}, Type: unix.RTN_BLACKHOLE})
		}))
	}
}
