package vip

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
)

// Serving are the stations of a wire whose namespaces have rules that translate a request's
// destination.
func Serving(x *fabric.Explorer, asked flows.Flow) (all []cause.Station) {
	for _, s := range x.Stations {
		if s.Space != nil && len(all) < maxTried && Serves(s.Space, asked) {
			all = append(all, cause.Station{Netns: s.Space.Name, Dev: s.Dev.Name})
		}
	}
	return all
}

// Bound are the stations on a wire where a program listens at an address that nobody has.
func Bound(x *fabric.Explorer, addr netip.Addr) (all []cause.Station) {
	for _, s := range x.Stations {
		same := func(o cause.Station) bool { return s.Space.Name == o.Netns }
		if s.Space != nil && len(all) < maxTried && !slices.ContainsFunc(all, same) && s.Space.BoundTo(addr) {
			all = append(all, cause.Station{Netns: s.Space.Name, Dev: s.Dev.Name})
		}
	}
	return all
}
