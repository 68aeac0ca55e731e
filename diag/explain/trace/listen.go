package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/published"
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
	case w.unforwarded(n, p, dev, heard.By):
	case heard.By == nil && w.othersPort(n, p):
	case heard.By != nil && w.kept(n, p, dev, heard.By):
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

// kept notes a request that comes to a program which only keeps the port for rules that are gone,
// or that does not get to one which would pass it on in their place.
func (w *walk) kept(n *machine.Space, p journey.Packet, dev string, by *listening.Listener) bool {
	if w.turned(n) {
		return false
	}
	f, ok := published.Kept(w.World, published.Request{Space: n, Flow: p.Flow(), IIF: cameBy(n, p, dev), Met: w.stopsIn(n)}, by.Socket)
	if ok {
		w.shouldGo(n, p, dev, f, f.To)
	}
	return ok
}

// unforwarded notes a request that firewalld keeps to be sent on, and no rule does, where nobody
// takes it as it is.
func (w *walk) unforwarded(n *machine.Space, p journey.Packet, dev string, by *listening.Listener) bool {
	stopped := w.stopsIn(n)
	if w.turned(n) || cameBy(n, p, dev) == "" || by != nil && stopped == nil {
		return false
	}
	f, ok := published.Forward(n, p.Flow(), dev, stopped)
	if ok {
		w.shouldGo(n, p, dev, f, f.Kept.To)
	}
	return ok
}

// turned reports whether rules of a namespace have sent the request elsewhere.
func (w *walk) turned(n *machine.Space) bool {
	return slices.ContainsFunc(w.Turned, func(t journey.Turning) bool { return t.Space == n })
}

// cameBy is the device that a packet came in by; empty where the namespace has made it itself.
func cameBy(n *machine.Space, p journey.Packet, dev string) string {
	if p.Origin == n {
		return ""
	}
	return dev
}

// stopsIn is the first rule that stops what a namespace is to take.
func (w *walk) stopsIn(n *machine.Space) cause.Finding {
	if i := slices.IndexFunc(w.Faults, stopsIn(n)); i >= 0 {
		return w.Faults[i].Finding
	}
	return nil
}

func stopsIn(n *machine.Space) func(journey.Found) bool {
	return func(f journey.Found) bool {
		s, ok := f.Finding.(cause.Stopped)
		return ok && s.Netns() == n.Name && s.Hook == "input" && f.Leg == flows.LegRequest
	}
}

// shouldGo notes a request that a rule should have sent elsewhere, in the place of what it meets
// without: what is behind that is judged with the rule.
func (w *walk) shouldGo(n *machine.Space, p journey.Packet, dev string, f cause.Finding, to netip.AddrPort) {
	w.Faults = slices.DeleteFunc(w.Faults, stopsIn(n))
	w.fault(n, p, hop.StageDeliver, dev, f)
	if to.IsValid() && !w.Mended.Sends(n, p.Flow()) {
		w.sending = &sending{at: len(w.Faults), space: n, flow: p.Flow(), to: to}
	}
}

// sending is a rule that is to send a request on, behind how many faults.
type sending struct {
	at    int
	space *machine.Space
	flow  flows.Flow
	to    netip.AddrPort
}
