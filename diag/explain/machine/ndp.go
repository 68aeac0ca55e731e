package machine

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/table"
)

// What ARPAnswer.Why says of IPv6 besides.
const (
	NDPTentative = "tentative" // it is an address of the device, which is not sure yet that nobody else has it, or knows that somebody does
	NDPNoEntry   = "no-entry"  // proxy_ndp is on, but there is no `ip -6 neigh … proxy` entry for the address
)

// Answers is answersARP, or of IPv6 answersNDP.
func (n *Space) Answers(link table.Link, target, sender netip.Addr) ARPAnswer {
	if target.Is6() {
		return n.answersNDP(link, target)
	}
	return n.answersARP(link, target, sender)
}

// answersNDP tells whether a neighbour solicitation for target that comes in on a
// device, as though it were up, would be answered: by the device's own addresses alone,
// or by a proxy that forwards and has an entry for the address (ndisc_recv_ns()).
func (n *Space) answersNDP(link table.Link, target netip.Addr) ARPAnswer {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return ARPAnswer{Why: ARPUnknown, Evidence: []string{err.Error()}}
	}
	for _, a := range addrs {
		switch {
		case a.Prefix.Addr() != target:
		case slices.Contains(a.Flags, "tentative") || slices.Contains(a.Flags, "dadfailed"):
			return ARPAnswer{Why: NDPTentative, Evidence: []string{a.Line()}}
		default:
			return ARPAnswer{Yes: true, By: ARPOwner, MAC: link.MAC, Evidence: []string{a.Line()}}
		}
	}
	return n.proxiesNDP(link, target)
}

// solicitor is the source of a neighbour solicitation, which whoever answers learns the
// MAC address of: that of the packet, where it is an address of the device, or else the
// device's link-local one (ndisc_solicit()).
func (n *Space) solicitor(link table.Link, source netip.Addr) (own netip.Addr) {
	addrs, _ := n.Addrs(link.Index)
	for _, a := range addrs {
		switch addr := a.Prefix.Addr(); {
		case addr == source:
			return source
		case addr.Is6() && addr.IsLinkLocalUnicast() && !own.IsValid():
			own = addr
		}
	}
	return own
}

// proxiesNDP is the answer of who has not the address. What a namespace would pass on by
// another device, it would answer for with a proxy entry and the setting.
func (n *Space) proxiesNDP(link table.Link, target netip.Addr) ARPAnswer {
	on := func(dev, key string) bool { return n.conf6(dev, key) == "1" }
	allowed, entry := on("all", "proxy_ndp") || on(link.Name, "proxy_ndp"), n.proxied(link, target)
	switch {
	case !allowed || !entry:
		_, behind := asking{node: n, link: link, target: target}.onward()
		why := ARPNotMine
		if behind {
			why = ARPProxyOff
		}
		if allowed && !behind {
			why = NDPNoEntry
		}
		return ARPAnswer{Why: why, Evidence: []string{n.conf6Line(link.Name, "proxy_ndp")}}
	case !on(link.Name, "forwarding"):
		return ARPAnswer{Why: ARPForwardingOff, Evidence: []string{n.conf6Line(link.Name, "forwarding")}}
	}
	return ARPAnswer{Yes: true, By: ARPProxy, MAC: link.MAC, Evidence: []string{n.conf6Line(link.Name, "proxy_ndp")}}
}

// proxied reports whether a device has a proxy entry for an address.
func (n *Space) proxied(link table.Link, target netip.Addr) bool {
	one, err := n.Ask()
	if err != nil {
		return false
	}
	_, found, err := one.Published(link.Index, target)
	return err == nil && found
}

// conf6 is a setting below net.ipv6.conf, empty when it cannot be read.
func (n *Space) conf6(dev, key string) string {
	value, err := n.Sysctl("net/ipv6/conf/" + dev + "/" + key)
	if err != nil {
		return ""
	}
	return value
}

func (n *Space) conf6Line(dev, key string) string {
	return "net.ipv6.conf." + strings.ReplaceAll(dev, ".", "/") + "." + key + " = " + n.conf6(dev, key)
}

// Advertised reports whether a device is told to heed what routers advertise, and whether
// it does: with accept_ra 1 a router itself heeds none (ipv6_accept_ra()). lines are the
// settings.
func (n *Space) Advertised(dev string) (told, heeds bool, lines []string) {
	accepts, forwards := n.conf6(dev, "accept_ra"), n.conf6(dev, "forwarding") == "1"
	lines = []string{n.conf6Line(dev, "accept_ra"), n.conf6Line(dev, "forwarding")}
	return accepts != "0", accepts == "2" || accepts == "1" && !forwards, lines
}

// Routers are how many solicitations of routers a device has sent, and how many advertisements
// have come to it. ok is false where that cannot be told.
func (n *Space) Routers(dev string) (asked, heard int64, ok bool) {
	counted, err := table.ReadDevice6(n.NS, dev)
	return counted["Icmp6OutRouterSolicits"], counted["Icmp6InRouterAdvertisements"], err == nil
}

// PassesOn reports whether the namespace forwards what comes in by a device, of the IP
// version that addr has.
func (n *Space) PassesOn(dev string, addr netip.Addr) bool {
	if addr.Is6() {
		on, _ := n.forwards6(dev)
		return on
	}
	return n.Conf(dev, "forwarding") == 1
}

// forwards6 reports whether the namespace forwards the IPv6 that comes in by a device, and the
// line that says so: for that the one switch for all devices counts, or since Linux 6.17
// force_forwarding of that one (ip6_forward()).
func (n *Space) forwards6(dev string) (bool, string) {
	if n.conf6(dev, "force_forwarding") == "1" {
		return true, n.conf6Line(dev, "force_forwarding")
	}
	return n.conf6("all", "forwarding") == "1", n.conf6Line("all", "forwarding")
}
