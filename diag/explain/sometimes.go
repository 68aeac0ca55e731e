package explain

import (
	"cmp"
	"maps"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/linkstat"
	"nstutor/diag/wire"
	"nstutor/internal/change"
)

// lossSpot is where the echoes were lost that were seen last at one stage of the way:
// numbers of hops, -1 for none.
type lossSpot struct{ last, next int }

// sometimes says why some echoes were answered and some were not. It is false where
// that is no answer: the packet was predicted not to get through at all.
func (w *observation) sometimes(a *Answer, seen *wires) bool {
	losses, spots := w.losses(a, seen)
	if dev, ok := w.flapping(); ok {
		a.settle(journey.Find(flows.LegRequest, device.Flapping{At: cause.At(dev.netns), Losses: losses, Dev: dev.name, Switched: dev.Switched}))
		a.Cause.Device = dev.name
		return true
	}
	switch {
	case a.Verdict == Broken:
		return false
	case a.Verdict == Undecided && a.Cause.Code != cause.NotKnown:
		lossy := inWords(journey.Find(a.Cause.Leg, device.Lossy{At: cause.At(a.Cause.Netns), Losses: losses}))
		a.confirm()
		a.Cause.Evidence = append(a.Cause.Evidence, lossy.Evidence...)
		return true
	}
	lossy := device.Lossy{Losses: losses}
	leg, at := w.place(a, spots, &lossy)
	a.settle(journey.Find(leg, lossy))
	a.Cause.Device = at
	if lossy.Left != "" && lossy.Culprit.Dev == "" {
		a.Beyond = lossy.Left
	}
	return true
}

// settle makes a finding the answer.
func (a *Answer) settle(f journey.Found) {
	a.Verdict, a.Beyond, a.Fix, a.Next = Broken, "", []change.Command{}, []Fault{}
	a.Cause = inWords(f)
}

// losses count what was lost where, and what was counted there meanwhile. The spots
// are in the order of Losses.Spots.
func (w *observation) losses(a *Answer, seen *wires) (device.Losses, []lossSpot) {
	l := device.Losses{Sent: a.Probe.Sent, Answered: a.Probe.Received}
	count := map[lossSpot]int{}
	for _, seq := range w.series.missed() {
		count[seen.reached(a.Hops, seq)]++
	}
	spots := slices.SortedFunc(maps.Keys(count), func(x, y lossSpot) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x.last, y.last)) })
	for _, s := range spots {
		spot := device.Spot{Echoes: count[s], After: passed(a.Hops, s.last), Before: passed(a.Hops, s.next)}
		spot.Reply = s.next >= 0 && a.Hops[s.next].Leg == flows.LegReply && s.last >= 0 && a.Hops[s.last].Leg == flows.LegReply
		l.Spots = append(l.Spots, spot)
	}
	for _, d := range w.toldDrops() {
		l.Dropped = append(l.Dropped, device.DropCount{KernelDrop: d.at(), Times: w.again[d]})
	}
	for space, was := range w.series.before {
		now, err := linkstat.Read(space.NS)
		if err != nil {
			continue
		}
		for _, m := range now.Since(was.read) {
			if w.onTheWay(space.Name, m.Dev) {
				l.Grown = append(l.Grown, device.Counted{Netns: space.Name, Moved: m})
			}
		}
	}
	slices.SortStableFunc(l.Grown, func(x, y device.Counted) int { return cmp.Compare(w.order(x.Netns, x.Dev), w.order(y.Netns, y.Dev)) })
	l.Suspects = a.Unseen
	return l, spots
}

// toldDrops are those that the kernel told of, the most frequent first.
func (w *observation) toldDrops() []Drop {
	return slices.SortedFunc(maps.Keys(w.again), func(x, y Drop) int {
		return cmp.Or(cmp.Compare(w.again[y], w.again[x]), cmp.Compare(x.Netns+x.Device+x.Reason, y.Netns+y.Device+y.Reason))
	})
}

// passed is the frame of a stage.
func passed(hops []hop.Hop, i int) device.Passed {
	if i < 0 {
		return device.Passed{}
	}
	return device.Passed{Netns: hops[i].Netns, Dev: hops[i].Device, Out: hops[i].Sighting.Out}
}

