// Package chosen says why a packet of IPv6 has the source that it has, where nobody
// answers that: what of a namespace's addresses would be answered, and what keeps the
// kernel from it (RFC 6724, ipv6_dev_get_saddr()).
package chosen

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// Choice is a source that a namespace may have taken for a packet on its way.
type Choice struct {
	Src, Dst netip.Addr
	Lookup   cause.Lookup // of who should reply; its Dst is invalid where nobody sees that
	// Answers reports whether what is sent from an address would be answered.
	Answers func(netip.Addr) bool
	Spaces  func() []*machine.Space // those of this network, which takes a while to find

	Space  *machine.Space
	Route  machine.RouteAnswer // that the packet left it by
	Left   eval.Packet         // as it left
	Sender bool                // it began here
	Passed bool                // others have passed it on
	// Wire is who is on a device's wire.
	Wire func(table.Link) []fabric.Station

	taken source.Taken
}

// Better is the finding of a choice where there is a better one, and the source that the
// packet would have then: invalid where that is not known. It is nil where the namespace
// has not taken the source itself.
func (c Choice) Better() (cause.Finding, netip.Addr) {
	rule, translated := c.Left.Sourced()
	masqueraded := translated && rule.Rule.Verdict.Kind == netfilter.VerdictMasquerade
	if !c.Src.Is6() || c.Left.Src != c.Src || translated != masqueraded || !translated && !c.Sender {
		return nil, netip.Addr{}
	}
	c.taken = source.Taken{At: cause.At(c.Space.Name), Src: c.Src, Dst: c.Dst, Dev: c.Route.DevName, Masqueraded: masqueraded, Lookup: c.Lookup}
	devices, err := c.Space.DevicesFor(c.Dst)
	if err != nil {
		return nil, netip.Addr{}
	}
	var others []table.Addr
	for _, d := range devices {
		for _, a := range d.Addrs {
			if own := a.Prefix.Addr(); own.Is6() && own != c.Src && !scopes.OfLink(own) && c.Answers(own) {
				others = append(others, a)
			}
		}
	}
	// Those of the device come first, as the kernel would have it.
	slices.SortStableFunc(others, func(a, b table.Addr) int { return boolean(a.Dev != c.taken.Dev) - boolean(b.Dev != c.taken.Dev) })
	for _, judge := range []func(table.Addr) cause.Finding{c.ready, c.deprecated, c.unsure} {
		for _, a := range others {
			if f := judge(a); f != nil {
				return f, a.Prefix.Addr()
			}
		}
	}
	if len(others) > 0 || !machine.Private(c.Src) || machine.Private(c.Dst) {
		return nil, netip.Addr{}
	}
	return c.homeless()
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

func has(a table.Addr, flags ...string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return slices.Contains(a.Flags, f) })
}

// ready is the finding of an address that could have been taken. What is masqueraded has
// no route that names its source.
func (c Choice) ready(a table.Addr) cause.Finding {
	entry := c.Route.Entry
	if c.taken.Masqueraded || has(a, "deprecated", "tentative", "dadfailed") || entry.Type != "unicast" || len(entry.Nexthops) > 0 {
		return nil
	}
	f := source.Named{Taken: c.taken, Better: a, Line: entry.Line(), ByRoute: entry.Src == c.Src}
	entry.Src = a.Prefix.Addr()
	f.Route = remedy.Rewrite{Netns: c.Space.Name, Route: entry}
	return f
}

func (c Choice) deprecated(a table.Addr) cause.Finding {
	if !has(a, "deprecated") || has(a, "tentative", "dadfailed") {
		return nil
	}
	f := source.Deprecated{Taken: c.taken, Better: a}
	if has(a, "dynamic") {
		return source.Advertised{Deprecated: f}
	}
	return f
}

func (c Choice) unsure(a table.Addr) cause.Finding {
	if !has(a, "tentative", "dadfailed") {
		return nil
	}
	link, err := c.Space.Link(a.Dev)
	if err != nil {
		return nil
	}
	return scopes.Unconfirmed(c.Space, link, a.Prefix.Addr(), cause.NextHop{})
}

// homeless is the finding of a device without an address that would be answered, and one
// that nobody has. Where others pass the packet on and no such network is on the wire, it
// is theirs to give it another source.
func (c Choice) homeless() (cause.Finding, netip.Addr) {
	link, err := c.Space.Link(c.taken.Dev)
	if err != nil {
		return nil, netip.Addr{}
	}
	addrs, err := c.Space.Addrs(link.Index)
	if err != nil {
		return nil, netip.Addr{}
	}
	f := source.Homeless{Taken: c.taken, Addrs: slices.DeleteFunc(slices.Clone(addrs), func(a table.Addr) bool { return a.Family() != 6 })}
	fits := func(p netip.Prefix) bool {
		return p.Addr().Is6() && !machine.Private(p.Addr()) && c.Answers(p.Addr().Next())
	}
	f.Free = fabric.FreeAddress(c.Spaces(), c.Wire(link), c.Space, link.Name, fits)
	if c.Sender && c.Passed && !f.Free.Prefix.IsValid() {
		return nil, netip.Addr{}
	}
	return f, netip.Addr{} // what is behind is judged once it is there
}
