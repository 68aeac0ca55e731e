package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// listen hands a request to whoever waits for it where it has arrived.
func (w *walk) listen(n *machine.Space, p journey.Packet, dev string) {
	if f := (cause.EchoOff{At: at(n), IPv6: p.Dst.Is6()}); p.Flow().Echo() {
		if value, err := n.Sysctl(f.Path()); err == nil && value == "1" {
			w.fault(n, p, hop.StageDeliver, dev, f)
		}
		w.hop(n, p, hop.StageDeliver, dev, wOwn.Of(p.Dst))
		return
	}
	heard, err := listening.Find(w.World, n, p.Flow(), dev)
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
func (w *walk) othersPort(n *machine.Space, p journey.Packet) bool {
	f, right, ok := w.Twin(n, p)
	if !ok {
		return false
	}
	if _, ok = right.Space.OnPort(p.Proto(), p.DstPort); !ok {
		return false
	}
	w.fault(n, p, hop.StageDeliver, w.Sought.Link.Name, f)
	w.retake(w.Sought, p, right)
	return true
}
