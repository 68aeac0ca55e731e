package trace

import (
	"context"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/internal/say"
)

// Listener is the socket that takes the request, and its namespace.
type Listener struct {
	Space  *machine.Space
	Socket socket.Socket
}

// maxSearched bounds the namespaces that are searched for somebody who listens.
const maxSearched = 64

// listen hands a request to whoever waits for it where it has arrived.
func (w *walk) listen(n *machine.Space, p packet, dev string) {
	if f := (cause.EchoOff{At: at(n), IPv6: p.dst.Is6()}); p.flow().Echo() {
		if value, err := n.Sysctl(f.Path()); err == nil && value == "1" {
			w.fault(n, p, StageDeliver, dev, f)
		}
		w.hop(n, p, StageDeliver, dev, say.T("%s is an address of this namespace", "%s 是该命名空间的地址", p.dst))
		return
	}
	all, err := socket.Read(context.Background(), n.NS)
	if err != nil {
		w.overlook(n, p, StageDeliver, dev, cause.SocketsUnread{At: at(n), Err: err})
		return
	}
	seen := socket.Packet{
		Proto: socket.Proto(p.proto()),
		To:    netip.AddrPortFrom(p.dst, p.dport), From: netip.AddrPortFrom(p.src, p.sport),
	}
	if link, err := n.Link(dev); err == nil {
		seen.Ifindex = link.Index
		if vrf, ok := n.VRFOf(link); ok {
			seen.VRF = vrf.Index
		}
	}
	found := all.For(seen)
	if len(found.Takers) == 0 && w.othersPort(n, p) {
		return
	}
	if len(found.Takers) == 0 {
		w.fault(n, p, StageDeliver, dev, w.unheard(n, p, all, found))
		return
	}
	taker := found.Takers[0]
	w.listens = &Listener{n, taker}
	if taker.Full() {
		w.fault(n, p, StageDeliver, dev, service.QueueFull{At: at(n), Flow: p.flow(), Socket: taker})
		return
	}
	if f, ok := kernelChosen(n, p, taker); ok {
		w.doubt(n, p, StageDeliver, dev, f)
		return
	}
	w.hop(n, p, StageDeliver, dev, say.T("a socket listens on %s", "有套接字在 %s 上监听", eval.Endpoint(taker.Local.Addr(), taker.Local.Port())))
}

// othersPort goes on at the other one of two who have the address of a request, where only
// that one has its port.
func (w *walk) othersPort(n *machine.Space, p packet) bool {
	a := w.arping
	if a == nil || a.nexthop != p.dst || p.encap != nil {
		return false
	}
	f, right, ok := a.misled(n)
	if !ok {
		return false
	}
	if _, ok = right.Node.OnPort(p.proto(), p.dport); !ok {
		return false
	}
	w.fault(n, p, StageDeliver, a.link.Name, f)
	w.retake(a, p, right)
	return true
}

// kernelChosen is the finding of a datagram that may be answered from another address.
func kernelChosen(n *machine.Space, p packet, taker socket.Socket) (cause.Finding, bool) {
	if taker.Proto != socket.UDP || !taker.Any() {
		return nil, false
	}
	back := n.Route(machine.RouteQuery{Dst: p.src, Proto: p.proto(), SrcPort: p.dport, DstPort: p.sport})
	if back.Kind != machine.KindUnicast && back.Kind != machine.KindLocal || !back.Src.IsValid() || back.Src == p.dst {
		return nil, false
	}
	return service.KernelChosen{At: at(n), Flow: p.flow(), Source: back.Src, Line: back.Get, Local: taker.Local.String()}, true
}

// unheard is the finding of a request that no socket waits for, with those that
// come near it.
func (w *walk) unheard(n *machine.Space, p packet, all *socket.Listeners, found socket.Found) cause.Finding {
	f := service.Unheard{At: at(n), Flow: p.flow(), Near: found.Near}
	for _, s := range all.All {
		if s.Proto == socket.Proto(p.proto()) && s.Local.Port() != p.dport && s.Takes(p.dst) {
			f.Others = append(f.Others, s)
		}
	}
	for i, other := range w.world.All() {
		if other == n || i >= maxSearched {
			continue
		}
		if s, ok := other.OnPort(p.proto(), p.dport); ok {
			f.Elsewhere = append(f.Elsewhere, service.ListensElsewhere{Netns: other.Title(), Socket: s})
		}
	}
	f.Owners = socket.Owners(context.Background(), f.Inodes()...)
	return f
}
