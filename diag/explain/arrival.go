package explain

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/say"
)

// cameBack is the first frame of an answer that came back to where the packet left
// what can be seen.
func (w *observation) cameBack(seen *wires) (wire.Frame, bool) {
	for _, f := range slices.Concat(seen.frames, seen.strays) {
		if !f.Out && f.Netns == w.Beyond.Edge.Space.NS.Name() && w.answers(f) {
			return f, true
		}
	}
	return wire.Frame{}, false
}

// answers reports whether a frame is the reply as it is expected out there, by
// whatever device it comes.
func (w *observation) answers(f wire.Frame) bool {
	return slices.ContainsFunc(w.Hops, func(h hop.Hop) bool {
		s := h.Sighting
		if h.Leg != flows.LegReply || s == nil || s.Out || s.Space != w.Beyond.Edge.Space {
			return false
		}
		anywhere := *s
		anywhere.Dev = f.Dev
		return anywhere.Is(f)
	})
}

// otherwise reports whether a frame is an answer to the echo that comes from
// somebody else than was asked.
func (w *observation) otherwise(f wire.Frame) bool {
	return w.asked.Proto == 0 && !f.Out && f.Op == wire.EchoReply && f.ID == int(w.id) && f.Src != w.asked.Dest && f.Netns == w.Beyond.Edge.Space.NS.Name()
}

// unexpected looks at an answer that came back to where the packet had left, and got
// lost there although that was not to be expected: it did not come as it was taken to.
func (w *observation) unexpected(a *Answer, seen *wires, r probe.Result) {
	if w.Beyond == nil || a.Verdict != Undecided || r.Outcome != probe.Silent && r.Outcome != probe.DifferentAddress && r.From.IsValid() {
		return
	}
	f, ok := w.cameBack(seen)
	if !ok {
		if i := slices.IndexFunc(seen.strays, w.otherwise); i >= 0 && w.Beyond.Tunnel() == "" {
			f = seen.strays[i]
			a.Verdict, a.Beyond = Broken, w.Beyond.Dev()
			a.Cause = inWords(journey.Find(flows.LegReply, cause.AnsweredAs{Beyond: w.Beyond.Left(cause.At(w.Beyond.Edge.Space.Name), asSeen(f)), By: f.Src}))
			return
		}
		w.soughtInVain(a, seen)
		return
	}
	if mac := w.Beyond.Edge.Dev.MAC; f.Dev == w.Beyond.Dev() && w.Beyond.Plain() && len(f.DstMAC) > 0 && !bytes.Equal(f.DstMAC, mac) {
		a.Verdict, a.Beyond = Broken, w.Beyond.Dev()
		a.Cause = inWords(journey.Find(flows.LegReply, cause.MACNotOurs{
			Beyond: w.Beyond.Left(cause.At(w.Beyond.Edge.Space.Name), asSeen(f)), Addr: f.Dst, MAC: f.DstMAC, Own: mac, Sender: f.SrcMAC,
		}))
		return
	}
	q := w.question
	q.Arrival = trace.Arrival{Dev: f.Dev, TTL: f.TTL}
	if w.Beyond.Tunnel() == "" {
		q.Arrival.MAC = f.DstMAC
	}
	t := trace.Follow(w.world, q)
	if len(t.Faults) == 0 && (t.Doubt == nil || t.Doubt.Leg != flows.LegReply) {
		return
	}
	now := predict(w.asked, t)
	now.Probe, now.Drops, now.Listener = a.Probe, a.Drops, a.Listener
	now.Cause.Evidence = append(now.Cause.Evidence, asSeen(f))
	*a = now
	a.Witness(seen.names, slices.Concat(seen.frames, seen.strays))
}

// astray reports whether an answer that was seen is for another device than who has it next on
// its way: on the wires of a switch that is seen it goes to whom its sender takes for the
// router. What is seen of it last is added to the evidence then.
func (w *observation) astray(a *Answer) bool {
	is := func(h hop.Hop) bool { return h.Leg == flows.LegReply && h.Sighting != nil && !h.Sighting.Out }
	last := -1
	for i, h := range a.Hops {
		if is(h) && h.Observed == hop.OK {
			last = i
		}
	}
	if last < 0 {
		return false
	}
	next := slices.IndexFunc(a.Hops[last+1:], is)
	if next < 0 {
		return false
	}
	to := a.Hops[last+1+next].Sighting
	dev, err := to.Space.Link(to.Dev)
	if err != nil || len(dev.MAC) == 0 {
		return false
	}
	away := slices.DeleteFunc(slices.Clone(w.frames), func(f wire.Frame) bool { return !a.Hops[last].Sighting.Is(f) })
	if len(away) == 0 || slices.ContainsFunc(away, func(f wire.Frame) bool { return len(f.DstMAC) == 0 || bytes.Equal(f.DstMAC, dev.MAC) }) {
		return false
	}
	a.Cause.Evidence = append(a.Cause.Evidence, asSeen(away[0]))
	return true
}

// asSeen is a frame as it was seen.
func asSeen(f wire.Frame) Text {
	if len(f.DstMAC) == 0 { // it came out of a tunnel
		return say.T("seen: %s > %s into %s, TTL %d", "看到：%s > %s 进入 %s，TTL %d", f.Src, f.Dst, f.Dev, f.TTL)
	}
	return say.T("seen: %s > %s into %s, TTL %d, for %s", "看到：%s > %s 进入 %s，TTL %d，目的 MAC %s", f.Src, f.Dst, f.Dev, f.TTL, f.DstMAC)
}

// stray reports whether a frame is kept although no hop is proven by it: an answer
// that comes in where nobody expects it, and its way from there.
func (w *observation) stray(f wire.Frame) bool {
	return w.Beyond != nil && (w.passesOn(f) || !f.Out && (w.answers(f) || w.otherwise(f) || w.sought(f).IsValid() || w.unopening(f)))
}

// passesOn reports whether a frame is the reply as it comes in out there, on any wire.
func (w *observation) passesOn(f wire.Frame) bool {
	return slices.ContainsFunc(w.Hops, func(h hop.Hop) bool {
		s := h.Sighting
		return h.Leg == flows.LegReply && s != nil && s.Space == w.Beyond.Edge.Space && s.Carrier == (hop.Endpoints{}) && s.Flow.Is(f)
	})
}
