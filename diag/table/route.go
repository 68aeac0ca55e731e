package table

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// Routing tables that have a name in the kernel (enum rt_class_t).
const (
	tableDefault = 253
	tableMain    = 254
	tableLocal   = 255
)

// Route is one route of any table, as `ip route show table all` shows it.
type Route struct {
	Type   string       // unicast, local, broadcast, multicast, blackhole, unreachable, prohibit, throw…
	Dst    netip.Prefix // 0.0.0.0/0 and ::/0 are what ip calls default
	From   netip.Prefix // source prefix of an IPv6 route, else invalid
	TOS    int
	NHID   int        // nexthop object, 0: none
	Via    netip.Addr // the next hop; invalid for a directly connected route
	Dev    string     // empty when the route has none (blackhole) or several (Nexthops)
	Table  int
	Proto  string     // who made the route: kernel, boot, static, ra, dhcp…
	Scope  string     // global, link, host, nowhere
	Src    netip.Addr // preferred source address
	Metric int        // 0: the highest priority

	Onlink    bool // the next hop is reachable although no connected route covers it
	Linkdown  bool // the device has no carrier
	Dead      bool // the route is not used: its device is down, or see ignore_routes_with_linkdown
	Pervasive bool

	MTU       int    // RTAX_MTU in bytes; 0: the route sets none
	MTULocked bool   // the MTU that the path is found to have does not lower it
	Metrics   string // the other RTA_METRICS as ip prints them: "window 100 advmss 1360"

	Pref     string // IPv6 router preference: low, medium, high
	Nexthops []Nexthop
}

// Nexthop is one leg of a multipath route.
type Nexthop struct {
	Via       netip.Addr
	Dev       string
	Weight    int
	Onlink    bool
	Linkdown  bool
	Dead      bool
	Pervasive bool
}

// Family is 4 or 6.
func (r Route) Family() int { return ipFamily(r.Dst.Addr()) }

// Default reports whether the route matches every destination.
func (r Route) Default() bool { return r.Dst.Bits() == 0 }

// Neighbour is one entry of the neighbour (ARP, NDP) table, as `ip neigh` shows
// it.
type Neighbour struct {
	Dst   netip.Addr
	Dev   string
	MAC   net.HardwareAddr // nil while it is not known
	State string           // INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT

	Proxy       bool // a published entry: this machine answers for Dst (`ip neigh show proxy`)
	Router      bool
	Managed     bool
	ExternLearn bool
	Proto       string // who made the entry, when somebody said so

	// Age is how long the entry was in its state when it was read, and Since the
	// moment it entered it; both to a hundredth of a second (NDA_CACHEINFO). They
	// change all the time, so they do not count as a difference.
	Age   time.Duration
	Since time.Time
}

// Family is 4 or 6.
func (n Neighbour) Family() int { return ipFamily(n.Dst) }

// Rule is one policy rule, as `ip rule` shows it.
type PolicyRule struct {
	Family   int // 4 or 6
	Priority int
	Not      bool
	Src, Dst netip.Prefix // invalid: all
	TOS      int
	Mark     uint32
	Mask     uint32 // of Mark; 0 when the rule does not look at the mark
	IIF, OIF string
	// Detached tells that the device of that name does not exist.
	IIFDetached, OIFDetached bool

	L3mdev       bool
	UIDs         *[2]uint32
	IPProto      int
	SPort, DPort *[2]uint16

	Action     string // lookup, goto, nop, blackhole, unreachable, prohibit
	Table      int    // of lookup
	Goto       int    // priority to go on with
	Unresolved bool   // no rule has that priority
	// SuppressPrefix is the longest prefix length that the lookup ignores; -1: none.
	SuppressPrefix int
	SuppressGroup  int // device group whose routes the lookup ignores; -1: none
	Proto          string
}

// Sysctl is one kernel setting. Dots in a device name are written as slashes,
// as sysctl(8) does: net.ipv4.conf.eth0/100.forwarding.
type Sysctl struct{ Key, Value string }

// Line is what `sysctl KEY` prints.
func (s Sysctl) Line() string { return say.Clean(s.Key + " = " + s.Value) }

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

// HopLimit is the TTL that packets by the route begin with; 0: it sets none.
func (r Route) HopLimit() int {
	words := strings.Fields(r.Metrics)
	if i := slices.Index(words, "hoplimit"); i >= 0 && i+1 < len(words) {
		hops, _ := strconv.Atoi(words[i+1])
		return hops
	}
	return 0
}

// WithoutHopLimit is the route with the TTL left to the settings of its device.
func (r Route) WithoutHopLimit() Route {
	words := strings.Fields(r.Metrics)
	if i := slices.Index(words, "hoplimit"); i >= 0 && i+1 < len(words) {
		r.Metrics = strings.Join(slices.Delete(words, i, i+2), " ")
	}
	return r
}

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
