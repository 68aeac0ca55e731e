package ui

import (
	"strings"

	"nstutor/diag/explain"
	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// death is the first stage that the packet does not pass, or that cannot be
// judged, while the learner asks why.
func (m *Model) death() (explain.Hop, bool) {
	if !m.Why.Open || m.Why.Answer == nil {
		return explain.Hop{}, false
	}
	for _, h := range m.Why.Answer.Hops {
		if h.Predicted != explain.OK {
			return h, true
		}
	}
	return explain.Hop{}, false
}

// deathAt is the mark of the place where the packet dies, if that is this
// device; no device stands for the namespace itself, which is also marked for
// a device that the picture does not draw by itself. The namespace where the
// fault is has a mark of its own.
func (m *Model) deathAt(netns, dev string) string {
	h, dies := m.death()
	switch {
	case dies && h.Netns == netns && dev == m.drawnDevice(h):
		return " " + m.verdictSign(h.Predicted)
	case dies && dev == "" && m.faultElsewhere(h) == netns:
		return " " + m.Theme.Warn.Render(m.Theme.G.Warn)
	}
	return ""
}

// faultElsewhere is the namespace where the fault is, when the packet dies in
// another one: ARP is not answered there, or the reply was sent astray.
func (m *Model) faultElsewhere(h explain.Hop) string {
	if c := m.Why.Answer.Cause; c.Netns != h.Netns && h.Predicted == explain.Fail {
		return c.Netns
	}
	return ""
}

// drawnDevice is the device of a stage as the picture has it.
func (m *Model) drawnDevice(h explain.Hop) string {
	snap := m.Network.Snapshot(h.Netns)
	if snap == nil {
		return ""
	}
	if l, ok := snap.Link(h.Device); !ok || l.Has("LOOPBACK") {
		return ""
	}
	return h.Device
}

// topologyTitle says in words what the picture marks, as far as w cells hold.
func (m *Model) topologyTitle(w int) string {
	title, g := m.Say(words.Topology)+" "+m.Theme.G.Dot+" ", m.Theme.G
	h, dies := m.death()
	place := say.Clean(strings.TrimSpace(h.Netns + " " + h.Device))
	switch {
	case !m.Why.Open || m.Why.Answer == nil:
		return m.Say(words.Topology)
	case dies && h.Predicted == explain.Unknown:
		return title + "? " + m.Say(words.UnknownFrom, place)
	case dies && h.Leg == explain.LegReply:
		title += g.Bad + " " + m.Say(words.DiesReply, place)
	case dies:
		title += g.Bad + " " + m.Say(words.DiesRequest, place)
	default:
		return title + g.Ok + " " + m.Say(words.Passes)
	}
	fault := say.Clean(m.faultElsewhere(h))
	if fault == "" {
		return title
	}
	if long := title + m.Say(words.FaultIn, fault); screen.Width(long) <= w {
		return long
	}
	return title
}
