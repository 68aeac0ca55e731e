// Package vip tells why an address looks like that of a service, of a request that no
// rule has translated.
package vip

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/tally"
	"nstutor/diag/table"
)

// maxSearched bounds the other namespaces whose rules are read.
const maxSearched = 64

// Judge is the finding of a request that the rules of some namespaces on its way know
// nothing of, although they know its address, or services on both sides of it. Rules
// are read as a whole: only a request that is lost is worth that.
func Judge(on []*machine.Space, asked flows.Flow) (service.Unknown, bool) {
	var beside service.Unknown
	for i, n := range on {
		if slices.Contains(on[:i], n) {
			continue
		}
		known, rules := services(n, asked.Dst)
		f := service.Unknown{At: cause.At(n.Name), Flow: asked, Has: of(known, asked.Dst)}
		if len(known) > 0 && !asked.Echo() {
			f.Hollow = tally.Hollow(rules, asked.Dst, asked.Proto, asked.DstPort)
		}
		if len(f.Has) > 0 || f.Hollow != "" {
			return f, true
		}
		if f.Among, f.Behind = around(append(known, virtual(n)...), asked.Dst); len(f.Among) > 0 && len(beside.Among) == 0 {
			beside = f
		}
		if len(beside.Among) == 0 && rules != nil && beside.Emptied == "" && machine.Private(asked.Dst) && emptied(rules) {
			beside = f
			beside.Emptied = theirs
		}
	}
	return beside, len(beside.Among) > 0 || beside.Emptied != ""
}

// Elsewhere is the same where only rules of other namespaces of the same network know
// the address: it is at the first one that passes the request on. There is none where
// one of them is in a network of the address: it is a host's.
func Elsewhere(world *machine.Machine, on []*machine.Space, asked flows.Flow) (found service.Unknown, ok bool) {
	if len(on) == 0 {
		return service.Unknown{}, false
	}
	searched := 0
	for n := range world.Connected(on[0], machine.ByWire) {
		if searched++; searched > maxSearched {
			break
		}
		devices, err := n.DevicesFor(asked.Dst)
		if err != nil {
			continue
		}
		if hosts(devices, asked.Dst) {
			return service.Unknown{}, false
		}
		if slices.Contains(on, n) || ok {
			continue
		}
		if has := of(translated(n, devices, asked.Dst), asked.Dst); len(has) > 0 {
			found, ok = service.Unknown{At: cause.At(on[min(1, len(on)-1)].Name), Flow: asked, Has: has, There: n.Title()}, true
			out := on[0].Route(machine.RouteQuery{Dst: asked.Dst, Src: asked.Src}).DevName
			if way, beside := besides(on[0], n, devices, asked.Dst, out); beside && out != "" {
				found.At, found.Past, found.Way = cause.At(on[0].Name), out, way
			}
		}
	}
	return found, ok
}

// besides is the way to a service by the namespace whose rules translate it, where the one
// that asks has that for a neighbour on another device than the one it asks by.
func besides(asks, n *machine.Space, theirs []machine.Device, dst netip.Addr, out string) (remedy.Way, bool) {
	own, err := asks.DevicesFor(dst)
	if err != nil || n.ForwardsNowhere() {
		return remedy.Way{}, false
	}
	for _, d := range theirs {
		for _, a := range d.Addrs {
			at := slices.IndexFunc(own, func(o machine.Device) bool {
				return o.Link.Name != out && o.Link.Carrier() && hosts([]machine.Device{o}, a.Prefix.Addr()) && !asks.Local(a.Prefix.Addr())
			})
			if at >= 0 {
				return remedy.Way{Netns: asks.Name, Dst: dst, Via: a.Prefix.Addr(), Dev: own[at].Link.Name}, true
			}
		}
	}
	return remedy.Way{}, false
}

// hosts says whether an address is in a network of a device.
func hosts(devices []machine.Device, addr netip.Addr) bool {
	return slices.ContainsFunc(devices, func(d machine.Device) bool {
		return slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Contains(addr) })
	})
}

// theirs is the chain of nat that kube-proxy leads every request through.
const theirs = "KUBE-SERVICES"

