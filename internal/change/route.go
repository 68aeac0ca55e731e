package change

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// The verbs of a Route. RouteReplace puts it in the place of the one that has
// the same destination, table and metric.
const (
	RouteAdd     = "add"
	RouteReplace = "replace"
	RouteDel     = "del"
)

// Route adds, replaces or deletes a route: `ip route VERB …`. Deleting takes the
// first one that has all that is said of it.
type Route struct {
	Netns, Verb string
	table.Route
}

// To is a route of the main table as somebody adds it by hand. Onlink belongs to
// a next hop that no prefix of the device has.
func To(dst netip.Prefix, via netip.Addr, dev string, onlink bool) table.Route {
	return table.Route{Type: "unicast", Dst: dst, Via: via, Dev: dev, Onlink: onlink, Table: unix.RT_TABLE_MAIN, Proto: "boot", Scope: "global"}
}

// Single is the prefix of one address; of an invalid one it is that of all.
func Single(addr netip.Addr) netip.Prefix {
	if !addr.IsValid() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(addr, addr.BitLen())
}

// Command is `ip route VERB …`, which says the family where no address does.
func (r Route) Command() Command {
	ip := []string{"ip"}
	if r.Family() == 6 && r.Dst.Bits() == 0 && !r.Via.IsValid() && len(r.Nexthops) == 0 {
		ip = append(ip, "-6")
	}
	return In(r.Netns, slices.Concat(ip, []string{"route", r.Verb}, r.Args())...)
}

// routeVerbs are what is done for a verb, and how it is told.
var routeVerbs = map[string]struct {
	what say.Text
	do   func(*netlink.Handle, *netlink.Route) error
}{
	RouteAdd:     {say.T("add", "添加"), (*netlink.Handle).RouteAdd},
	RouteReplace: {say.T("replace", "替换"), (*netlink.Handle).RouteReplace},
	RouteDel:     {say.T("delete", "删除"), (*netlink.Handle).RouteDel},
}

// Apply adds, replaces or deletes the route.
func (r Route) Apply(_ context.Context, s Space) error {
	verb, ok := routeVerbs[r.Verb]
	if !ok {
		return say.Err("%s: route %q: not understood here", "%s：这里不认识路由命令 %q", r.Netns, r.Verb)
	}
	_, h, err := Open(s, r.Netns)
	if err != nil {
		return err
	}
	route, err := r.message(h)
	if err != nil {
		return say.At(r.Netns, err)
	}
	if err := verb.do(h, route); err != nil {
		return say.Err("%s: %s route %s: %v", "%s：%s路由 %s：%v", r.Netns, verb.what, table.ShortPrefix(r.Dst), err)
	}
	return nil
}

// Undo takes the route away, or puts back what was there.
func (r Route) Undo(ctx context.Context, s Space, was Before) error {
	opposite := r
	switch r.Verb {
	case RouteAdd:
		opposite.Verb = RouteDel
	case RouteDel:
		opposite.Verb = RouteAdd
	case RouteReplace:
		old, ok := was.route(r)
		if !ok {
			opposite.Verb = RouteDel
			break
		}
		opposite.Route = old
	}
	return opposite.Apply(ctx, s)
}

// UserMetric is that of a route of IPv6 of which nobody says any (IP6_RT_PRIO_USER).
const UserMetric = 1024

// route is the route in whose place another one is put.
func (b Before) route(r Route) (table.Route, bool) {
	snap := b.Netns[r.Netns]
	if snap == nil {
		return table.Route{}, false
	}
	metric := r.Metric
	if metric == 0 && r.Family() == 6 {
		metric = UserMetric
	}
	i := slices.IndexFunc(snap.Routes, func(o table.Route) bool {
		return o.Dst == r.Dst && o.Table == r.Table && o.Metric == metric && o.TOS == r.TOS
	})
	if i < 0 {
		return table.Route{}, false
	}
	return snap.Routes[i], true
}

