package machine

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
)

// TestTransitRoutesAreWhatThePingMeets breaks r in one way each, and compares
// what r says of a request from a with what becomes of one.
func TestTransitRoutesAreWhatThePingMeets(t *testing.T) {
	labtest.Slow(t)
	all := netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}
	for _, c := range []struct {
		name    string
		dst     string
		set     func(q *queryBed)
		kind    RouteKind
		line    string // that decided
		outcome probe.Outcome
		counter string // of r, that moves
	}{
		{"forwarded", "10.2.0.2", nil, KindUnicast, "10.2.0.0/24 dev right proto kernel scope link src 10.2.0.1", probe.Replied, "IpForwDatagrams"},
		{"for r itself", "10.2.0.1", nil, KindLocal, "local 10.2.0.1 dev right table local proto kernel scope host src 10.2.0.1", probe.Replied, "IpInDelivers"},
		{"no route", "10.9.0.1", nil, KindNone, "", probe.NetUnreachableICMP, ""},
		{"throw", "10.9.0.1", func(q *queryBed) { q.typed(q.r, "10.9.0.0/24", unix.RTN_THROW) }, KindThrow, "throw 10.9.0.0/24", probe.NetUnreachableICMP, ""},
		{"blackhole", "10.9.0.1", func(q *queryBed) { q.typed(q.r, "10.9.0.0/24", unix.RTN_BLACKHOLE) }, KindBlackhole, "blackhole 10.9.0.0/24", probe.Silent, ""},
		{"unreachable", "10.9.0.1", func(q *queryBed) { q.typed(q.r, "10.9.0.0/24", unix.RTN_UNREACHABLE) }, KindUnreachable, "unreachable 10.9.0.0/24", probe.HostUnreachable, ""},
		{"prohibit", "10.9.0.1", func(q *queryBed) { q.typed(q.r, "10.9.0.0/24", unix.RTN_PROHIBIT) }, KindProhibit, "prohibit 10.9.0.0/24", probe.Filtered, ""},
		{"prohibit by a rule, before a route that would", "10.9.0.1", func(q *queryBed) {
			q.typed(q.r, "10.9.0.0/24", unix.RTN_PROHIBIT)
			rule := netlink.NewRule()
			rule.Src, rule.Priority, rule.Type = &net.IPNet{IP: net.IPv4(10, 1, 0, 2), Mask: net.CIDRMask(32, 32)}, 100, unix.FR_ACT_PROHIBIT
			q.must(q.handle(q.r.NS).RuleAdd(rule))
		}, KindProhibit, "100:\tfrom 10.1.0.2 prohibit", probe.Filtered, ""},
		{"the longest of two", "10.9.0.1", func(q *queryBed) {
			q.typed(q.r, "10.0.0.0/8", unix.RTN_BLACKHOLE)
			q.typed(q.r, "10.9.0.0/16", unix.RTN_BLACKHOLE)
		}, KindBlackhole, "blackhole 10.9.0.0/16", probe.Silent, ""},
		{"forwarding off", "10.2.0.2", func(q *queryBed) { q.conf(q.r, "left", "forwarding", "0") }, KindForwardingOff,
			"10.2.0.0/24 dev right proto kernel scope link src 10.2.0.1", probe.Silent, "IpInAddrErrors"},
		{"forwarding off, no route either", "10.9.0.1", func(q *queryBed) { q.conf(q.r, "left", "forwarding", "0") }, KindForwardingOff,
			"", probe.Silent, "IpInAddrErrors"},
		{"rp_filter strict by all", "10.2.0.2", func(q *queryBed) {
			q.conf(q.r, "all", "rp_filter", "1")
			q.byDev(q.r, "10.1.0.2/32", "right")
		}, KindRPFilter, "", probe.Silent, "TcpExtIPReversePathFilter"},
		{"rp_filter strict, for r itself", "10.1.0.1", func(q *queryBed) {
			q.conf(q.r, "left", "rp_filter", "1")
			q.byDev(q.r, "10.1.0.2/32", "right")
		}, KindRPFilter, "", probe.Silent, "TcpExtIPReversePathFilter"},
		{"rp_filter loose lets that pass", "10.2.0.2", func(q *queryBed) {
			q.conf(q.r, "left", "rp_filter", "2")
			q.byDev(q.r, "10.1.0.2/32", "right")
		}, KindUnicast, "", probe.Silent, "IpForwDatagrams"},
		{"rp_filter loose without any way back", "10.2.0.2", func(q *queryBed) {
			q.conf(q.r, "left", "rp_filter", "2")
			q.typed(q.r, "10.1.0.2/32", unix.RTN_UNREACHABLE)
		}, KindRPFilter, "", probe.Silent, "TcpExtIPReversePathFilter"},
		{"rp_filter does not hide a blackhole", "10.9.0.1", func(q *queryBed) {
			q.conf(q.r, "left", "rp_filter", "1")
			q.typed(q.r, "10.9.0.0/24", unix.RTN_BLACKHOLE)
		}, KindBlackhole, "blackhole 10.9.0.0/24", probe.Silent, ""},
		{"rp_filter loose, unnumbered device without a host route", "10.2.0.2", func(q *queryBed) {
			q.unnumber("left")
			q.conf(q.r, "left", "rp_filter", "2")
			q.route(q.r.NS, netlink.Route{Gw: net.IPv4(10, 2, 0, 2)})
		}, KindRPFilter, "", probe.Silent, "TcpExtIPReversePathFilter"},
		{"blackhole in a router without addresses", "10.9.0.1", func(q *queryBed) {
			q.unnumber("left")
			q.unnumber("right")
			q.conf(q.r, "left", "rp_filter", "1")
			q.byDev(q.r, "10.1.0.2/32", "left")
			q.typed(q.r, "10.9.0.0/24", unix.RTN_BLACKHOLE)
		}, KindBlackhole, "blackhole 10.9.0.0/24", probe.Silent, ""},
		{"rp_filter in a router without addresses", "10.9.0.1", func(q *queryBed) {
			q.unnumber("left")
			q.unnumber("right")
			q.conf(q.r, "left", "rp_filter", "1")
			q.byDev(q.r, "10.1.0.2/32", "right")
			q.byDev(q.r, "10.9.0.0/24", "right")
		}, KindRPFilter, "", probe.Silent, "TcpExtIPReversePathFilter"},
		{"back out of the device it came in on", "10.1.0.77", func(q *queryBed) {
			q.must(q.handle(q.a.NS).RouteAdd(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4(10, 1, 0, 77), Mask: net.CIDRMask(32, 32)}, Gw: net.IPv4(10, 1, 0, 1)}))
		}, KindUnicast, "10.1.0.0/24 dev left proto kernel scope link src 10.1.0.1", probe.Silent, "IpForwDatagrams"},
		{"the source is r's own address", "10.2.0.2", func(q *queryBed) { q.addr(q.r.NS, "lo", "10.1.0.2/32") }, KindMartian, "", probe.Silent, ""},
		{"a policy rule prohibits", "10.2.0.2", func(q *queryBed) {
			rule := netlink.NewRule()
			rule.Priority, rule.Type, rule.IifName = 100, unix.FR_ACT_PROHIBIT, "left"
			q.must(q.handle(q.r.NS).RuleAdd(rule))
		}, KindProhibit, "100:\tfrom all iif left prohibit", probe.Filtered, ""},
		{"another table by source", "10.2.0.2", func(q *queryBed) {
			rule := netlink.NewRule()
			rule.Priority, rule.Table, rule.Src = 100, 100, &net.IPNet{IP: net.IPv4(10, 1, 0, 2), Mask: net.CIDRMask(32, 32)}
			q.must(q.handle(q.r.NS).RuleAdd(rule))
			q.route(q.r.NS, netlink.Route{Dst: all.Dst, Table: 100, Type: unix.RTN_UNREACHABLE})
		}, KindUnreachable, "unreachable default table 100", probe.HostUnreachable, ""},
		{"the table of a VRF", "10.9.0.1", func(q *queryBed) {
			h := q.handle(q.r.NS)
			if err := h.LinkAdd(&netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: "red"}, Table: 10}); errors.Is(err, unix.EOPNOTSUPP) {
				q.t.Skip("no VRF on this kernel")
			}
			red := q.link(q.r.NS, "red")
			q.must(h.LinkSetUp(red))
			q.must(h.LinkSetMaster(q.link(q.r.NS, "left"), red))
			q.route(q.r.NS, netlink.Route{Dst: all.Dst, Table: 10, Type: unix.RTN_UNREACHABLE})
		}, KindUnreachable, "unreachable default table 10", probe.HostUnreachable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueryBed(t)
			if c.set != nil {
				c.set(q)
			}
			answer := q.r.Route(RouteQuery{Dst: ip4(c.dst), Src: ip4("10.1.0.2"), IIF: q.index(q.r, "left"), Proto: unix.IPPROTO_ICMP})
			if answer.Kind != c.kind || c.line != "" && answer.Line != c.line {
				t.Errorf("kind %q, line %q; want %q, %q\nget %q, error %v", answer.Kind, answer.Line, c.kind, c.line, answer.Get, answer.Err)
			}
			if len(answer.Evidence) == 0 && answer.Kind != KindNone {
				t.Error("no evidence")
			}
			q.happens(c.dst, c.outcome, c.counter)
		})
	}
}

