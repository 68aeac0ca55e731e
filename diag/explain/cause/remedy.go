package cause

import (
	"net"
	"net/netip"
	"slices"
	"strconv"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// What is in this file is found by a search through the network, and mends
// something: a zero value is what was not found.

// Way is a route that leads to a destination.
type Way struct {
	Netns   string
	Dst     netip.Addr // invalid: everything, by the default route
	Dev     string
	Via     netip.Addr   // invalid: the destination is on the wire
	Onlink  bool         // Via is in none of the device's prefixes
	Replace bool         // there is a route to that very destination, which leads elsewhere
	Table   string       // that it is for; empty: the main one
	Net     netip.Prefix // the route is for all of it; invalid: for Dst alone
}

func (w Way) commands() []change.Command {
	if w.Dev == "" {
		return nil
	}
	verb, dst := "add", "default"
	if w.Replace {
		verb = "replace"
	}
	if w.Dst.IsValid() {
		dst = w.Dst.String()
	}
	if w.Net.IsValid() {
		dst = w.Net.String()
	}
	words := []string{"ip", "route", verb, dst}
	if w.Via.IsValid() {
		words = append(words, "via", w.Via.String())
	}
	words = append(words, "dev", w.Dev)
	if w.Via.IsValid() && w.Onlink {
		words = append(words, "onlink")
	}
	if w.Table != "" {
		words = append(words, "table", w.Table)
	}
	return []change.Command{change.In(w.Netns, words...)}
}

// Exemption lets one destination pass a route or a policy rule that rejects more.
type Exemption struct {
	Netns string
	Dst   netip.Addr
	Kind  machine.RouteKind
	Entry table.Route      // that rejects; its Type is empty where it is none, or
	Rule  table.PolicyRule // the rule that does; its Action is empty where it is none
	Past  Way              // the route that would be taken without Entry
}

const mainTable = 254 // RT_TABLE_MAIN

func (x Exemption) commands() []change.Command {
	switch {
	case x.Entry.Type == "" && x.Rule.Action == "":
		return nil
	case x.Entry.Type == "":
		return lookupMain(x.Netns, x.Dst.String(), x.Rule.Priority)
	}
	commands := []change.Command{change.In(x.Netns, "ip", "route", "del", string(x.Kind), table.ShortPrefix(x.Entry.Dst))}
	if past := x.Past.commands(); len(past) > 0 && !x.Entry.Dst.IsSingleIP() {
		commands = past
	}
	if x.Entry.Table != mainTable {
		commands[0].Argv = append(commands[0].Argv, "table", x.Entry.TableName())
	}
	return commands
}

// lookupMain is the rule that has the main table asked for a destination before
// the rule of a preference comes.
func lookupMain(netns, dst string, before int) []change.Command {
	pref := strconv.Itoa(max(1, before-1))
	return []change.Command{change.In(netns, "ip", "rule", "add", "to", dst, "lookup", "main", "pref", pref)}
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

func (t Turn) commands() []change.Command {
	switch {
	case t.Stray.Type != "":
		return []change.Command{change.In(t.Way.Netns, slices.Concat([]string{"ip", "route", "del"}, t.Stray.Args())...)}
	case t.To.IsValid():
		return lookupMain(t.Way.Netns, table.ShortPrefix(t.To), t.Before)
	}
	return t.Way.commands()
}

// Address is an address on a device.
type Address struct {
	Netns  string
	Prefix netip.Prefix
	Dev    string
}

func (a Address) add() []change.Command { return a.set("add") }

func (a Address) remove() []change.Command { return a.set("del") }

func (a Address) set(verb string) []change.Command {
	if !a.Prefix.IsValid() {
		return nil
	}
	return []change.Command{change.In(a.Netns, "ip", "addr", verb, a.Prefix.String(), "dev", a.Dev)}
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

func (t TunnelEntry) commands() []change.Command {
	if t.Dev == "" {
		return nil
	}
	verb := "append"
	if t.Replace {
		verb = "replace"
	}
	return []change.Command{change.In(t.Netns, "bridge", "fdb", verb, t.MAC.String(), "dev", t.Dev, "dst", t.Dst.String(), "self", "permanent")}
}

// enable sets a switch of net.ipv4.conf of a device.
func enable(netns, dev, key string) []change.Command {
	return []change.Command{setConf(netns, dev, key, "1")}
}

func setConf(netns, dev, key, value string) change.Command {
	return change.SysctlSet(netns, value, "net", "ipv4", "conf", dev, key)
}

// raise switches a device on.
func raise(netns, dev string) []change.Command {
	return []change.Command{change.LinkSet(netns, dev, "up")}
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
