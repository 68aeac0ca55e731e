package exercise

import (
	"net"
	"strconv"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Route adds a route, written as for `ip route add`:
//
//	w.Route("shop", "default via 169.254.1.1 dev eth0 onlink")
//	w.Route("host", "10.1.2.10 dev veth-shop")
//	w.Route("host", "blackhole 10.1.0.0/16 table 100")
func (w *World) Route(netns, spec string) { w.routed(netns, "add", spec, (*netlink.Handle).RouteAdd) }

// ReplaceRoute is `ip route replace`.
func (w *World) ReplaceRoute(netns, spec string) {
	w.routed(netns, "replace", spec, (*netlink.Handle).RouteReplace)
}

// DelRoute is `ip route del`.
func (w *World) DelRoute(netns, spec string) {
	w.routed(netns, "delete", spec, (*netlink.Handle).RouteDel)
}

func (w *World) routed(netns, verb, spec string, do func(*netlink.Handle, *netlink.Route) error) {
	_, h := w.space(netns)
	if h == nil {
		return
	}
	route, err := parseRoute(h, spec, verb == "delete")
	if err == nil {
		err = do(h, route)
	}
	w.failed(err, netns, say.Quote("ip route "+verb+" "+spec))
}

var routeTypes = map[string]int{
	"blackhole": unix.RTN_BLACKHOLE, "unreachable": unix.RTN_UNREACHABLE, "prohibit": unix.RTN_PROHIBIT, "throw": unix.RTN_THROW,
}

// parseRoute reads the words of ip-route(8) that exercises need.
func parseRoute(h *netlink.Handle, spec string, deleting bool) (*netlink.Route, error) {
	words := strings.Fields(spec)
	r := &netlink.Route{Protocol: unix.RTPROT_BOOT, Type: unix.RTN_UNICAST}
	if len(words) > 0 {
		if kind, ok := routeTypes[words[0]]; ok {
			r.Type, words = kind, words[1:]
		}
	}
	if len(words) == 0 {
		return nil, say.Err("no destination", "没有目标")
	}
	dst, err := network(words[0])
	if err != nil {
		return nil, err
	}
	r.Dst = dst
	for words = words[1:]; len(words) > 0; {
		if words[0] == "onlink" {
			r.Flags |= int(netlink.FLAG_ONLINK)
			words = words[1:]
			continue
		}
		if len(words) == 1 {
			return nil, say.Err("%s what?", "%s 后面缺少内容", words[0])
		}
		if err := routeWord(h, r, words[0], words[1]); err != nil {
			return nil, err
		}
		words = words[2:]
	}
	// A route straight to a device has the scope of the link, as ip(8) has it.
	if r.Gw == nil && r.Type == unix.RTN_UNICAST && !deleting {
		r.Scope = netlink.SCOPE_LINK
	}
	if deleting {
		r.Protocol = 0
		r.Scope = netlink.SCOPE_NOWHERE
		if r.Type == unix.RTN_UNICAST {
			r.Type = 0
		}
	}
	return r, nil
}

func routeWord(h *netlink.Handle, r *netlink.Route, word, value string) error {
	var err error
	switch word {
	case "via":
		if r.Gw = net.ParseIP(value); r.Gw == nil {
			err = say.Err("%q is no address", "%q 不是地址", value)
		}
	case "src":
		if r.Src = net.ParseIP(value); r.Src == nil {
			err = say.Err("%q is no address", "%q 不是地址", value)
		}
	case "dev":
		var link netlink.Link
		if link, err = h.LinkByName(value); err == nil {
			r.LinkIndex = link.Attrs().Index
		}
	case "table":
		r.Table, err = strconv.Atoi(value)
	case "metric":
		r.Priority, err = strconv.Atoi(value)
	case "mtu":
		r.MTU, err = strconv.Atoi(value)
	default:
		err = say.Err("%q is not understood here", "这里不认识 %q", word)
	}
	return err
}

// network reads "default", an address or a prefix as ip(8) does.
func network(s string) (*net.IPNet, error) {
	if s == "default" {
		return &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, nil
	}
	if ip := net.ParseIP(s); ip != nil {
		return netlink.NewIPNet(ip), nil
	}
	_, n, err := net.ParseCIDR(s)
	return n, err
}

// Rule adds a policy rule: `from PREFIX`, `to PREFIX`, `iif DEV`, `table N`,
// `priority N`.
func (w *World) Rule(netns, spec string) { w.ruled(netns, "add", spec, (*netlink.Handle).RuleAdd) }

// DelRule deletes it.
func (w *World) DelRule(netns, spec string) {
	w.ruled(netns, "delete", spec, (*netlink.Handle).RuleDel)
}

func (w *World) ruled(netns, verb, spec string, do func(*netlink.Handle, *netlink.Rule) error) {
	_, h := w.space(netns)
	if h == nil {
		return
	}
	rule, err := parseRule(spec)
	if err == nil {
		err = do(h, rule)
	}
	w.failed(err, netns, say.Quote("ip rule "+verb+" "+spec))
}

func parseRule(spec string) (*netlink.Rule, error) {
	words := strings.Fields(spec)
	r := netlink.NewRule()
	r.Family = unix.AF_INET
	var err error
	for ; len(words) > 1 && err == nil; words = words[2:] {
		switch words[0] {
		case "from":
			r.Src, err = network(words[1])
		case "to":
			r.Dst, err = network(words[1])
		case "iif":
			r.IifName = words[1]
		case "table", "lookup":
			r.Table, err = strconv.Atoi(words[1])
		case "priority", "pref":
			r.Priority, err = strconv.Atoi(words[1])
		default:
			err = say.Err("%q is not understood here", "这里不认识 %q", words[0])
		}
	}
	if err == nil && len(words) > 0 {
		err = say.Err("%s what?", "%s 后面缺少内容", words[0])
	}
	return r, err
}

// Neigh writes a permanent neighbour.
func (w *World) Neigh(netns, addr, mac, dev string) {
	hw, err := net.ParseMAC(mac)
	w.failed(err, netns, say.T("neighbour %s lladdr %s", "邻居 %s lladdr %s", addr, mac))
	w.change(func(s change.Space) error { return at(netns, dev).SetNeigh(s, addr, hw, unix.NUD_PERMANENT) })
}

// StaleNeigh writes a neighbour as ARP would have left it some time ago: the
// kernel uses it, and asks again by and by.
func (w *World) StaleNeigh(netns, addr, mac, dev string) {
	hw, err := net.ParseMAC(mac)
	w.failed(err, netns, say.T("neighbour %s lladdr %s", "邻居 %s lladdr %s", addr, mac))
	w.change(func(s change.Space) error { return at(netns, dev).SetNeigh(s, addr, hw, unix.NUD_STALE) })
}

// DelNeigh deletes a neighbour.
func (w *World) DelNeigh(netns, addr, dev string) {
	w.change(func(s change.Space) error { return at(netns, dev).DelNeigh(s, addr) })
}
