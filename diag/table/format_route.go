package table

import (
	"net/netip"
	"strconv"
	"strings"
)

// Line is the route as `ip route show table all` shows it; for the main table
// that is the line of `ip route`:
//
//	default via 172.20.1.1 dev eth0
//	172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10
//
// The legs of a multipath route follow behind backslashes, as with ip -o. How
// long an advertised route has still to live ("expires") is left out.
func (r Route) Line() string {
	line := ipLine{text: make([]byte, 0, 96)}
	line.route(r)
	for _, hop := range r.Nexthops {
		line.text = append(line.text, " \\\tnexthop"...)
		line.nexthop(hop, r.Family())
	}
	return line.String()
}

// TableName is what ip calls the route's table, and takes for its name.
func (r Route) TableName() string { return ipName(rtTableNames, r.Table, strconv.Itoa) }

// Args are the words with which `ip route add` or `replace` makes the route: the
// line without what only the kernel says of it.
func (r Route) Args() []string {
	line := ipLine{kept: true}
	r.Dead, r.Linkdown, r.Pervasive = false, false, false
	line.route(r)
	for _, hop := range r.Nexthops {
		hop.Dead, hop.Linkdown, hop.Pervasive = false, false, false
		line.add("nexthop")
		line.nexthop(hop, r.Family())
	}
	return line.words()
}

// route adds all of a route but the legs of a multipath one.
func (l *ipLine) route(r Route) {
	l.flag(r.Type != "unicast", r.Type)
	l.add(ShortPrefix(r.Dst))
	if r.From.IsValid() {
		l.add("from", ShortPrefix(r.From))
	}
	l.number("nhid", r.NHID)
	if r.TOS != 0 {
		l.add("tos", rtTOSName(r.TOS))
	}
	l.via(r.Via, r.Family())
	l.pair("dev", r.Dev)
	if r.Table != tableMain {
		l.add("table", r.TableName())
	}
	if r.Proto != "boot" {
		l.add("proto", r.Proto)
	}
	if r.Scope != "global" {
		l.add("scope", r.Scope)
	}
	l.addr("src", r.Src)
	// An IPv6 route always has a metric, and iproute2 prints even a 0.
	if r.Metric != 0 || r.Family() == 6 && !l.kept {
		l.add("metric", strconv.Itoa(r.Metric))
	}
	l.routeFlags(r.Dead, r.Onlink, r.Pervasive, r.Linkdown)
	// The MTU is the first of the metrics by its number (enum RTAX_*).
	if r.MTU != 0 || r.MTULocked {
		l.add("mtu")
		l.flag(r.MTULocked, "lock")
		l.add(strconv.Itoa(r.MTU))
	}
	l.add(strings.Fields(r.Metrics)...)
	l.pair("pref", r.Pref)
}

func (l *ipLine) nexthop(hop Nexthop, family int) {
	l.via(hop.Via, family)
	l.add("dev", hop.Dev, "weight", strconv.Itoa(hop.Weight))
	l.routeFlags(hop.Dead, hop.Onlink, hop.Pervasive, hop.Linkdown)
}

// via adds the next hop; one of the other family is named by its family.
func (l *ipLine) via(via netip.Addr, family int) {
	switch {
	case !via.IsValid():
	case ipFamily(via) == family:
		l.add("via", via.String())
	case via.Is4():
		l.add("via", "inet", via.String())
	default:
		l.add("via", "inet6", via.String())
	}
}

func (l *ipLine) routeFlags(dead, onlink, pervasive, linkdown bool) {
	l.flag(dead, "dead")
	l.flag(onlink, "onlink")
	l.flag(pervasive, "pervasive")
	l.flag(linkdown, "linkdown")
}

// Line is the entry as `ip neigh` (or `ip neigh show proxy`) shows it:
//
//	172.20.1.1 dev eth0 lladdr b6:58:7b:0e:35:b3 REACHABLE
//	172.20.1.1 dev eth0 FAILED
func (n Neighbour) Line() string {
	line := ipLine{text: make([]byte, 0, 64)}
	line.add(n.Dst.String())
	line.pair("dev", n.Dev)
	if len(n.MAC) > 0 {
		line.add("lladdr", n.MAC.String())
	}
	line.flag(n.Router, "router")
	line.flag(n.Proxy, "proxy")
	line.flag(n.Managed, "managed")
	line.flag(n.ExternLearn, "extern_learn")
	line.flag(n.State != "", n.State)
	line.pair("proto", n.Proto)
	return line.String()
}