// there reports whether the namespace has the very route now.
func (r Route) there(s Space) (bool, error) {
	_, h, err := Open(s, r.Netns)
	if err != nil {
		return false, err
	}
	want, err := r.message(h)
	if err != nil {
		return false, err
	}
	routes, err := h.RouteListFiltered(netlinkFamily(r.Dst.Addr()), want, netlink.RT_FILTER_DST|netlink.RT_FILTER_GW|netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
	return len(routes) > 0, err
}

// message is what ip(8) would send: what deletes a route asks only for what was
// said (iproute_modify()).
func (r Route) message(h *netlink.Handle) (*netlink.Route, error) {
	kind, proto, scope, err := r.Numbers()
	if err != nil {
		return nil, err
	}
	if r.From.IsValid() || r.NHID != 0 {
		return nil, say.Err("a route by its source or with a nexthop object is not understood here", "这里不支持按源地址的路由，也不支持 nexthop 对象")
	}
	m := &netlink.Route{
		Dst: ipNet(r.Dst), Gw: r.Via.AsSlice(), Src: r.Src.AsSlice(), Table: r.Table, Priority: r.Metric, Tos: r.TOS,
		MTU: r.MTU, MTULock: r.MTULocked, Type: kind, Protocol: netlink.RouteProtocol(proto), Scope: netlink.Scope(scope),
	}
	if r.Onlink {
		m.Flags = int(netlink.FLAG_ONLINK)
	}
	if m.LinkIndex, err = index(h, r.Dev); err != nil {
		return nil, err
	}
	// A route straight to a device has the scope of the link.
	if r.Scope == "global" && !r.Via.IsValid() && r.Type == "unicast" && len(r.Nexthops) == 0 && r.Family() == 4 {
		m.Scope = netlink.SCOPE_LINK
	}
	if r.Verb == RouteDel {
		r.forget(m)
	}
	for _, hop := range r.Nexthops {
		info := &netlink.NexthopInfo{Gw: hop.Via.AsSlice(), Hops: hop.Weight - 1}
		if hop.Onlink {
			info.Flags = int(netlink.FLAG_ONLINK)
		}
		if info.LinkIndex, err = index(h, hop.Dev); err != nil {
			return nil, err
		}
		m.MultiPath = append(m.MultiPath, info)
	}
	return m, setMetrics(m, r.Metrics)
}

// forget leaves out of what is to be deleted what nobody said of it.
func (r Route) forget(m *netlink.Route) {
	if r.Proto == "boot" {
		m.Protocol = 0
	}
	if r.Scope == "global" {
		m.Scope = netlink.SCOPE_NOWHERE
	}
	if r.Type == "unicast" {
		m.Type = 0
	}
}

func index(h *netlink.Handle, dev string) (int, error) {
	if dev == "" {
		return 0, nil
	}
	link, err := h.LinkByName(dev)
	if err != nil {
		return 0, say.At(dev, err)
	}
	return link.Attrs().Index, nil
}

// netlinkFamily is the address family of an IP version; without an address IPv4.
func netlinkFamily(addr netip.Addr) int {
	if addr.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func ipNet(p netip.Prefix) *net.IPNet {
	if !p.IsValid() {
		return nil
	}
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// setMetrics gives a route the metrics that are written down in ip's words.
func setMetrics(m *netlink.Route, metrics string) error {
	to := map[string]*int{
		"window": &m.Window, "ssthresh": &m.Ssthresh, "cwnd": &m.Cwnd, "advmss": &m.AdvMSS, "reordering": &m.Reordering,
		"hoplimit": &m.Hoplimit, "initcwnd": &m.InitCwnd, "initrwnd": &m.InitRwnd, "quickack": &m.QuickACK,
	}
	var all []option
	for name, place := range to {
		all = append(all, option{name: name, take: func(value string) (err error) { *place, err = strconv.Atoi(value); return err }})
	}
	return readOptions(strings.Fields(metrics), append(all, text("congctl", &m.Congctl))...)
}
