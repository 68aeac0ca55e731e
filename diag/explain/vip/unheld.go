package vip

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
)

// Unheld is the finding of a request for a virtual service of a namespace that it passes,
// without the service's address there.
func Unheld(n *machine.Space, asked flows.Flow) (service.Unheld, bool) {
	s, ok := n.Virtual(asked.Proto, netip.AddrPortFrom(asked.Dst, asked.DstPort), 0)
	if !ok || n.Local(asked.Dst) {
		return service.Unheld{}, false
	}
	f := service.Unheld{At: cause.At(n.Name), Flow: asked, Service: s, Dev: "lo"}
	if devices, err := n.DevicesFor(asked.Dst); err == nil {
		for _, d := range devices {
			for _, a := range d.Addrs {
				if n.HasVirtual(a.Prefix.Addr()) && a.Prefix.IsSingleIP() && d.Link.Name != "lo" {
					f.Dev = d.Link.Name
				}
			}
		}
	}
	return f, true
}