// reached is the last stage of the way at which an echo was seen, and the first
// behind it that can be watched.
func (s *wires) reached(hops []hop.Hop, seq int) lossSpot {
	at := lossSpot{-1, -1}
	for i, h := range hops {
		if h.Sighting == nil || s.taps[h.Sighting.Space] == nil {
			continue
		}
		if slices.ContainsFunc(s.frames, func(f wire.Frame) bool { return h.Sighting.Is(f) && numbered(f) == seq }) {
			at = lossSpot{i, -1}
		} else if at.next < 0 {
			at.next = i
		}
	}
	return at
}

// numbered is the number of the echo in a frame, which a tunnel may carry.
func numbered(f wire.Frame) int {
	if f.Inner != nil && f.Seq == 0 {
		return f.Inner.Seq
	}
	return f.Seq
}

// place is the leg, the namespace and the device where most were lost: where a device
// or its queue has counted that, else where the kernel has said so, else where they
// were seen last.
func (w *observation) place(a *Answer, spots []lossSpot, l *device.Lossy) (leg flows.Leg, dev string) {
	leg = flows.LegRequest
	if len(spots) == 0 {
		return leg, ""
	}
	most := spots[0]
	near := func(netns, dev string) bool {
		for _, i := range []int{most.last, most.next} {
			if i >= 0 && a.Hops[i].Netns == netns && a.Hops[i].Device == dev {
				return true
			}
		}
		return most.next < 0
	}
	if most.last >= 0 {
		leg, dev, l.At = a.Hops[most.last].Leg, a.Hops[most.last].Device, cause.At(a.Hops[most.last].Netns)
	} else {
		l.At = cause.At(w.asked.From.Name)
	}
	if most.last >= 0 && w.Beyond != nil && a.Hops[most.last].Sighting.Out && w.Beyond.Dev() == dev {
		l.Left = dev
	}
	for _, g := range l.Grown {
		if g.What != linkstat.CarrierChanges && g.What != "overlimits" && near(g.Netns, g.Dev) {
			l.Culprit, l.At = g, cause.At(g.Netns)
			return leg, g.Dev
		}
	}
	if told := w.toldDrops(); len(told) > 0 && !told[0].offPath {
		l.At, l.Left = cause.At(told[0].Netns), ""
		return leg, told[0].Device
	}
	return leg, dev
}

// flapped is a device that went and came back.
type flapped struct {
	netns, name string
	linkstat.Switched
}

// flapping is the device on the way that went and came back while echoes were sent:
// one that somebody switches before one that only notices.
func (w *observation) flapping() (flapped, bool) {
	var all []flapped
	for space, was := range w.series.before {
		for name, s := range was.watch.Close(was.flags) {
			if s != (linkstat.Switched{}) && (w.onTheWay(space.Name, name) || w.addressed(space, name)) {
				all = append(all, flapped{space.Name, name, s})
			}
		}
		delete(w.series.before, space)
	}
	if len(all) == 0 {
		return flapped{}, false
	}
	rank := func(f flapped) int {
		switch {
		case f.Off > 0:
			return 0
		case f.Gone > 0:
			return 1
		}
		return 2
	}
	return slices.MinFunc(all, func(x, y flapped) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(w.order(x.netns, x.name), w.order(y.netns, y.name)))
	}), true
}

// order is the first stage of the way on a device; behind all where there is none.
func (w *observation) order(netns, dev string) int {
	for i, h := range w.Hops {
		if h.Netns == netns && h.Device == dev {
			return i
		}
	}
	return len(w.Hops)
}

// onTheWay reports whether the way leads over a device.
func (w *observation) onTheWay(netns, dev string) bool { return w.order(netns, dev) < len(w.Hops) }

// addressed reports whether a device of a namespace has an address of its own: a route
// by it may be gone while it is down, and the packet goes elsewhere meanwhile.
func (w *observation) addressed(n *machine.Space, dev string) bool {
	link, err := n.Link(dev)
	if err != nil {
		return false
	}
	addrs, err := n.Addrs(link.Index)
	return err == nil && len(addrs) > 0
}
