package published

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/internal/change"
)

// Forward is the finding of a request that came in by a device and that no rule has sent on,
// although firewalld keeps that in the file of the device's zone. It rules where it runs alone.
func Forward(n *machine.Space, f flows.Flow, iif string, met cause.Finding) (found service.Unforwarded, ok bool) {
	if n.Name != "" || f.DstPort == 0 || !change.HasFirewalld() {
		return found, false
	}
	whole, err := netfilter.Read(n.NS)
	if err != nil {
		return found, false
	}
	zone, _ := firewalld.Zone(whole.Tables, iif)
	if zone == "" {
		return found, false
	}
	kept, ok := firewalld.Kept("/", zone, flows.Protocol(f.Proto), netip.AddrPortFrom(f.Dst, f.DstPort))
	return service.Unforwarded{At: cause.At(n.Name), Flow: f, Zone: zone, Kept: kept, Met: met}, ok
}
