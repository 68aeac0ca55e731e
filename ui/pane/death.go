package pane

import (
	"strings"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// death is the first stage that the packet does not pass, or that cannot be
// judged, while the learner asks why.
func (v *Topology) death() (hop.Hop, bool) {
	if !v.Why.Open || v.Why.Answer == nil {
		return hop.Hop{}, false
	}
	for _, h := range v.Why.Answer.Hops {
		if h.Predicted != hop.OK {
			return h, true
		}
	}
	return hop.Hop{}, false
}

// deathAt is the mark of the place where the packet dies, if that is this
// device; no device stands for the namespace itself, which is also marked for
// a device that the picture does not draw by itself. The namespace where the
// fault is has a mark of its own.
func (v *Topology) deathAt(netns, dev string) string {
	h, dies := v.death()
	switch {
	case dies && h.Netns == netns && dev == v.drawnDevice(h):
		return " " + v.verdictSign(h.Predicted)
	case dies && dev == "" && v.faultElsewhere(h) == netns:
		return " " + v.Theme.Warn.Render(v.Theme.G.Warn)
	}
	return ""
}

// faultElsewhere is the namespace where the fault is, when the packet dies in
// another one: ARP is not answered there, or the reply was sent astray.
func (v *Topology) faultElsewhere(h hop.Hop) string {
	if c := v.Why.Answer.Cause; c.Netns != h.Netns && h.Predicted == hop.Fail {
		return c.Netns
	}
	return ""
}

// drawnDevice is the device of a stage as the picture has it.
func (v *Topology) drawnDevice(h hop.Hop) string {
	snap := v.Network.Snapshot(h.Netns)
	if snap == nil {
		return ""
	}
	if l, ok := snap.Link(h.Device); !ok || l.Has("LOOPBACK") {
		return ""
	}
	return h.Device
}

// topologyTitle says in words what the picture marks, as far as w cells hold.
func (v *Topology) topologyTitle(w int) string {
	title, g := v.Say(words.Topology)+" "+v.Theme.G.Dot+" ", v.Theme.G
	h, dies := v.death()
	place := say.Clean(strings.TrimSpace(h.Netns + " " + h.Device))
	switch {
	case !v.Why.Open || v.Why.Answer == nil:
		return v.seenTitle(w)
	case dies && h.Predicted == hop.Unknown:
		return title + "? " + v.Say(words.UnknownFrom, place)
	case dies && h.Leg == flows.LegReply:
		title += g.Bad + " " + v.Say(words.DiesReply, place)
	case dies:
		title += g.Bad + " " + v.Say(words.DiesRequest, place)
	default:
		return title + g.Ok + " " + v.Say(words.Passes)
	}
	fault := say.Clean(v.faultElsewhere(h))
	if fault == "" {
		return title
	}
	if long := title + v.Say(words.FaultIn, fault); screen.Width(long) <= w {
		return long
	}
	return title
}