// emptied reports whether the chain of the services is there, and its table translates nothing:
// whoever has flushed the rules has taken all services with them.
func emptied(rules *netfilter.RuleSet) bool {
	return slices.ContainsFunc(rules.Tables, func(t netfilter.Table) bool {
		return slices.ContainsFunc(t.Chains, func(c netfilter.Chain) bool { return c.Name == theirs }) && !tally.Translates(&t)
	})
}

// services are those that the rules of a namespace translate, of the IP version of an
// address, and the rules. There are none where the address is in a network of one of its
// devices: such an address is a host's.
func services(n *machine.Space, dst netip.Addr) ([]tally.Service, *netfilter.RuleSet) {
	devices, err := n.DevicesFor(dst)
	if err != nil || hosts(devices, dst) {
		return nil, nil
	}
	return read(n, devices, dst)
}

// translated are the services that the rules of a namespace translate, but for its own
// addresses.
func translated(n *machine.Space, devices []machine.Device, dst netip.Addr) []tally.Service {
	all, _ := read(n, devices, dst)
	return all
}

// read are the same, and the rules.
func read(n *machine.Space, devices []machine.Device, dst netip.Addr) ([]tally.Service, *netfilter.RuleSet) {
	rules, err := netfilter.Read(n.NS)
	if err != nil {
		return nil, nil
	}
	own := map[netip.Addr]bool{}
	for _, d := range devices {
		for _, a := range d.Addrs {
			own[a.Prefix.Addr()] = true
		}
	}
	all := slices.DeleteFunc(tally.Services(rules), func(s tally.Service) bool { return s.Dst.Is6() != dst.Is6() || own[s.Dst] })
	return all, rules
}

// virtual are the services of ip_vs in a namespace, which has their addresses itself.
func virtual(n *machine.Space) (all []tally.Service) {
	for _, s := range n.Virtuals() {
		one := tally.Service{Dst: s.Addr.Addr(), Proto: s.Proto, Port: s.Addr.Port()}
		for _, server := range s.Servers {
			one.To = append(one.To, server.Addr.String())
		}
		all = append(all, one)
	}
	return all
}

// of are the services of an address.
func of(known []tally.Service, dst netip.Addr) (has []tally.Service) {
	for _, s := range known {
		if s.Dst == dst {
			has = append(has, s)
		}
	}
	return has
}

// What services have in common whose addresses come from one range, in bits: kubeadm's
// is 10.96.0.0/12, and a range of IPv6 has at most 20 bits of its own.
const rangeBits, rangeBits6 = 12, 108

// around are the services next to an address, where it lies among those of one range:
// between two of them, or in the same 256; or else those that it lies behind, where the first
// of them begins a range that may be so wide.
func around(known []tally.Service, dst netip.Addr) (next []tally.Service, behind bool) {
	bits, close := rangeBits, 24
	if dst.Is6() {
		bits, close = rangeBits6, 120
	}
	if !machine.Private(dst) {
		return nil, false
	}
	in := func(s tally.Service, bits int) bool {
		p, err := dst.Prefix(bits)
		return err == nil && p.Contains(s.Dst)
	}
	var below, above []tally.Service
	slices.SortFunc(known, func(a, b tally.Service) int { return a.Dst.Compare(b.Dst) })
	for _, s := range known {
		switch {
		case !in(s, bits):
		case s.Dst.Less(dst):
			below = []tally.Service{s}
		case len(above) == 0:
			above = []tally.Service{s}
		}
	}
	both := append(below, above...)
	if len(both) == 2 || slices.ContainsFunc(both, func(s tally.Service) bool { return in(s, close) }) {
		return both, false
	}
	if at := slices.IndexFunc(known, func(s tally.Service) bool { return in(s, bits) }); at >= 0 && begins(known[at].Dst, dst, bits, close) {
		return known[at : at+1], true
	}
	return nil, false
}

// begins reports whether an address is the first one of a range, not wider than some bits, that
// another one is in: kubernetes gives that to the API's own service.
func begins(first, dst netip.Addr, bits, most int) bool {
	for ; bits <= most; bits++ {
		if p, err := first.Prefix(bits); err == nil && p.Addr().Next() == first && p.Contains(dst) {
			return true
		}
	}
	return false
}