// happens pings from a, and looks at what r counts.
func (q *queryBed) happens(dst string, outcome probe.Outcome, counter string) {
	q.t.Helper()
	// A neighbour entry that is there already keeps ARP out of it, which
	// rp_filter would disturb too.
	q.must(q.handle(q.a.NS).NeighSet(&netlink.Neigh{
		LinkIndex: q.index(q.a, "eth0"), IP: net.IPv4(10, 1, 0, 1), State: netlink.NUD_PERMANENT,
		HardwareAddr: q.link(q.r.NS, "left").Attrs().HardwareAddr,
	}))
	before, err := table.ReadCounters(q.r.NS)
	q.must(err)
	result := probe.Ping(q.t.Context(), q.a.NS, probe.Echo{Dst: ip4(dst), Timeout: 300 * time.Millisecond})
	if result.Outcome != outcome {
		q.t.Errorf("the ping: %s (%s), want %s", result.Outcome, result.Message, outcome)
	}
	after, err := table.ReadCounters(q.r.NS)
	q.must(err)
	if counter != "" && after.Since(before)[counter] == 0 {
		q.t.Errorf("%s did not move: %v", counter, after.Since(before))
	}
}

func TestOwnRoutesAreWhatThePingMeets(t *testing.T) {
	for _, c := range []struct {
		name    string
		dst     string
		set     func(q *queryBed)
		kind    RouteKind
		line    string
		outcome probe.Outcome
	}{
		{"by the gateway", "10.2.0.2", nil, KindUnicast, "default via 10.1.0.1 dev eth0", probe.Replied},
		{"own address", "10.1.0.2", nil, KindLocal, "local 10.1.0.2 dev eth0 table local proto kernel scope host src 10.1.0.2", probe.Replied},
		{"broadcast", "10.1.0.255", nil, KindBroadcast, "broadcast 10.1.0.255 dev eth0 table local proto kernel scope link src 10.1.0.2", probe.Prohibited},
		{"multicast", "224.0.0.1", nil, KindMulticast, "", probe.Silent},
		{"none", "10.2.0.2", func(q *queryBed) {
			q.must(q.handle(q.a.NS).RouteDel(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}))
		}, KindNone, "", probe.NetworkUnreachable},
		{"throw", "10.2.0.2", func(q *queryBed) { q.typed(q.a, "10.2.0.0/16", unix.RTN_THROW) }, KindThrow, "throw 10.2.0.0/16", probe.NetworkUnreachable},
		{"blackhole", "10.2.0.2", func(q *queryBed) { q.typed(q.a, "10.2.0.0/16", unix.RTN_BLACKHOLE) }, KindBlackhole, "blackhole 10.2.0.0/16", probe.InvalidArgument},
		{"unreachable", "10.2.0.2", func(q *queryBed) { q.typed(q.a, "10.2.0.0/16", unix.RTN_UNREACHABLE) }, KindUnreachable, "unreachable 10.2.0.0/16", probe.NoRouteToHost},
		{"prohibit", "10.2.0.2", func(q *queryBed) { q.typed(q.a, "10.2.0.0/16", unix.RTN_PROHIBIT) }, KindProhibit, "prohibit 10.2.0.0/16", probe.Prohibited},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueryBed(t)
			if c.set != nil {
				c.set(q)
			}
			answer := q.a.Route(RouteQuery{Dst: ip4(c.dst), Proto: unix.IPPROTO_ICMP})
			if answer.Kind != c.kind || c.line != "" && answer.Line != c.line {
				t.Errorf("kind %q, line %q; want %q, %q\nerror %v", answer.Kind, answer.Line, c.kind, c.line, answer.Err)
			}
			result := probe.Ping(t.Context(), q.a.NS, probe.Echo{Dst: ip4(c.dst), Timeout: 300 * time.Millisecond})
			if result.Outcome != c.outcome {
				t.Errorf("the ping: %s (%s), want %s", result.Outcome, result.Message, c.outcome)
			}
		})
	}
}

