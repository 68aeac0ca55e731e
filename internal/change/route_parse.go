package change

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/say"

	"nstutor/diag/table"
)

var (
	_ = register("ip route add", routeParser(RouteAdd, false))
	_ = register("ip route replace", routeParser(RouteReplace, false))
	_ = register("ip route del", routeParser(RouteDel, false))
	_ = register("ip -6 route add", routeParser(RouteAdd, true))
	_ = register("ip -6 route replace", routeParser(RouteReplace, true))
	_ = register("ip -6 route del", routeParser(RouteDel, true))
)

func routeParser(verb string, v6 bool) parser {
	return func(netns string, words []string) (Change, error) {
		r, err := parseRoute(words)
		if v6 && r.Dst == Single(netip.Addr{}) {
			r.Dst = everything6
		}
		return Route{Netns: netns, Verb: verb, Route: r}, err
	}
}

// everything6 is the prefix of all addresses of IPv6.
var everything6 = netip.PrefixFrom(netip.IPv6Unspecified(), 0)

// routeKinds are the types of a route that stand before its destination.
var routeKinds = []string{"unicast", "local", "broadcast", "multicast", "anycast", "blackhole", "unreachable", "prohibit", "throw"}

// metricWords are the metrics of a route that are kept as they are written.
var metricWords = []string{"window", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd", "initrwnd", "quickack", "congctl"}

// parseRoute reads the words of ip-route(8) that table.Route.Args writes.
func parseRoute(words []string) (table.Route, error) {
	r := To(Single(netip.Addr{}), netip.Addr{}, "", false)
	if len(words) > 0 && slices.Contains(routeKinds, words[0]) {
		r.Type, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return r, say.Err("no destination", "没有目标")
	}
	var err error
	if r.Dst, err = Network(words[0]); err != nil {
		return r, err
	}
	words = words[1:]
	if i := slices.Index(words, "nexthop"); i >= 0 {
		if r.Nexthops, err = parseNexthops(words[i:]); err != nil {
			return r, err
		}
		words = words[:i]
	}
	if i := slices.Index(words, "lock"); i > 0 && words[i-1] == "mtu" {
		r.MTULocked, words = true, slices.Delete(slices.Clone(words), i, i+1)
	}
	options := []option{
		address("via", &r.Via), text("dev", &r.Dev), address("src", &r.Src), number("metric", &r.Metric), number("mtu", &r.MTU),
		text("proto", &r.Proto), text("scope", &r.Scope), text("pref", &r.Pref), bare("onlink", &r.Onlink),
		{name: "table", take: func(value string) (err error) { r.Table, err = table.Number(value); return err }},
	}
	for _, metric := range metricWords {
		options = append(options, option{name: metric, take: func(value string) error {
			r.Metrics = strings.TrimSpace(r.Metrics + " " + metric + " " + value)
			return nil
		}})
	}
	if err := readOptions(words, options...); err != nil {
		return r, err
	}
	six := r.Via.Is6() || len(r.Nexthops) > 0 && r.Nexthops[0].Via.Is6()
	if six && r.Dst == Single(netip.Addr{}) { // `default` is of the IP version that its next hop is of
		r.Dst = everything6
	}
	return r, nil
}

func parseNexthops(words []string) (hops []table.Nexthop, err error) {
	for len(words) > 0 {
		rest := words[1:]
		end := slices.Index(rest, "nexthop")
		if end < 0 {
			end = len(rest)
		}
		hop := table.Nexthop{Weight: 1}
		weight := func(value string) (err error) { hop.Weight, err = strconv.Atoi(value); return err }
		err := readOptions(rest[:end], address("via", &hop.Via), text("dev", &hop.Dev), option{name: "weight", take: weight}, bare("onlink", &hop.Onlink))
		if err != nil {
			return nil, err
		}
		hops, words = append(hops, hop), rest[end:]
	}
	return hops, nil
}
