package explain_test

import (
	"fmt"
	"slices"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
)

// near are the namespaces that a packet last seen in ns may be lost at.
func (n *network) near(ns string) []string {
	found := []string{ns}
	add := func(names ...string) {
		for _, name := range names {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	wire := func(at string) bool { // a switch is no more than that, and so is a node between its pods
		bridge := slices.ContainsFunc(n.nodes, func(s *site) bool { return s.ns == at && s.style == "bridge" })
		return slices.Contains(found, at) && (at == "switch" || bridge)
	}
	for range 2 {
		for _, c := range n.cables {
			if c.a.ns == ns || wire(c.a.ns) {
				add(c.b.ns)
			}
			if c.b.ns == ns || wire(c.b.ns) {
				add(c.a.ns)
			}
		}
	}
	if n.tunnel != "" && slices.ContainsFunc(n.ends, func(s *site) bool { return slices.Contains(found, s.ns) }) {
		add(n.way...)
	}
	return found
}

// farCauses are those whose fix may be elsewhere than the place of the loss:
// further back on the way that was taken.
var farCauses = []cause.Code{cause.NoReturnRoute, cause.NotMasqueraded, cause.RouteLoop, "wrong-netmask", cause.NoRoute}

// judge says how an answer and the truth contradict each other; nothing means
// that they do not.
func (w *world) judge(a explain.Answer, t truth) string {
	switch {
	case a.Verdict == explain.Undecided:
		return ""
	case t.replied() != (a.Verdict == explain.Delivered):
		return fmt.Sprintf("verdict %s, but the ping says %q", a.Verdict, t.Message)
	case a.Source != "" && t.Src.IsValid() && a.Source != t.Src.String():
		return fmt.Sprintf("source %s, but the ping has %s", a.Source, t.Src)
	}
	if trouble := w.witness(a, t); trouble != "" || t.replied() {
		return trouble
	}
	if doubtful(a) {
		w.late = append(w.late, "what cannot be told comes before the cause")
		return ""
	}
	var trail []string
	request, reply := "", ""
	for _, f := range t.frames {
		if f.ToOther {
			continue // flooded by a bridge to somebody who ignores it
		}
		if w.answers(f) {
			reply = f.Netns
		} else {
			request = f.Netns
		}
		trail = append(trail, f.Netns)
	}
	if a.Cause.Leg == flows.LegRequest && reply != "" {
		return fmt.Sprintf("the cause is on the way there, but a reply was seen in %s", reply)
	}
	last := w.from
	if request != "" {
		last = request
	}
	if reply != "" {
		last = reply
	}
	if a.Cause.Leg == flows.LegReply && request == "" && w.from != w.to && !(w.v6 && a.Cause.Code == cause.NeighbourWrongMAC) {
		return "the cause is on the way back, but the request was seen nowhere"
	}
	if slices.Contains(w.near(last), a.Cause.Netns) || w.v6 && atNeighbour(a) {
		return ""
	}
	if slices.Contains(farCauses, a.Cause.Code) && slices.Contains(trail, a.Cause.Netns) {
		return ""
	}
	return fmt.Sprintf("the cause is in %s, but the packet was last seen in %s", a.Cause.Netns, last)
}

// legitimate says why the cause is none that the one fault can have.
func (n *network) legitimate(a explain.Answer) string {
	if len(n.broken) != 1 || a.Verdict != explain.Broken {
		return ""
	}
	s := n.broken[0]
	if s.codes != nil && !slices.Contains(s.codes, a.Cause.Code) {
		return fmt.Sprintf("%s is not what %q can be called", a.Cause.Code, s.name)
	}
	if s.at != nil && !slices.Contains(s.at, a.Cause.Netns) {
		return fmt.Sprintf("%s is not where %q is", a.Cause.Netns, s.name)
	}
	return ""
}

// doubtful tells whether the packet may have been lost before the cause, at a
// stage that cannot be judged.
func doubtful(a explain.Answer) bool {
	for _, h := range a.Hops {
		if h.Predicted != hop.OK {
			return h.Predicted == hop.Unknown
		}
	}
	return false
}

// atNeighbour tells whether the cause is that nobody answers who is asked for: rules see
// what of IPv6 does that, wherever they are.
func atNeighbour(a explain.Answer) bool {
	i := slices.IndexFunc(a.Hops, func(h hop.Hop) bool { return h.Predicted == hop.Fail })
	return i >= 0 && a.Hops[i].Stage == hop.StageNeighbour
}

// witness compares every hop with the frames.
func (w *world) witness(a explain.Answer, t truth) string {
	a.Hops = slices.Clone(a.Hops)
	a.Witness(w.spaces, t.all)
	for _, h := range a.Hops {
		if h.Predicted == hop.Fail && h.Observed == hop.OK {
			w.late = append(w.late, fmt.Sprintf("%s, %s", a.Cause.Code, h.Stage))
		}
		// What a tunnel sends before its neighbour is resolved is an ARP request.
		if h.Predicted == hop.OK && h.Observed == hop.Fail && h.Device == w.tunnel {
			w.late = append(w.late, "nothing but ARP left the tunnel")
			return ""
		}
		// Who answers a solicitation sends that by an entry of his own, and a wrong one
		// keeps the request from being sent: it is named, but as what the reply meets.
		if w.v6 && a.Cause.Code == cause.NeighbourWrongMAC && a.Cause.Leg == flows.LegReply {
			return ""
		}
		if h.Predicted == hop.OK && h.Observed == hop.Fail {
			return fmt.Sprintf("%s %s %s, %s: predicted %s, observed %s: %v", h.Leg, h.Netns, h.Device, h.Stage, h.Predicted, h.Observed, h.Detail)
		}
	}
	return ""
}
