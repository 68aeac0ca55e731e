package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Stacked is the finding of a next hop that the kernel keeps frames from, for one of both
// stands on the other's device.
func (a *Search) Stacked(x *fabric.Explorer) (cause.Beneath, bool) {
	f, _, ok := a.beneath(x)
	if !ok {
		f, _, ok = a.overhead(x)
	}
	b, is := f.(cause.Beneath)
	return b, ok && is
}

// beneath: the next hop is an address of the namespace below a macvlan, to which
// the kernel hands no frame of it, nor one back.
func (a *Search) beneath(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, lower := range x.Shared {
		if lower.Space == a.Space || a.Link.Kind == "vlan" || len(machine.AddressesOf(lower.Space, a.NextHop)) == 0 {
			continue
		}
		return a.apart(a.Link, fabric.Site{Space: lower.Space, Dev: lower.Dev}, a.Sender), fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// overhead: the next hop is an address of a macvlan on the very device that asks,
// to which the kernel hands no frame from there.
func (a *Search) overhead(*fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	all := a.World.Above(a.Space, a.Link.Index)
	if slices.ContainsFunc(all, func(above machine.Above) bool { return above.Space == a.Space && above.Link.Kind != "vlan" }) {
		return nil, fabric.Station{}, false // it has a way, which the route does not take
	}
	for _, above := range all {
		s := fabric.Station{Space: above.Space, Dev: above.Link}
		if above.Link.Kind == "vlan" || above.Space == a.Space || !s.Has(a.NextHop) {
			continue
		}
		return a.apart(above.Link, fabric.Site{Space: a.Space, Dev: a.Link}, a.NextHop), fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// apart is the finding of a device and of the one that it stands on; other is its address.
func (a *Search) apart(link table.Link, lower fabric.Site, other netip.Addr) cause.Beneath {
	f := cause.Beneath{NextHop: a.Hop(), Link: link, Lower: lower.Device(), Shim: lower.Space.FreeName("shim"), Other: other}
	if link.Kind == "ipvlan" {
		f.Own = fabric.FreeBeside(a.joined(lower.Space), lower, other)
	}
	return f
}

// atop: the next hop is an address of what stands on a device that the request
// comes to, which takes no request from there.
func (a *Search) atop(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, s := range x.Stations {
		if s.Space == nil || s.Dev.Sharing != "l3" && s.Dev.Sharing != "l3s" || !s.Has(a.NextHop) {
			continue
		}
		below, err := a.World.Below(s.Space, s.Dev)
		if err != nil {
			continue
		}
		lower, err := below.LinkByIndex(s.Dev.PeerIndex)
		if err != nil {
			continue
		}
		f := device.BelowIPvlan{NextHop: a.Hop(), Owner: s.Device(), Lower: lower.Name}
		if via := machine.AddressFor(below, lower.Name, a.Space, a.Link, a.NextHop); via.IsValid() {
			f.Way = fabric.WayOut{Dev: a.Link, Via: via}.InsteadTo(a.Space, a.NextHop)
		}
		return f, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// untagged: the request comes with a VLAN tag to where no device has that tag, or is
// for a macvlan that its own is kept apart from.
func (a *Search) untagged(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, s := range x.Apart {
		return device.KeptApart{NextHop: a.Hop(), Link: a.Link, Other: s.Device()}, fabric.Station{}, true
	}
	for _, t := range x.Untaken {
		return device.Untagged{NextHop: a.Hop(), There: t.Device(), Tag: t.VLAN, Service: t.Service, Other: t.Other}, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}
