package vip

import (
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