func TestRouteSaysHowThePacketLeaves(t *testing.T) {
	q := newQueryBed(t)
	_, dst, _ := net.ParseCIDR("10.7.0.0/16")
	dev := q.index(q.a, "eth0")
	q.route(q.a.NS, netlink.Route{Dst: dst, Gw: net.IPv4(169, 254, 1, 1), LinkIndex: dev, Flags: int(netlink.FLAG_ONLINK), MTU: 1400})
	far := q.a.Route(RouteQuery{Dst: ip4("10.7.1.1")})
	if far.Via != ip4("169.254.1.1") || far.Dev != dev || far.DevName != "eth0" || far.Src != ip4("10.1.0.2") || far.Table != 254 || far.MTU != 1400 || !far.Onlink {
		t.Errorf("%+v", far)
	}
	if want := "10.7.1.1 via 169.254.1.1 dev eth0 src 10.1.0.2 mtu 1400"; far.Get != want {
		t.Errorf("Get = %q, want %q", far.Get, want)
	}
	near := q.a.Route(RouteQuery{Dst: ip4("10.1.0.1"), Src: ip4("10.1.0.2")})
	if near.Via.IsValid() || near.MTU != 1500 || near.Onlink || near.Src != ip4("10.1.0.2") {
		t.Errorf("%+v", near)
	}
	through := q.r.Route(RouteQuery{Dst: ip4("10.2.0.2"), Src: ip4("10.1.0.2"), IIF: q.index(q.r, "left")})
	if want := "10.2.0.2 from 10.1.0.2 dev right iif left"; through.Get != want {
		t.Errorf("Get = %q, want %q", through.Get, want)
	}
}

