// Package listening says who takes a request where it has arrived, and who comes near
// to that where nobody does.
package listening

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/socket"
	"nstutor/diag/table"
)

// Listener is the socket that takes the request, and its namespace.
type Listener struct {
	Space  *machine.Space
	Socket socket.Socket
}

// Heard is what becomes of a request at the sockets of a namespace.
type Heard struct {
	By    *Listener     // nil: nobody takes it
	Fault cause.Finding // nobody does, or who does has no room
	Doubt cause.Finding // it is taken, and the answer may not be
}

// maxSearched bounds the namespaces that are searched for somebody who listens.
const maxSearched = 64

// Find looks for the socket of a namespace that takes a request which came in by a
// device. The error is that of reading the sockets.
func Find(world *machine.Machine, n *machine.Space, f flows.Flow, dev string) (Heard, error) {
	all, err := socket.Read(context.Background(), n.NS)
	if err != nil {
		return Heard{}, err
	}
	seen := socket.Packet{
		Proto: socket.Proto(f.Proto),
		To:    netip.AddrPortFrom(f.Dst, f.DstPort), From: netip.AddrPortFrom(f.Src, f.SrcPort),
	}
	in := ""
	if link, err := n.Link(dev); err == nil {
		seen.Ifindex = link.Index
		if vrf, ok := n.VRFOf(link); ok {
			seen.VRF, in = vrf.Index, vrf.Name
		}
	}
	found := all.For(seen)
	if len(found.Takers) == 0 {
		return Heard{Fault: unheard(world, n, f, all, found, in)}, nil
	}
	taker := found.Takers[0]
	h := Heard{By: &Listener{n, taker}}
	if taker.Full() {
		h.Fault = service.QueueFull{At: cause.At(n.Name), Flow: f, Socket: taker}
	} else if doubt, ok := kernelChosen(n, f, taker); ok {
		h.Doubt = doubt
	}
	return h, nil
}

// kernelChosen is the finding of a datagram that may be answered from another address.
func kernelChosen(n *machine.Space, f flows.Flow, taker socket.Socket) (cause.Finding, bool) {
	if taker.Proto != socket.UDP || !taker.Any() {
		return nil, false
	}
	back := n.Route(machine.RouteQuery{Dst: f.Src, Proto: f.Proto, SrcPort: f.DstPort, DstPort: f.SrcPort})
	if back.Kind != machine.KindUnicast && back.Kind != machine.KindLocal || !back.Src.IsValid() || back.Src == f.Dst {
		return nil, false
	}
	return service.KernelChosen{At: cause.At(n.Name), Flow: f, Source: back.Src, Line: back.Get, Local: taker.Local.String()}, true
}

// unheard is the finding of a request that no socket waits for, with those that
// come near it.
func unheard(world *machine.Machine, n *machine.Space, asked flows.Flow, all *socket.Listeners, found socket.Found, vrf string) cause.Finding {
	f := service.Unheard{At: cause.At(n.Name), Flow: asked, Near: found.Near, VRF: vrf}
	for _, s := range all.All {
		if s.Proto == socket.Proto(asked.Proto) && s.Local.Port() != asked.DstPort && s.Takes(asked.Dst) {
			f.Others = append(f.Others, s)
		}
	}
	for i, other := range world.All() {
		if other == n || i >= maxSearched {
			continue
		}
		if s, ok := other.OnPort(asked.Proto, asked.DstPort); ok {
			f.Elsewhere = append(f.Elsewhere, service.ListensElsewhere{Netns: other.Title(), Socket: s})
		}
	}
	f.Left = left(n, asked.Dst, all)
	f.Stopped = world.Stopped(n, flows.Protocol(asked.Proto), netip.AddrPortFrom(asked.Dst, asked.DstPort))
	f.Owners = socket.Owners(context.Background(), f.Inodes()...)
	return f
}

// left is the route that alone makes an address one of a namespace, where no device has it:
// what moved an address elsewhere has left it behind. Where a socket has the very address, it
// is meant to be one.
func left(n *machine.Space, dst netip.Addr, all *socket.Listeners) (found table.Route) {
	if slices.ContainsFunc(all.All, func(s socket.Socket) bool { return s.Local.Addr() == dst }) {
		return found
	}
	snap, err := n.Snapshot(table.Links | table.Addrs | table.Routes)
	if err != nil || dst.IsLoopback() {
		return found
	}
	for _, r := range snap.Routes {
		if r.Table == machine.LocalTable && r.Type == "local" && r.Dst.Contains(dst) && r.Proto != "kernel" {
			found = r
		}
	}
	for _, a := range snap.Addrs {
		if a.Prefix.Addr() == dst {
			return table.Route{}
		}
	}
	return found
}
