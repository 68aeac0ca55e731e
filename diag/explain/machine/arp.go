package machine

import (
	"net"
	"net/netip"

	"nstutor/diag/table"
)

// What ARPAnswer.By and ARPAnswer.Why say.
const (
	ARPOwner = "owner" // the address is one of the namespace's
	ARPProxy = "proxy" // proxy_arp, proxy_arp_pvlan or an `ip neigh … proxy` entry

	ARPNotMine       = "not-mine"       // nor would proxy_arp help
	ARPProxyOff      = "proxy-off"      // proxy_arp would help, or together with forwarding
	ARPForwardingOff = "forwarding-off" // proxy_arp is on
	ARPNoRoute       = "no-route"       // … to the target
	ARPSameDevice    = "same-device"    // … leads out of the device that is asked
	ARPRejectRoute   = "reject-route"   // … blackhole, unreachable, prohibit or throw
	ARPRPFilter      = "rp-filter"      // the request is dropped for its sender
	ARPMartian       = "martian"        // … because no such packet can be: its sender is an own address
	ARPLate          = "late-local"     // the target is an own address, and Rule leads elsewhere before table local is asked
	ARPIgnore        = "arp-ignore"
	ARPFilter        = "arp-filter"
	ARPNoARP         = "noarp" // the device has no ARP at all
	ARPUnknown       = "unknown"
)

// ARPAnswer is whether a namespace would answer an ARP request.
type ARPAnswer struct {
	Yes      bool
	By       string           // ARPOwner or ARPProxy
	MAC      net.HardwareAddr // what the answer says
	Why      string           // when not Yes
	Rule     table.PolicyRule // of ARPLate
	Evidence []string         // lines in the form of the command that prints them
}

// answersARP tells whether a request for target, from sender, that comes in on
// a device, as though it were up, would be answered: it goes through arp_process()
// and asks the kernel for what that function asks. A sender that is invalid or 0.0.0.0 is a probe
// for a duplicate address. What arptables and nft arp chains drop is not seen.
//
// The answer of a proxy comes after a random time of up to proxy_delay (0.8 s).
func (n *Space) answersARP(link table.Link, target, sender netip.Addr) ARPAnswer {
	target, sender = target.Unmap(), sender.Unmap()
	switch {
	case !target.Is4():
		return ARPAnswer{Why: ARPUnknown}
	case link.Has("NOARP"):
		return ARPAnswer{Why: ARPNoARP, Evidence: []string{link.Line()}}
	}
	a := asking{node: n, link: link, target: target, sender: sender}
	if n.Conf(link.Name, "proxy_arp") < 0 {
		return no(ARPUnknown, a.settings("proxy_arp")...)
	}
	if !sender.IsValid() || sender.IsUnspecified() {
		return a.probe()
	}
	query := RouteQuery{Dst: target, Src: sender, IIF: link.Index}
	route := n.Route(query)
	switch route.Kind {
	case KindLocal:
		return a.owner(route)
	case KindUnicast:
		answer := a.proxy(route)
		if answer.Yes {
			return answer
		}
		return a.orLate(answer, query, route)
	case KindError:
		return ARPAnswer{Why: ARPUnknown, Evidence: append(route.Evidence, route.Err.Error())}
	}
	answer := a.refused(route)
	if route.Kind != KindForwardingOff {
		return answer
	}
	// who passes nothing on is not told the table by which it would go
	return a.orLate(answer, query, n.Route(RouteQuery{Dst: target}))
}

// orLate is an answer, or that the policy rules take what is for an own address elsewhere.
func (a asking) orLate(answer ARPAnswer, q RouteQuery, route RouteAnswer) ARPAnswer {
	late := a.node.late(q, route.Table)
	if late.Action == "" {
		return answer
	}
	answer = no(ARPLate, append(route.Evidence, late.Line())...)
	answer.Rule = late
	return answer
}

// asking is an ARP request while it is looked at.
type asking struct {
	node           *Space
	link           table.Link
	target, sender netip.Addr
}

func (a asking) yes(by string, evidence ...string) ARPAnswer {
	return ARPAnswer{Yes: true, By: by, MAC: a.link.MAC, Evidence: evidence}
}

func no(why string, evidence ...string) ARPAnswer {
	return ARPAnswer{Why: why, Evidence: evidence}
}

// probe is a request without a sender: nothing but own addresses count.
func (a asking) probe() ARPAnswer {
	a.sender = netip.IPv4Unspecified()
	route := a.node.Route(RouteQuery{Dst: a.target})
	if route.Kind != KindLocal {
		return no(ARPNotMine, route.Evidence...)
	}
	return a.owner(route)
}

// owner answers for an own address, unless arp_ignore or arp_filter is against it.
func (a asking) owner(route RouteAnswer) ARPAnswer {
	if mode := a.node.confMax(a.link.Name, "arp_ignore"); mode > 0 && a.ignored(mode) {
		return no(ARPIgnore, append(route.Evidence, a.settings("arp_ignore")...)...)
	}
	if a.sender.IsUnspecified() || !a.node.ConfOr(a.link.Name, "arp_filter") {
		return a.yes(ARPOwner, route.Evidence...)
	}
	// arp_filter(): would a packet to the sender leave by this device?
	back := a.node.Route(RouteQuery{Dst: a.sender, Src: a.target})
	if back.Dev != a.link.Index {
		return no(ARPFilter, append(back.Evidence, a.settings("arp_filter")...)...)
	}
	return a.yes(ARPOwner, route.Evidence...)
}

