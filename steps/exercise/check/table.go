package check

import (
	"net/netip"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// HasAddr checks that one of a namespace's devices has an address, whatever
// its length.
func HasAddr(netns, addr string) Check {
	addr, _, _ = strings.Cut(addr, "/")
	want, err := netip.ParseAddr(addr)
	return Check{
		Text:  say.T("%s has the address %s", "%s 有地址 %s", netns, addr),
		Table: change.In(netns, "ip", "addr"),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			seen := ""
			for _, a := range s.Addrs {
				if own := a.Prefix.Addr(); err == nil && own == want {
					return true, ""
				} else if own.Is4() && !own.IsLoopback() {
					seen = a.Line()
				}
			}
			return false, seen
		}),
	}
}

// Link is what a device has to be.
type Link struct {
	Name   string
	Up     bool   // its switch is on
	Master string // the bridge that it is a port of; empty: that does not count
}

// text is the device in the words of ip(8).
func (want Link) text() string {
	words := []string{want.Name}
	if want.Master != "" {
		words = append(words, "master", want.Master)
	}
	if want.Up {
		words = append(words, "UP")
	}
	return strings.Join(words, " ")
}

// HasLink checks that a namespace has such a device.
func HasLink(netns string, want Link) Check {
	return Check{
		Text:  say.T("%s has the device %s", "%s 有网卡 %s", netns, want.text()),
		Table: change.In(netns, "ip", "link"),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			link, there := s.Link(want.Name)
			if !there {
				return false, ""
			}
			return (!want.Up || link.Has("UP")) && (want.Master == "" || link.Master == want.Master), link.Line()
		}),
	}
}

// Route is what a route of the main table has to be; what is empty does not
// count.
type Route struct {
	Type     string // "blackhole"…; empty: unicast
	Dst      string // an address, a prefix or "default"
	Via, Dev string
	Src      string
}

// text is the route in the words of ip(8).
func (want Route) text() string {
	var words []string
	if want.Type != "" {
		words = append(words, want.Type)
	}
	words = append(words, want.Dst)
	for _, option := range [][2]string{{"via", want.Via}, {"dev", want.Dev}, {"src", want.Src}} {
		if option[1] != "" {
			words = append(words, option[:]...)
		}
	}
	return strings.Join(words, " ")
}

// HasRoute checks that the main table of a namespace has such a route, be it
// one way of several.
func HasRoute(netns string, want Route) Check {
	return Check{
		Text:  say.T("%s has the route `%s`", "%s 有路由 `%s`", netns, want.text()),
		Table: change.In(netns, "ip", "route"),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			dst, err := change.Network(want.Dst)
			if err != nil {
				return false, ""
			}
			for _, r := range s.MainRoutes(4) {
				if r.Dst == dst && want.is(r) {
					return true, r.Line()
				}
			}
			return false, ""
		}),
	}
}

// is compares all but the destination.
func (want Route) is(r table.Route) bool {
	if want.Type != "" && r.Type != want.Type || want.Type == "" && r.Type != "unicast" || want.Src != "" && r.Src.String() != want.Src {
		return false
	}
	ways := r.Nexthops
	if len(ways) == 0 {
		ways = []table.Nexthop{{Via: r.Via, Dev: r.Dev}}
	}
	for _, way := range ways {
		if (want.Via == "" || way.Via.String() == want.Via) && (want.Dev == "" || way.Dev == want.Dev) {
			return true
		}
	}
	return false
}

// NoRouteTo checks that no route of the main table leads to an address.
func NoRouteTo(netns, addr string) Check {
	return Check{
		Text:  say.T("%s has no route to %s", "%s 没有到 %s 的路由", netns, addr),
		Table: change.In(netns, "ip", "route"),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			a, err := netip.ParseAddr(addr)
			for _, r := range s.MainRoutes(4) {
				if r.Default() || err == nil && r.Dst.Contains(a) {
					return false, r.Line()
				}
			}
			return true, ""
		}),
	}
}
