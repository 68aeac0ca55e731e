// Package waiting has what is to be said of a request that nobody waits for where it
// has come, or somebody who answers from elsewhere.
package waiting

import (
	"context"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/socket"
)

// maxSearched bounds the namespaces that are searched for somebody who listens.
const maxSearched = 64

// KernelChosen is the finding of a datagram that may be answered from another address.
func KernelChosen(n *machine.Space, f flows.Flow, taker socket.Socket) (cause.Finding, bool) {
	if taker.Proto != socket.UDP || !taker.Any() {
		return nil, false
	}
	back := n.Route(machine.RouteQuery{Dst: f.Src, Proto: f.Proto, SrcPort: f.DstPort, DstPort: f.SrcPort})
	if back.Kind != machine.KindUnicast && back.Kind != machine.KindLocal || !back.Src.IsValid() || back.Src == f.Dst {
		return nil, false
	}
	return service.KernelChosen{At: cause.At(n.Name), Flow: f, Source: back.Src, Line: back.Get, Local: taker.Local.String()}, true
}

// Unheard is the finding of a request that no socket waits for, with those that come
// near it.
func Unheard(world *machine.Machine, n *machine.Space, flow flows.Flow, all *socket.Listeners, found socket.Found) cause.Finding {
	f := service.Unheard{At: cause.At(n.Name), Flow: flow, Near: found.Near}
	for _, s := range all.All {
		if s.Proto == socket.Proto(flow.Proto) && s.Local.Port() != flow.DstPort && s.Takes(flow.Dst) {
			f.Others = append(f.Others, s)
		}
	}
	for i, other := range world.All() {
		if other == n || i >= maxSearched {
			continue
		}
		there, err := socket.Read(context.Background(), other.NS)
		if err != nil {
			continue
		}
		for _, s := range there.All {
			if s.Proto == socket.Proto(flow.Proto) && s.Local.Port() == flow.DstPort {
				f.Elsewhere = append(f.Elsewhere, service.ListensElsewhere{Netns: other.Title(), Socket: s})
				break
			}
		}
	}
	f.Owners = socket.Owners(context.Background(), f.Inodes()...)
	return f
}
