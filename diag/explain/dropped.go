package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"nstutor/diag/drop"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/published"
	"nstutor/diag/explain/trace"
	"nstutor/internal/say"
)

// Drop is what the kernel itself said of a packet of the probe that it dropped.
type Drop struct {
	Netns    string `json:"netns"`
	Device   string `json:"device"`
	Reason   string `json:"reason"`   // without SKB_DROP_REASON_
	Function string `json:"function"` // of the kernel, which freed it

	offPath bool   // Netns is not known: the packet should not have come there
	qdisc   string // the kind of the queue that has not taken it; empty: that is not the reason
}

// noRoom is the reason of a queue that does not take a packet.
const noRoom = "QDISC_DROP"

// at is the drop as a fact of a finding.
func (d Drop) at() against.KernelDrop {
	where := machine.Called(d.Netns)
	if d.offPath {
		where = say.T("a namespace that is not on the way", "不在路径上的命名空间")
	}
	return against.KernelDrop{Where: where, Dev: d.Device, Reason: d.Reason, Function: d.Function}
}

// finding is the drop as what is wrong; decides tells that nothing was predicted which it
// could contradict.
func (d Drop) finding(c against.Contradiction, decides bool) cause.Finding {
	if d.qdisc != "" {
		c.At = cause.At(d.Netns)
		return device.QueueDropped{Contradiction: c, KernelDrop: d.at(), Qdisc: d.qdisc}
	}
	return against.KernelDropped{Contradiction: c, KernelDrop: d.at(), Decides: decides}
}

// listen has the kernel tell of the probe's packets that it drops, under all
// addresses that they have on their way. It is nil without the right to that.
func (w *observation) listen(ctx context.Context) *drop.Watcher {
	asked := flows.Flow{Proto: w.asked.protocol(), Src: w.Source, Dst: w.asked.Dest.WithZone(""), SrcPort: w.asked.SrcPort, DstPort: w.asked.Port}
	flows := []drop.Flow{w.heardAs(asked), w.heardAs(asked).Reply()}
	for _, h := range w.Hops {
		if h.Sighting == nil || len(flows) == drop.MaxFlows {
			continue
		}
		if f := w.heardAs(h.Sighting.Flow); !slices.Contains(flows, f) {
			flows = append(flows, f)
		}
	}
	watcher, err := drop.Watch(ctx, drop.Filter{Flows: flows})
	if err != nil {
		return nil
	}
	return watcher
}

// heardAs is a flow for the kernel's witness.
func (w *observation) heardAs(f flows.Flow) drop.Flow {
	heard := drop.Flow{Src: f.Src, Dst: f.Dst, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort}
	if f.Echo() {
		heard.ID = w.id
	}
	return heard
}

// hear takes what the kernel has told until now, and does not wait.
func (w *observation) hear(a *Answer) {
	if w.drops == nil {
		return
	}
	for {
		select {
		case d, ok := <-w.drops.Drops():
			if !ok {
				w.drops = nil
				return
			}
			if d.Meaning() == drop.Dropped && !d.Quoted {
				w.dropped(a, d)
			}
		default:
			return
		}
	}
}

func (w *observation) dropped(a *Answer, d drop.Drop) {
	told := Drop{Device: d.Device, Reason: cmp.Or(d.Reason.Name, fmt.Sprint(d.Reason.Number)), Function: d.Function, offPath: true}
	for _, h := range w.Hops {
		if h.Space != nil && h.Space.NS.Inode() == d.Netns {
			told.Netns, told.offPath = h.Space.Name, false
			if told.Reason != noRoom || told.qdisc != "" {
				continue
			}
			if link, err := h.Space.Link(d.Device); err == nil {
				told.qdisc = link.Qdisc
			}
		}
	}
	if told.offPath && told.Reason == "OTHERHOST" {
		return // a copy, which a bridge sent to all its ports
	}
	if w.again == nil {
		w.again = map[Drop]int{}
	}
	w.again[told]++
	if !slices.Contains(a.Drops, told) {
		a.Drops = append(a.Drops, told)
	}
}

// stop is the first stage that the packet is predicted not to pass.
func (a *Answer) stop() (hop.Hop, bool) {
	i := slices.IndexFunc(a.Hops, func(h hop.Hop) bool { return h.Predicted == hop.Fail })
	if i < 0 {
		return hop.Hop{}, false
	}
	return a.Hops[i], true
}

// witnessed reports whether the kernel dropped the packet in the namespace where
// that was predicted.
func (a *Answer) witnessed() bool {
	stop, ok := a.stop()
	return ok && slices.ContainsFunc(a.Drops, func(d Drop) bool { return !d.offPath && d.Netns == stop.Netns })
}

// ownSource is the reason of a packet that comes in with an address of the namespace's own for
// its source.
const ownSource = "IP_LOCAL_SOURCE"

// sentBack reports whether what the kernel dropped is the request, come back to its sender by the
// device that it had left by: who was to pass it on takes the sender for the way there.
func (w *observation) sentBack(d Drop) bool {
	if d.Reason != ownSource || d.offPath || w.Beyond == nil || w.Beyond.Tunnel() != "" || d.Netns != w.asked.From.Name {
		return false
	}
	return slices.ContainsFunc(w.Hops, func(h hop.Hop) bool {
		return h.Leg == flows.LegRequest && h.Stage == hop.StageSend && h.Netns == d.Netns && h.Device == d.Device && h.Observed == hop.OK
	})
}

// sentBack says of such a request what is missing here, or that nothing here leads on.
func (a *Answer) sentBack(b *trace.Beyond, from string) {
	if found, missed := b.Elsewhere(); missed {
		a.Cause = inWords(found)
	} else {
		a.Cause = inWords(journey.Find(flows.LegRequest, cause.SentBack{Beyond: b.Left(cause.At(from), a.lastSeen())}))
	}
	a.confirm()
}

// bySocket is the reason of a packet that a filter of its socket has not taken.
const bySocket = "SOCKET_FILTER"

// keptOnly says of a request that the filter of a socket has dropped who has the port, and what
// should have sent the request on: such a filter cannot always be read.
func (w *observation) keptOnly(a *Answer) bool {
	d, by := a.Drops[0], w.Listens
	if d.Reason != bySocket || d.offPath || by == nil || d.Netns != by.Space.Name {
		return false
	}
	r := published.Request{Space: by.Space, Flow: w.Reached, IIF: d.Device, Filtered: true}
	if by.Space == w.asked.From {
		r.IIF = ""
	}
	f, ok := published.Kept(w.world, r, by.Socket)
	if ok {
		a.Verdict, a.Cause = Broken, inWords(journey.Find(flows.LegRequest, f))
		a.confirm()
	}
	return ok
}

// demanded says of a request that the socket of who listens has dropped what that wants of it.
func (w *observation) demanded(a *Answer) bool {
	d, by := a.Drops[0], w.Listens
	if _, ok := service.Demands[d.Reason]; !ok || d.offPath || by == nil || d.Netns != by.Space.Name {
		return false
	}
	f := service.Demanding{At: cause.At(d.Netns), Bound: by.Socket.Local.String(), Reason: d.Reason, Line: d.at().Line(), Seen: []Text{a.lastSeen()}}
	who, _ := w.world.Taker(by.Socket.Inode)
	f.By, f.PID = who.Comm, who.PID
	a.Verdict, a.Cause = Broken, inWords(journey.Find(flows.LegRequest, f))
	a.confirm()
	return true
}
