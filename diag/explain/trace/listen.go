package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// listen hands a request to whoever waits for it where it has arrived.
func (w *walk) listen(n *machine.Space, p packet, dev string) {
	if f := (cause.EchoOff{At: at(n), IPv6: p.dst.Is6()}); p.flow().Echo() {
		if value, err := n.Sysctl(f.Path()); err == nil && value == "1" {
			w.fault(n, p, hop.StageDeliver, dev, f)
		}
		w.hop(n, p, hop.StageDeliver, dev, wOwn.Of(p.dst))
		return
	}
	heard, err := listening.Find(w.world, n, p.flow(), dev)
	w.listens = heard.By
	switch {
	case err != nil:
		w.overlook(n, p, hop.StageDeliver, dev, cause.SocketsUnread{At: at(n), Err: err})
	case heard.By == nil && w.othersPort(n, p):
	case heard.Fault != nil:
		w.fault(n, p, hop.StageDeliver, dev, heard.Fault)
	case heard.Doubt != nil:
		w.doubt(n, p, hop.StageDeliver, dev, heard.Doubt)
	default:
		on := heard.By.Socket.Local
		w.hop(n, p, hop.StageDeliver, dev, wListens.Of(eval.Endpoint(on.Addr(), on.Port())))
	}
}

// othersPort goes on at the other one of two who have the address of a request, where only
// that one has its port.
func (w *walk) othersPort(n *machine.Space, p packet) bool {
	f, right, ok := w.twin(n, p)
	if !ok {
		return false
	}
	if _, ok = right.Space.OnPort(p.proto(), p.dport); !ok {
		return false
	}
	w.fault(n, p, hop.StageDeliver, w.arping.link.Name, f)
	w.retake(w.arping, p, right)
	return true
}

// twin is the other one of two who have the address of a request that has come to n, and
// the finding of that.
func (w *walk) twin(n *machine.Space, p packet) (cause.Finding, fabric.Station, bool) {
	if a := w.arping; a != nil && a.nexthop == p.dst && p.encap == nil {
		return a.misled(n)
	}
	return nil, fabric.Station{}, false
}
