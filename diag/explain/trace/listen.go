package trace

import (
	"context"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/waiting"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/internal/say"
)

// Listener is the socket that takes the request, and its namespace.
type Listener struct {
	Space  *machine.Space
	Socket socket.Socket
}

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
	if len(found.Takers) == 0 {
		w.fault(n, p, StageDeliver, dev, waiting.Unheard(w.world, n, p.flow(), all, found))
		return
	}
	taker := found.Takers[0]
	w.listens = &Listener{n, taker}
	if taker.Full() {
		w.fault(n, p, StageDeliver, dev, service.QueueFull{At: at(n), Flow: p.flow(), Socket: taker})
		return
	}
	if f, ok := waiting.KernelChosen(n, p.flow(), taker); ok {
		w.doubt(n, p, StageDeliver, dev, f)
		return
	}
	w.hop(n, p, StageDeliver, dev, say.T("a socket listens on %s", "有套接字在 %s 上监听", eval.Endpoint(taker.Local.Addr(), taker.Local.Port())))
}
