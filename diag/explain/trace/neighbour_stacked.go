package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
)

// beneath: the next hop is an address of the namespace below a macvlan, to which
// the kernel hands no frame of it, nor one back.
func (a *arping) beneath(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, lower := range x.Shared {
		if lower.Space == a.n || a.link.Kind == "vlan" || len(machine.AddressesOf(lower.Space, a.nexthop)) == 0 {
			continue
		}
		return cause.Beneath{
			NextHop: a.hop(), Link: a.link, Lower: lower.Device(), Shim: lower.Space.FreeName("shim"), Other: a.sender,
		}, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// overhead: the next hop is an address of a macvlan on the very device that asks,
// to which the kernel hands no frame from there.
func (a *arping) overhead(*fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	all := a.w.world.Above(a.n, a.link.Index)
	if slices.ContainsFunc(all, func(above machine.Above) bool { return above.Space == a.n && above.Link.Kind != "vlan" }) {
		return nil, fabric.Station{}, false // it has a way, which the route does not take
	}
	for _, above := range all {
		s := fabric.Station{Space: above.Space, Dev: above.Link}
		if above.Link.Kind == "vlan" || above.Space == a.n || !s.Has(a.nexthop) {
			continue
		}
		return cause.Beneath{
			NextHop: a.hop(), Link: above.Link, Lower: cause.Device{Netns: a.n.Name, Link: a.link}, Shim: a.n.FreeName("shim"), Other: a.nexthop,
		}, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// atop: the next hop is an address of what stands on a device that the request
// comes to, which takes no request from there.
func (a *arping) atop(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, s := range x.Stations {
		if s.Space == nil || s.Dev.Sharing != "l3" && s.Dev.Sharing != "l3s" || !s.Has(a.nexthop) {
			continue
		}
		below, err := a.w.world.Below(s.Space, s.Dev)
		if err != nil {
			continue
		}
		lower, err := below.LinkByIndex(s.Dev.PeerIndex)
		if err != nil {
			continue
		}
		f := device.BelowIPvlan{NextHop: a.hop(), Owner: s.Device(), Lower: lower.Name}
		if via := machine.AddressFor(below, lower.Name, a.n, a.link, a.nexthop); via.IsValid() {
			f.Way = fabric.WayOut{Dev: a.link, Via: via}.InsteadTo(a.n, a.nexthop)
		}
		return f, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}

// untagged: the request comes with a VLAN tag to where no device has that tag, or is
// for a macvlan that its own is kept apart from.
func (a *arping) untagged(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, s := range x.Apart {
		return device.KeptApart{NextHop: a.hop(), Link: a.link, Other: s.Device()}, fabric.Station{}, true
	}
	for _, t := range x.Untaken {
		return device.Untagged{NextHop: a.hop(), There: t.Device(), Tag: t.Vlan}, fabric.Station{}, true
	}
	return nil, fabric.Station{}, false
}
