package table_test

import (
	"net"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

func TestRoutesReadAsIPShowsThem(t *testing.T) {
	a, b := snapPair(t)
	gw := net.IPv4(172, 20, 1, 1)
	snapRoute(t, a, "0.0.0.0/0", "eth0", func(r *netlink.Route) { r.Gw = gw })
	snapRoute(t, a, "0.0.0.0/0", "eth0", func(r *netlink.Route) { r.Gw, r.Priority, r.Protocol = gw, 100, unix.RTPROT_STATIC })
	snapRoute(t, a, "10.1.0.0/16", "eth0", func(r *netlink.Route) { r.Gw, r.MTU, r.AdvMSS = gw, 1400, 1360 })
	snapRoute(t, a, "10.2.0.0/16", "eth0", func(r *netlink.Route) { r.Gw = net.IPv4(169, 254, 1, 1); r.Flags = unix.RTNH_F_ONLINK })
	snapRoute(t, a, "10.3.0.7/32", "eth0", func(r *netlink.Route) { r.Tos = 4 })
	snapRoute(t, a, "10.4.0.0/16", "", func(r *netlink.Route) { r.Type = unix.RTN_BLACKHOLE })
	snapRoute(t, a, "10.5.0.0/16", "", func(r *netlink.Route) { r.Type = unix.RTN_UNREACHABLE })
	snapRoute(t, a, "10.6.0.0/16", "", func(r *netlink.Route) { r.Type, r.Priority = unix.RTN_PROHIBIT, 7 })
	snapRoute(t, a, "10.7.0.0/16", "", func(r *netlink.Route) { r.Type = unix.RTN_THROW })
	eth0 := snapIndex(t, a, "eth0")
	snapRoute(t, a, "10.8.0.0/16", "", func(r *netlink.Route) {
		r.MultiPath = []*netlink.NexthopInfo{
			{LinkIndex: eth0, Gw: net.IPv4(172, 20, 1, 2)},
			{LinkIndex: eth0, Gw: net.IPv4(169, 254, 1, 2), Hops: 4, Flags: unix.RTNH_F_ONLINK},
		}
	})
	snapRoute(t, a, "10.9.0.0/16", "eth0", func(r *netlink.Route) { r.Table = 100 })

	s := snapRead(t, a)
	main := table.SnapshotLines(s.MainRoutes(4))
	snapWants(t, main,
		"default via 172.20.1.1 dev eth0",
		"default via 172.20.1.1 dev eth0 proto static metric 100",
		"172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10",
		"10.1.0.0/16 via 172.20.1.1 dev eth0 mtu 1400 advmss 1360",
		"10.2.0.0/16 via 169.254.1.1 dev eth0 onlink",
		"10.3.0.7 tos 0x04 dev eth0 scope link",
		"blackhole 10.4.0.0/16",
		"unreachable 10.5.0.0/16",
		"prohibit 10.6.0.0/16 metric 7",
		"throw 10.7.0.0/16",
		"10.8.0.0/16 \\\tnexthop via 172.20.1.2 dev eth0 weight 1 \\\tnexthop via 169.254.1.2 dev eth0 weight 5 onlink",
	)
	snapWants(t, table.SnapshotLines(s.Routes),
		"10.9.0.0/16 dev eth0 table 100 scope link",
		"local 172.20.1.10 dev eth0 table local proto kernel scope host src 172.20.1.10",
		"broadcast 172.20.1.255 dev eth0 table local proto kernel scope link src 172.20.1.10",
	)
	snapSameAsIP(t, a, main, "-o", "route", "show")
	snapSameAsIP(t, a, table.SnapshotLines(snapFamily(s.Routes, 4)), "-o", "route", "show", "table", "all")

	// Without the other end the device loses its carrier, and its routes say so.
	snapDown(t, b, "veth-a")
	snapState(t, a, "eth0", "DOWN")
	s = snapRead(t, a)
	main = table.SnapshotLines(s.MainRoutes(4))
	snapWants(t, main, "default via 172.20.1.1 dev eth0 linkdown",
		"10.2.0.0/16 via 169.254.1.1 dev eth0 onlink linkdown",
		"172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10 linkdown")
	snapSameAsIP(t, a, main, "-o", "route", "show")
	snapOK(t, a.WriteSysctl("net/ipv4/conf/eth0/ignore_routes_with_linkdown", "1"))
	main = table.SnapshotLines(snapRead(t, a).MainRoutes(4))
	snapWants(t, main, "default via 172.20.1.1 dev eth0 dead linkdown")
	snapSameAsIP(t, a, main, "-o", "route", "show")
}

func snapFamily(routes []table.Route, family int) (of []table.Route) {
	for _, r := range routes {
		if r.Family() == family {
			of = append(of, r)
		}
	}
	return of
}

func TestIPv6ReadsAsIPShowsIt(t *testing.T) {
	a, b := snapPair(t)
	for _, ns := range []*nsenter.Namespace{a, b} {
		for _, conf := range []string{"all", "eth0", "veth-a"} {
			ns.WriteSysctl("net/ipv6/conf/"+conf+"/addr_gen_mode", "1") // no link-local address
			ns.WriteSysctl("net/ipv6/conf/"+conf+"/accept_dad", "0")
			ns.WriteSysctl("net/ipv6/conf/"+conf+"/disable_ipv6", "0")
		}
	}
	snapUp(t, a, "lo")
	addr, err := netlink.ParseAddr("fd00:20::10/64")
	snapOK(t, err)
	addr.Flags = unix.IFA_F_NODAD
	eth0 := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: snapIndex(t, a, "eth0")}}
	snapOK(t, snapHandle(t, a).AddrAdd(eth0, addr))
	snapRoute(t, a, "::/0", "eth0", func(r *netlink.Route) { r.Gw, r.Protocol = net.ParseIP("fd00:20::1"), unix.RTPROT_STATIC })
	snapRoute(t, a, "fd00:99::/64", "", func(r *netlink.Route) { r.Type = unix.RTN_UNREACHABLE })

	// The kernel adds the address's own route from a work queue (addrconf_dad_work()).
	s := snapUntil(t, a, "local route", func(s *table.Snapshot) bool {
		return hasLine(s.Routes, "local fd00:20::10 dev eth0 table local proto kernel metric 0 pref medium")
	})
	snapWants(t, table.SnapshotLines(s.AddrsOn("eth0")), "2: eth0    inet6 fd00:20::10/64 scope global nodad")
	main := table.SnapshotLines(s.MainRoutes(6))
	snapWants(t, main,
		"fd00:20::/64 dev eth0 proto kernel metric 256 pref medium",
		"default via fd00:20::1 dev eth0 proto static metric 1024 pref medium",
		"unreachable fd00:99::/64 dev lo metric 1024 pref medium")
	snapSameAsIP(t, a, main, "-6", "-o", "route", "show")
	snapSameAsIP(t, a, table.SnapshotLines(snapFamily(s.Routes, 6)), "-6", "-o", "route", "show", "table", "all")
}
