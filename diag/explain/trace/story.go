package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
)

// story is what is told of a journey: each stage that the packet passes, what is said of
// it, and where it stops.
type story struct {
	journey  *journey.Journey
	unseen   []cause.Unseen // what could not be looked at on the way, and was taken to let the packet pass
	doubtful *journey.Found // what may be wrong: only the ping can tell
	learnt   *journey.Found // the sender knows of an MTU on the path
	outside  *outside       // where the walk got out of sight
	unsent   bool           // the request itself is not sent, for want of an answer to ARP
	strayed  bool           // nothing more is told: the reply was lost behind the parting, or the rest is told elsewhere
	lost     bool           // the walk came to something that it cannot judge
}

// hop notes a stage that the packet passes.
func (s *story) hop(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, detail Text) {
	if s.strayed {
		return
	}
	s.journey.Hops = append(s.journey.Hops, hop.Hop{
		Leg: p.Leg, Netns: n.Name, Device: dev, Stage: stage,
		Predicted: s.prediction(), Observed: hop.Unknown, Detail: detail,
		Space: n, Carrying: p.Encap != nil,
	})
}

// latest is the hop that was noted last.
func (s *story) latest() *hop.Hop { return &s.journey.Hops[len(s.journey.Hops)-1] }

// wired notes a stage that a frame on a device proves, of which there is no more
// to say.
func (s *story) wired(n *machine.Space, p journey.Packet, stage hop.Stage, dev string) {
	detail, out := wIn.Of(p, dev), stage == hop.StageSend
	if out {
		detail = wOut.Of(p, dev)
	}
	if s.wiredAs(n, p, stage, dev, detail) && p.Encap == nil {
		s.latest().Frame = &hop.Frame{Src: p.Src, Dst: p.Dst, Out: out}
	}
}

// wiredAs notes one of which there is more to say. It reports whether a frame
// can prove it.
func (s *story) wiredAs(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, detail Text) bool {
	s.hop(n, p, stage, dev, detail)
	if s.strayed || s.unsent || p.Below && isBridge(n, dev) {
		return false
	}
	seen := hop.Sighting{Space: n, Dev: dev, Flow: p.SeenAs(), Out: stage == hop.StageSend}
	if p.Encap != nil {
		if p.Encap.Inner.Encap != nil || !p.Encap.Inner.Dst.IsValid() || !fabric.TunnelRead(p.Encap.Dev) {
			return false // it is a tunnel in a tunnel, or carries neither request nor reply, or hides it
		}
		seen.Flow, seen.Carrier, seen.Port = p.Encap.Inner.SeenAs(), hop.Endpoints{Src: p.Src, Dst: p.Dst}, fabric.TunnelPort(p.Encap.Dev)
	}
	if len(s.journey.Faults) > 0 && slices.ContainsFunc(s.journey.Hops, func(h hop.Hop) bool { return h.Sighting != nil && *h.Sighting == seen }) {
		return false // the frame that was here before proves nothing
	}
	s.latest().Sighting = &seen
	return true
}

func isBridge(n *machine.Space, dev string) bool {
	link, err := n.Link(dev)
	return err == nil && link.Kind == "bridge"
}

// prediction is what is said of a stage: behind a fault nothing arrives.
func (s *story) prediction() hop.Disposition {
	switch {
	case len(s.journey.Faults) > 0 || s.learnt != nil:
		return hop.Fail
	case len(s.unseen) > 0 || s.doubtful != nil || s.outside != nil:
		return hop.Unknown
	}
	return hop.OK
}

// stop notes a stage where the packet stops, and what stops it, unless that is told already.
func (s *story) stop(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, f cause.Finding) {
	found := journey.Find(p.Leg, f)
	if found.Device = cause.DownDevice(f); found.Device == "" && n.Name == f.Netns() {
		found.Device = dev
	}
	known := func(o journey.Found) bool {
		return found.Same(o) && (!s.journey.Whole || found.Leg == o.Leg)
	}
	if !slices.ContainsFunc(s.journey.Faults, known) {
		s.journey.Faults = append(s.journey.Faults, found)
	}
	s.hop(n, p, stage, dev, f.Detail())
	s.latest().Predicted = hop.Fail
}

// doubt notes a stage that may be where the packet stops: nothing but the ping
// can tell.
func (s *story) doubt(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, f cause.Finding) {
	if len(s.journey.Faults) == 0 && s.doubtful == nil {
		found := journey.Find(p.Leg, f)
		s.doubtful = &found
	}
	s.hop(n, p, stage, dev, f.Detail())
}

// overlook notes a stage that cannot be looked at, and goes on as though the
// packet passed it.
func (s *story) overlook(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, what cause.Unseen) {
	if slices.ContainsFunc(s.unseen, what.Same) {
		return
	}
	s.unseen = append(s.unseen, what)
	s.hop(n, p, stage, dev, what.Said())
	if !s.strayed {
		s.latest().Unseen = true
	}
}

// remember notes that the sender knows of what stops the packet, and does not send it.
func (s *story) remember(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, f cause.Finding) {
	learnt := journey.Find(p.Leg, f)
	s.learnt = &learnt
	s.hop(n, p, stage, dev, f.Detail())
	s.latest().Predicted = hop.Fail
}

// giveUp notes a stage that cannot be judged.
func (s *story) giveUp(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, why Text) {
	if s.strayed {
		return
	}
	s.lost = true
	s.hop(n, p, stage, dev, why)
	s.latest().Predicted = hop.Unknown
}