func TestWhatCannotBeOnTheWireIsMartian(t *testing.T) {
	q := newQueryBed(t)
	left := q.index(q.r, "left")
	for _, c := range []struct{ src, dst string }{
		{"127.0.0.1", "10.2.0.2"}, {"10.1.0.2", "127.0.0.1"}, {"224.0.0.1", "10.2.0.2"},
		{"255.255.255.255", "10.2.0.2"}, {"0.0.0.0", "10.2.0.2"}, {"10.1.0.2", "0.0.0.0"},
	} {
		if answer := q.r.Route(RouteQuery{Src: ip4(c.src), Dst: ip4(c.dst), IIF: left}); answer.Kind != KindMartian {
			t.Errorf("%s > %s: %+v", c.src, c.dst, answer)
		}
	}
}

func TestAQuestionTheKernelCannotAnswerIsAnError(t *testing.T) {
	q := newQueryBed(t)
	for name, query := range map[string]RouteQuery{
		"device gone":      {Dst: ip4("10.2.0.2"), Src: ip4("10.1.0.2"), IIF: 4711},
		"foreign source":   {Dst: ip4("10.2.0.2"), Src: ip4("10.77.0.1")},
		"received, no src": {Dst: ip4("10.2.0.2"), IIF: q.index(q.r, "left")},
		"no destination":   {Src: netip.Addr{}},
	} {
		if answer := q.r.Route(query); answer.Kind != KindError || answer.Err == nil || !strings.Contains(answer.Err.Error(), "r: ") {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}
