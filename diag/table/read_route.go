package table

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// rtaNHID is RTA_NH_ID, which golang.org/x/sys/unix does not have.
const rtaNHID = 30

// readRoutes reads the routes of all tables, IPv4 before IPv6. The cached
// clones that IPv6 keeps for single destinations are left out, as `ip route` does.
func (r *Reader) readRoutes(ctx context.Context) ([]Route, error) {
	var all []Route
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		request := make([]byte, unix.SizeofRtMsg)
		request[0] = family
		rows, err := dumpTable(ctx, r.conn, unix.RTM_GETROUTE, unix.RTM_NEWROUTE, request, func(b []byte) (Route, bool) {
			// Without IPv6 the kernel answers for every family it has.
			if len(b) == 0 || b[0] != family {
				return Route{}, false
			}
			return r.parseRoute(b)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func (r *Reader) parseRoute(b []byte) (Route, bool) {
	if len(b) < unix.SizeofRtMsg {
		return Route{}, false
	}
	family, flags := b[0], binary.NativeEndian.Uint32(b[8:])
	if flags&unix.RTM_F_CLONED != 0 {
		return Route{}, false
	}
	route := Route{
		Type:  ipName(rtTypeNames, int(b[7]), strconv.Itoa),
		Dst:   attr.Prefix(nil, b[1], family),
		TOS:   int(b[3]),
		Table: int(b[4]),
		Proto: ipName(rtProtoNames, int(b[5]), strconv.Itoa),
		Scope: ipName(rtScopeNames, int(b[6]), strconv.Itoa),
	}
	route.Dead, route.Onlink, route.Pervasive, route.Linkdown = nexthopFlags(flags)
	if b[2] != 0 {
		route.From = attr.Prefix(nil, b[2], family)
	}
	for kind, v := range attr.All(b[unix.SizeofRtMsg:]) {
		r.routeAttribute(&route, b, kind, v)
	}
	return route, true
}

func (r *Reader) routeAttribute(route *Route, msg []byte, kind uint16, v []byte) {
	switch kind {
	case unix.RTA_DST:
		route.Dst = attr.Prefix(v, msg[1], msg[0])
	case unix.RTA_SRC:
		route.From = attr.Prefix(v, msg[2], msg[0])
	case rtaNHID:
		route.NHID = attr.Int(v)
	case unix.RTA_GATEWAY:
		route.Via = attr.Addr(v)
	case unix.RTA_VIA:
		route.Via = attrVia(v)
	case unix.RTA_OIF:
		route.Dev = r.device(attr.Int(v))
	case unix.RTA_TABLE:
		route.Table = int(attr.Uint32(v))
	case unix.RTA_PREFSRC:
		route.Src = attr.Addr(v)
	case unix.RTA_PRIORITY:
		route.Metric = int(attr.Uint32(v))
	case unix.RTA_METRICS:
		route.metrics(v)
	case unix.RTA_PREF:
		route.Pref = ipName(rtPrefNames, attr.Uint8(v), strconv.Itoa)
	case unix.RTA_MULTIPATH:
		route.Nexthops = r.parseNexthops(v)
	}
}

// attrVia is the payload as a struct rtvia: a next hop of any family.
func attrVia(v []byte) (via netip.Addr) {
	if len(v) > 2 {
		via = attr.Addr(v[2:])
	}
	return via
}

// parseNexthops reads an array of struct rtnexthop with their attributes.
func (r *Reader) parseNexthops(b []byte) []Nexthop {
	var hops []Nexthop
	for len(b) >= unix.SizeofRtNexthop {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		hop := Nexthop{Weight: int(b[3]) + 1, Dev: r.device(attr.Int(b[4:]))}
		hop.Dead, hop.Onlink, hop.Pervasive, hop.Linkdown = nexthopFlags(uint32(b[2]))
		for kind, v := range attr.All(b[unix.SizeofRtNexthop:size]) {
			switch kind {
			case unix.RTA_GATEWAY:
				hop.Via = attr.Addr(v)
			case unix.RTA_VIA:
				hop.Via = attrVia(v)
			}
		}
		hops = append(hops, hop)
		b = b[min(attr.Align(size), len(b)):]
	}
	return hops
}

func nexthopFlags(flags uint32) (dead, onlink, pervasive, linkdown bool) {
	return flags&unix.RTNH_F_DEAD != 0, flags&unix.RTNH_F_ONLINK != 0,
		flags&unix.RTNH_F_PERVASIVE != 0, flags&unix.RTNH_F_LINKDOWN != 0
}

// Route metrics by RTAX_* number; the lengths of time among them are kept in
// fractions of a millisecond.
var (
	routeMetricNames = map[uint16]string{
		unix.RTAX_WINDOW: "window", unix.RTAX_RTT: "rtt", unix.RTAX_RTTVAR: "rttvar",
		unix.RTAX_SSTHRESH: "ssthresh", unix.RTAX_CWND: "cwnd", unix.RTAX_ADVMSS: "advmss",
		unix.RTAX_REORDERING: "reordering", unix.RTAX_HOPLIMIT: "hoplimit", unix.RTAX_INITCWND: "initcwnd",
		unix.RTAX_FEATURES: "features", unix.RTAX_RTO_MIN: "rto_min", unix.RTAX_INITRWND: "initrwnd",
		unix.RTAX_QUICKACK: "quickack", unix.RTAX_CC_ALGO: "congctl",
		unix.RTAX_FASTOPEN_NO_COOKIE: "fastopen_no_cookie",
	}
	routeMetricParts = map[uint16]uint32{unix.RTAX_RTT: 8, unix.RTAX_RTTVAR: 4, unix.RTAX_RTO_MIN: 1}
)

// metrics reads RTA_METRICS. All but the MTU are kept as print_rta_metrics()
// spells them.
func (r *Route) metrics(b []byte) {
	values, locked := map[uint16][]byte{}, uint32(0)
	for kind, v := range attr.All(b) {
		values[kind] = v
		if kind == unix.RTAX_LOCK {
			locked = attr.Uint32(v)
		}
	}
	r.MTU, r.MTULocked = int(attr.Uint32(values[unix.RTAX_MTU])), locked&(1<<unix.RTAX_MTU) != 0
	var line ipLine
	for kind := uint16(unix.RTAX_MTU) + 1; kind <= unix.RTAX_FASTOPEN_NO_COOKIE; kind++ {
		v, isLocked := values[kind], locked&(1<<kind) != 0
		if v == nil && !isLocked || kind == unix.RTAX_HOPLIMIT && attr.Int(v) == -1 {
			continue
		}
		line.add(routeMetricNames[kind])
		line.flag(isLocked, "lock")
		line.add(routeMetric(kind, v))
	}
	r.Metrics = line.String()
}

func routeMetric(kind uint16, v []byte) string {
	n := attr.Uint32(v)
	if parts := routeMetricParts[kind]; parts != 0 {
		if n /= parts; n >= 1000 {
			return fmt.Sprintf("%gs", float64(n)/1000)
		}
		return fmt.Sprintf("%dms", n)
	}
	switch {
	case kind == unix.RTAX_CC_ALGO:
		return attr.String(v)
	case kind == unix.RTAX_FEATURES && n&1 != 0: // RTAX_FEATURE_ECN
		if n == 1 {
			return "ecn"
		}
		return "ecn features " + ipHex(n)
	case kind == unix.RTAX_FEATURES:
		return ipHex(n)
	}
	return strconv.FormatUint(uint64(n), 10)
}