// ignored is arp_ignore() of the kernel.
func (a asking) ignored(mode int) bool {
	addrs, err := a.node.Addrs(a.link.Index)
	if err != nil {
		return false
	}
	has, sameSubnet := false, false
	for _, addr := range addrs {
		own := addr.Prefix.Addr()
		has = has || own == a.target
		if addr.Peer.IsValid() {
			own = addr.Peer
		}
		subnet := netip.PrefixFrom(own, addr.Prefix.Bits()).Masked()
		sameSubnet = sameSubnet || subnet.Contains(a.target) && subnet.Contains(a.sender)
	}
	switch mode {
	case 1: // only for addresses of the device
		return !has
	case 2: // and only for senders in its subnet
		return !has || !sameSubnet
	case 3: // not for addresses of scope host
		return !a.widelyScoped()
	case 8:
		return true
	}
	return false
}

// widelyScoped reports whether the target is an address of any device whose
// scope is not host. The local route to it names the device.
func (a asking) widelyScoped() bool {
	one, err := a.node.Ask()
	if err != nil {
		return true
	}
	entry, err := one.RouteEntry(table.RouteRequest{Dst: a.target})
	if err != nil {
		return true
	}
	dev, err := one.Link(entry.Dev)
	if err != nil {
		return true
	}
	addrs, _ := one.Addrs(dev.Index)
	for _, addr := range addrs {
		if addr.Prefix.Addr() == a.target && addr.Scope != "host" && addr.Scope != "nowhere" {
			return true
		}
	}
	return false
}

// proxy answers for an address that the namespace would forward to
// (arp_fwd_proxy(), arp_fwd_pvlan() and pneigh_lookup()).
func (a asking) proxy(route RouteAnswer) ARPAnswer {
	dev := a.link.Name
	if route.Dev == a.link.Index {
		switch {
		case a.node.ConfOr(dev, "proxy_arp_pvlan") && a.sender != a.target:
			return a.yes(ARPProxy, append(route.Evidence, a.settings("proxy_arp_pvlan")...)...)
		case a.node.ConfOr(dev, "proxy_arp"):
			return no(ARPSameDevice, append(route.Evidence, a.settings("proxy_arp")...)...)
		}
		return no(ARPNotMine, route.Evidence...)
	}
	if entry, ok := a.published(); ok {
		return a.yes(ARPProxy, append(route.Evidence, entry.Line())...)
	}
	if !a.node.ConfOr(dev, "proxy_arp") {
		return no(ARPProxyOff, append(route.Evidence, a.settings("proxy_arp")...)...)
	}
	evidence := append(route.Evidence, a.settings("proxy_arp")...)
	if !a.otherMedium(route) {
		return no(ARPSameDevice, append(evidence, a.node.confLines("medium_id", dev, route.DevName)...)...)
	}
	return a.yes(ARPProxy, append(evidence, a.node.confLines("forwarding", dev)...)...)
}

// otherMedium reports whether proxy_arp takes the two devices for different
// networks (medium_id).
func (a asking) otherMedium(route RouteAnswer) bool {
	values := a.node.confs("medium_id", a.link.Name, route.DevName)
	in, out := values[0], values[1]
	return in == 0 || in != -1 && out != in && out != -1
}

func (a asking) published() (table.Neighbour, bool) {
	one, err := a.node.Ask()
	if err != nil {
		return table.Neighbour{}, false
	}
	entry, ok, err := one.Published(a.link.Index, a.target)
	return entry, ok && err == nil
}

// refused is for a request whose input lookup leads nowhere. What would have to
// change first is said: while nobody asked for proxying, that is not forwarding.
func (a asking) refused(route RouteAnswer) ARPAnswer {
	dev := a.link.Name
	own, onward := a.onward()
	_, isPublished := a.published()
	wanted := isPublished || a.node.ConfOr(dev, "proxy_arp")
	switch {
	case route.Kind == KindRPFilter && (own || wanted):
		return no(ARPRPFilter, route.Evidence...)
	case route.Kind == KindMartian && (own || wanted):
		return no(ARPMartian, route.Evidence...)
	case route.Kind == KindBroadcast, route.Kind == KindMulticast:
		return no(ARPNotMine, route.Evidence...)
	case !wanted && onward:
		return no(ARPProxyOff, append(route.Evidence, a.settings("proxy_arp")...)...)
	case !wanted:
		return no(ARPNotMine, route.Evidence...)
	case route.Kind == KindForwardingOff:
		return no(ARPForwardingOff, append(route.Evidence, a.settings("proxy_arp")...)...)
	case route.Kind == KindNone:
		return no(ARPNoRoute, append(route.Evidence, a.settings("proxy_arp")...)...)
	}
	return no(ARPRejectRoute, append(route.Evidence, a.settings("proxy_arp")...)...)
}

// onward tells what the namespace itself would do with a packet to the target:
// whether the address is its own, and whether it would leave by another device.
func (a asking) onward() (own, elsewhere bool) {
	one, err := a.node.Ask()
	if err != nil {
		return false, false
	}
	reply, err := one.Route(table.RouteRequest{Dst: a.target})
	if err != nil {
		return false, false
	}
	return reply.Type == "local", reply.Type == "unicast" && reply.Index != a.link.Index
}

// settings are the two sysctls that decide about one thing.
func (a asking) settings(key string) []string {
	return a.node.confLines(key, "all", a.link.Name)
}
