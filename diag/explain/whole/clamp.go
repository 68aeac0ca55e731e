package whole

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/internal/change"
)

// clamp is the rule at the router where segments are lost that has both ends agree on
// what its routes take, where that is enough for the whole way, there and back; nil
// otherwise. It limits what the sender of a passing SYN is sent: those of both ends have
// to pass the router, as they were sent to the receiver's own address.
func clamp(world *machine.Machine, q trace.Question, opens *trace.Trace, lost journey.Found) change.Change {
	other, receiver := flows.LegReply, opens.Reached.Dst
	translated := receiver != q.Dest
	if lost.Leg == flows.LegReply {
		other, receiver = flows.LegRequest, opens.Source
		translated = opens.Reached.Src != receiver
	}
	router := passes(opens.Hops, lost.Leg, lost.Netns())
	if translated || router == nil || passes(opens.Hops, other, lost.Netns()) != router {
		return nil
	}
	room := mtu(router, netip.Addr{}, receiver)
	if room <= 0 || room >= q.Length {
		return nil
	}
	q.Length = room
	if slices.ContainsFunc(trace.Follow(world, q).Faults, func(f journey.Found) bool { return f.Code() == cause.MTUExceeded }) {
		return nil
	}
	return change.ClampMSS{Netns: router.Name, V6: q.Dest.Is6()}
}

// passes is the namespace of a name, where a leg's packets are routed on and not made.
func passes(hops []hop.Hop, leg flows.Leg, netns string) *machine.Space {
	for i, s := range stopsOf(hops, leg) {
		if i > 0 && s.in != "" && s.space.Name == netns {
			return s.space
		}
	}
	return nil
}
