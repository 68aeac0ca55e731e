package trace

import (
	"net/netip"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/machine"
)

// resume goes on from where the request should have turned off.
func (w *walk) resume(d *judge.Detour) {
	w.strayed = false
	n, p := d.Passage.Space, d.Passage.Packet
	if p = w.rechosen(n, p, d.Way.Dev.Name); d.Passage.IIF != "" {
		p, _ = w.filter(n, p, "forward", d.Passage.IIF, d.Way.Dev.Name)
	}
	w.leave(n, p, d.Passage.IIF, d.Way.Route(p.Src))
	w.strayed = true
}

// rechosen is a request that a namespace sends by another device than before: its source was
// chosen for that, and the kernel chooses again.
func (w *walk) rechosen(n *machine.Space, p journey.Packet, dev string) journey.Packet {
	own, err := n.Env().MasqueradeAddr(dev, p.Dst)
	if err != nil || !own.IsValid() || p.Origin != n || !p.IsRequest() || p.Src != w.Source || !p.Dst.Is4() {
		return p
	}
	p.Src, p.Filtered.Src = own, own
	if last, ok := w.Last[n]; ok {
		last.Src = own
		w.Last[n] = last
	}
	return p
}

// turnBack has the reply go on from where it parted, once the device is up by which it
// should have gone.
func (w *walk) turnBack() {
	p := w.Parted
	w.Parted, w.strayed = nil, false
	w.leave(p.Space, p.Reply, "", w.Mended.Route(p.Space, p.Reply.Query()))
	w.strayed = true
}

// retake goes on with the station that the frame should have come to.
func (w *walk) retake(a *judge.Search, p journey.Packet, right fabric.Station) {
	w.Sought = nil
	w.travel(a.Space, p, a.Link, right)
	w.strayed = true
}

// sentFrom goes on as though the request had left a namespace with one of its own addresses:
// with the reply to that.
func (w *walk) sentFrom(own netip.Addr, by, n *machine.Space, reply journey.Packet) bool {
	if !own.IsValid() || w.Mended.Translates() {
		return false
	}
	w.Mended.Translate(by, reply.Dst, own)
	reply.Dst, reply.TTL, reply.Mark = own, journey.MaxHops, 0
	w.originate(n, reply)
	return true
}
