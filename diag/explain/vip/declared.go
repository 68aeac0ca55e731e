package vip

import (
	"context"
	"slices"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/resolve"
)

// portDNS is that of name servers.
const portDNS = 53

// Declared is the finding of a request for an address that the programs of whoever asks are told
// is a service's, where no rule of the namespaces on its way knows a service at all. There is
// none where one of them is in a network of the address: it is a host's.
func Declared(from *machine.Space, on []*machine.Space, asked flows.Flow) (service.Unknown, bool) {
	f := service.Unknown{Flow: asked}
	if len(on) == 0 || asked.Echo() {
		return f, false
	}
	for _, n := range on {
		if devices, err := n.DevicesFor(asked.Dst); err != nil || hosts(devices, asked.Dst) {
			return f, false
		}
	}
	f.At = cause.At(on[min(1, len(on)-1)].Name)
	pids := container.InNetns(from.NS.Inode())
	if f.Told, f.Declared = container.ToldOf(pids, asked.Dst); f.Declared {
		return f, true
	}
	if asked.DstPort == portDNS {
		for _, pid := range append(pids, 0) { // 0: the files of `ip netns exec`
			servers, domain := resolve.OfCluster(context.Background(), from.NS, pid)
			if slices.Contains(servers, asked.Dst) {
				f.Declared, f.Told.PID, f.Domain = true, pid, domain
				return f, true
			}
		}
	}
	return f, false
}
