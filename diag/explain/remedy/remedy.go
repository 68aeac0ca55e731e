// Package remedy is what mends a network, as a search through it has found it: a
// route, an address, an exemption, the other end of a tunnel. Each is facts, and
// makes changes of them.
package remedy

import (
	"net"
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// A zero value is what was not found, and changes nothing.

// Way is a route that leads to a destination.
type Way struct {
	Netns   string
	Dst     netip.Addr // invalid: everything, by the default route
	Dev     string
	Via     netip.Addr   // invalid: the destination is on the wire
	Onlink  bool         // Via is in none of the device's prefixes
	Replace bool         // there is a route to that very destination, which leads elsewhere
	Table   int          // that it is for; 0: the main one
	Net     netip.Prefix // the route is for all of it; invalid: for Dst alone
}

// Commands add the route, or replace the one that is there. There are none for a default
// route of which neither the next hop nor the IP is known.
func (w Way) Commands() []change.Change {
	if w.Dev == "" || !w.Dst.IsValid() && !w.Via.IsValid() && !w.Net.IsValid() {
		return nil
	}
	verb, dst := change.RouteAdd, change.Single(w.Dst)
	if !w.Dst.IsValid() && w.Via.Is6() {
		dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if w.Replace {
		verb = change.RouteReplace
	}
	if w.Net.IsValid() {
		dst = w.Net
	}
	route := change.To(dst, w.Via, w.Dev, w.Via.IsValid() && w.Onlink)
	if w.Table != 0 {
		route.Table = w.Table
	}
	return []change.Change{change.Route{Netns: w.Netns, Verb: verb, Route: route}}
}

// Exemption lets one destination pass a route or a policy rule that rejects more.
type Exemption struct {
	Netns string
	Src   netip.Addr // of the packet; invalid: the namespace is to choose one
	Dst   netip.Addr
	Kind  machine.RouteKind
	Entry table.Route      // that rejects; its Type is empty where it is none, or
	Rule  table.PolicyRule // the rule that does; its Action is empty where it is none
	Past  Way              // the route that is to be taken instead of Entry
	Anew  bool             // the table has no such route without Entry
	// Silent is the next hop of Past, a narrower route than Entry, that has not answered: IPv6
	// passes the route over for that (rt6_check_neigh()). Its Dst is invalid where it is not that.
	Silent table.Neighbour
}

// ForSource lets the destination pass for the packet's own source alone, where a rule for
// other sources as well is what rejects; nil where it is not.
func (x Exemption) ForSource() []change.Change {
	all := x.Commands()
	if x.Entry.Type != "" || !x.Src.IsValid() || x.Rule.Src.IsSingleIP() {
		return nil
	}
	for i, c := range all {
		if rule, ok := c.(change.PolicyAdd); ok {
			rule.Rule.Src = change.Single(x.Src)
			all[i] = rule
		}
	}
	return all
}

const mainTable = 254 // RT_TABLE_MAIN

// Commands let the destination pass.
func (x Exemption) Commands() []change.Change {
	switch {
	case x.Silent.Dst.IsValid():
		return []change.Change{change.NeighDel{Netns: x.Netns, Dst: x.Silent.Dst, Dev: x.Silent.Dev}}
	case x.Entry.Type == "" && x.Rule.Action == "":
		return nil
	case x.Entry.Type == "":
		all := lookupMain(x.Netns, change.Single(x.Dst), x.Rule.Priority)
		if x.Anew {
			all = append(all, x.Past.Commands()...)
		}
		return all
	}
	past := x.Past
	past.Table = x.Entry.Table
	if past.Dev != "" && !x.Entry.Dst.IsSingleIP() {
		return past.Commands()
	}
	rejecting := change.To(x.Entry.Dst, netip.Addr{}, "", false)
	rejecting.Type, rejecting.Table = string(x.Kind), x.Entry.Table
	if x.Entry.NHID != 0 { // it is the nexthop object that rejects, and the route is one as others
		rejecting.Type = "unicast"
	}
	all := []change.Change{change.Route{Netns: x.Netns, Verb: change.RouteDel, Route: rejecting}}
	if x.Anew {
		all = append(all, past.Commands()...)
	}
	return all
}

// lookupMain is the rule that has the main table asked for a destination before
// the rule of a preference comes.
func lookupMain(netns string, dst netip.Prefix, before int) []change.Change {
	return []change.Change{LookupTo(netns, dst, mainTable, max(1, before-1))}
}

// LookupTo is the rule that has a table asked for what is to dst.
func LookupTo(netns string, dst netip.Prefix, number, priority int) change.Change {
	rule := change.Lookup(number, priority)
	rule.Dst = dst
	if dst.Addr().Is6() {
		rule.Family = 6
	}
	return change.PolicyAdd{Netns: netns, Rule: rule}
}

// Turn leads what goes to a destination out by another way than it takes.
type Turn struct {
	Way   Way         // that it should take
	Stray table.Route // a route without which it does; its Type is empty where there is none, or
	// To are the destinations for which the main table has the way, but is not asked
	// because of the rule of preference Before; invalid where it is not that.
	To     netip.Prefix
	Before int
}

// Commands turn what goes there.
func (t Turn) Commands() []change.Change {
	switch {
	case t.Stray.Type != "":
		return []change.Change{change.Route{Netns: t.Way.Netns, Verb: change.RouteDel, Route: t.Stray}}
	case t.To.IsValid():
		return lookupMain(t.Way.Netns, t.To, t.Before)
	}
	return t.Way.Commands()
}

// VirtualUntracked is the setting by which no rule of nat sees what a virtual service sends on, as
// sysctl prints it.
const VirtualUntracked = "net.ipv4.vs.conntrack = 0"

// TrackVirtual has rules of nat see what a virtual service sends on (ip_vs_conntrack_enabled()).
func TrackVirtual(netns string) change.Change {
	return change.Sysctl{Netns: netns, Path: "net/ipv4/vs/conntrack", Value: "1"}
}

// BeforeMain is the preference of a rule that comes before the kernel's own for the main table
// (fib_default_rules_init(), fib6_rules_net_init()).
const BeforeMain = 32765

// Origin has what is sent from an address leave by the way of a table that no other asks.
type Origin struct {
	Src netip.Addr // invalid: it is not that
	Way Way        // the route of its Table
}

// Commands make the table, and have it asked.
func (o Origin) Commands() []change.Change {
	return append(o.Way.Commands(), LookupFrom(o.Way.Netns, o.Src, o.Way.Table, BeforeMain))
}

// LookupFrom is the rule that has a table asked for what is from src.
func LookupFrom(netns string, src netip.Addr, number, priority int) change.Change {
	rule := change.Lookup(number, priority)
	rule.Src = change.Single(src)
	if src.Is6() {
		rule.Family = 6
	}
	return change.PolicyAdd{Netns: netns, Rule: rule}
}

// Rewrite puts a route in the place of one that has the same destination, table and
// metric, and leads elsewhere.
type Rewrite struct {
	Netns string
	Route table.Route
}

// Through is a route that leads to other next hops and is the same otherwise.
func Through(r table.Route, hops ...table.Nexthop) table.Route {
	r.Nexthops = hops
	if len(hops) == 1 {
		r.Via, r.Dev, r.Onlink, r.Nexthops = hops[0].Via, hops[0].Dev, hops[0].Onlink, nil
	}
	return r
}

// Commands replace the route.
func (r Rewrite) Commands() []change.Change {
	if r.Route.Type == "" {
		return nil
	}
	return []change.Change{change.Route{Netns: r.Netns, Verb: change.RouteReplace, Route: r.Route}}
}

// Address is an address on a device.
type Address struct {
	Netns  string
	Prefix netip.Prefix
	Dev    string
	Shut   machine.Shut // why IPv6 is off on the device
	MTU    int          // that the device is to have, where it has too small a one for IPv6
}

// Add gives the device the address.
func (a Address) Add() (fix []change.Change) {
	if !a.Prefix.IsValid() {
		return nil
	}
	if a.Shut&machine.ShutByMTU != 0 {
		fix = append(fix, change.MTU(a.Netns, a.Dev, a.MTU))
	}
	if a.Shut&machine.ShutBySetting != 0 {
		fix = append(fix, change.Sysctl{Netns: a.Netns, Path: "net/ipv6/conf/" + a.Dev + "/disable_ipv6", Value: "0"})
	}
	return append(fix, change.AddrAdd{Netns: a.Netns, Addr: a.Prefix.String(), Dev: a.Dev})
}

// Then are the commands of a way that comes after the address, by which its next hop may be near.
func (a Address) Then(w Way) []change.Change {
	if a.Prefix.Contains(w.Via) && w.Dev == a.Dev {
		w.Onlink = false
	}
	return w.Commands()
}

// Remove takes it away.
func (a Address) Remove() []change.Change {
	if !a.Prefix.IsValid() {
		return nil
	}
	return []change.Change{change.AddrDel{Netns: a.Netns, Addr: a.Prefix.String(), Dev: a.Dev}}
}

// Service reports whether it is a single address on another device than the one that answers
// for it: that of a service, such as one that LVS sends on as it is (ipvsadm -g).
func (a Address) Service(answers string) bool {
	return a.Prefix.IsValid() && a.Prefix.Addr().Is4() && a.Prefix.IsSingleIP() && a.Dev != answers
}

// Silence has a device no longer answer for it: one of a service is needed where it is, and
// arp_ignore keeps to what the device itself has; another one is taken away.
func (a Address) Silence(answers string) []change.Change {
	if !a.Service(answers) {
		return a.Remove()
	}
	return []change.Change{change.Sysctl{Netns: a.Netns, Path: "net/ipv4/conf/" + answers + "/arp_ignore", Value: "1"}}
}

// TunnelEntry is an entry of the forwarding database of a VXLAN device. What is
// for everybody goes to every entry, so one more is enough; the kernel replaces
// only those of one address.
type TunnelEntry struct {
	Netns, Dev string
	MAC        net.HardwareAddr
	Dst        netip.Addr // the tunnel's other end
	Replace    bool
}

// Commands append the entry, or replace that of its address.
func (t TunnelEntry) Commands() []change.Change {
	if t.Dev == "" {
		return nil
	}
	verb := change.FDBAppend
	if t.Replace {
		verb = change.FDBReplace
	}
	return []change.Change{change.FDB{Netns: t.Netns, Verb: verb, MAC: t.MAC, Dev: t.Dev, Dst: t.Dst}}
}

// Enable sets a switch of net.ipv4.conf of a device.
func Enable(netns, dev, key string) []change.Change {
	return []change.Change{SetConf(netns, dev, key, "1")}
}

// SetConf gives a setting of net.ipv4.conf of a device a value.
func SetConf(netns, dev, key, value string) change.Change {
	return change.Conf(netns, dev, key, value)
}

// Raise switches a device on.
func Raise(netns, dev string) []change.Change {
	return []change.Change{change.Up(netns, dev)}
}

// OwnAddress is where a namespace has an address, or zero.
func OwnAddress(n *machine.Space, addr netip.Addr) Address {
	if found := machine.AddressesOf(n, addr); len(found) > 0 {
		return Address{Netns: n.Name, Prefix: found[0].Prefix, Dev: found[0].Dev}
	}
	lo, err := n.Link("lo")
	if err != nil {
		return Address{}
	}
	own, ok := machine.PrefixOver(n, lo, addr)
	if !ok || own.Addr() != addr {
		return Address{}
	}
	return Address{Netns: n.Name, Prefix: own, Dev: "lo"}
}
