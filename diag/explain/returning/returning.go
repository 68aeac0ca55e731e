// Package returning judges what was found on the way back of a packet that left what can
// be seen. Its reply was taken to come in where the packet went out; whoever is beyond may
// send it by another way, past what was found.
package returning

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/table"
)

// enough is how many devices are tried for the reply to come in by; where there are more,
// nobody can tell.
const enough = 8

// Unsure makes a doubt of what a trace says firmly of such a reply, unless the reply comes
// to it for sure: then a packet decides. What carries a packet through a tunnel comes back
// from the tunnel's other end.
func Unsure(world *machine.Machine, q trace.Question, t *trace.Trace) {
	ofReply := func(f journey.Found) bool { return f.Leg == flows.LegReply }
	first := slices.IndexFunc(t.Faults, ofReply)
	if first < 0 || t.Beyond == nil || t.Beyond.Tunnel() != "" || t.Beyond.Untried(false).Leg == flows.LegReply || sure(world, q, t, t.Faults[first]) {
		return
	}
	doubt := t.Faults[first]
	// Who passes the request on by his rules is whom the reply comes to, if it comes by him: they
	// are mended for both.
	ruled := func(f journey.Found) bool {
		return cause.ByRule(f.Finding) && slices.ContainsFunc(t.Faults, func(o journey.Found) bool {
			return o.Leg == flows.LegRequest && o.Netns() == f.Netns() && cause.ByRule(o.Finding)
		})
	}
	t.Faults = slices.DeleteFunc(slices.Clone(t.Faults), func(f journey.Found) bool { return ofReply(f) && !ruled(f) })
	if len(t.Faults) > 0 {
		return
	}
	if t.Doubt == nil {
		t.Doubt = &doubt
	}
	for i := range t.Hops {
		if t.Hops[i].Predicted == hop.Fail {
			t.Hops[i].Predicted = hop.Unknown
		}
	}
}

// sure reports whether the reply meets a fault by whatever way it comes in.
func sure(world *machine.Machine, q trace.Question, t *trace.Trace, f journey.Found) bool {
	edge := t.Beyond.Edge
	for _, n := range passed(t) {
		if n != edge.Space && len(others(world, n, t)) > 0 {
			return false
		}
	}
	ways := others(world, edge.Space, t)
	if len(ways) > enough {
		return false
	}
	for _, link := range ways {
		q.Arrival.Dev = link.Name
		again := trace.Follow(world, q)
		if !slices.ContainsFunc(again.Faults, func(o journey.Found) bool {
			return o.Code() == f.Code() && o.Netns() == f.Netns() && o.Leg == f.Leg
		}) {
			return false
		}
	}
	return true
}

// passed are the namespaces that the request passed.
func passed(t *trace.Trace) (all []*machine.Space) {
	for _, h := range t.Hops {
		if h.Leg == flows.LegRequest && h.Space != nil && !slices.Contains(all, h.Space) {
			all = append(all, h.Space)
		}
	}
	return all
}

// others are the devices of a namespace that the request did not pass, and by which
// somebody may bring its reply.
func others(world *machine.Machine, n *machine.Space, t *trace.Trace) (links []table.Link) {
	devices, err := n.Devices()
	if err != nil {
		return nil
	}
	for _, d := range devices {
		used := slices.ContainsFunc(t.Hops, func(h hop.Hop) bool {
			return h.Leg == flows.LegRequest && h.Space == n && h.Device == d.Link.Name
		})
		if !used && wired(d.Link) && !deadEnd(world, n, d.Link) {
			links = append(links, d.Link)
		}
	}
	return links
}

// within are kinds of devices that bring nothing from outside, or only what another
// device has brought.
var within = []string{"dummy", "ifb", "bridge", "bond", "team", "vrf", "vxlan", "geneve", "ipip", "sit", "gre", "gretap", "ip6tnl", "ip6gre", "ip6gretap"}

// wired reports whether frames may come in by a device from elsewhere.
func wired(link table.Link) bool { return link.Carrier() && !slices.Contains(within, link.Kind) }

// deadEnd reports whether a device leads to a namespace that has no other, such as a pod.
func deadEnd(world *machine.Machine, n *machine.Space, link table.Link) bool {
	if link.Kind != "veth" {
		return false
	}
	peer, err := world.Peer(n, link.PeerNetnsID)
	if err != nil {
		return false
	}
	devices, err := peer.Devices()
	return err == nil && (peer == n || !slices.ContainsFunc(devices, func(d machine.Device) bool {
		return wired(d.Link) && d.Link.Index != link.PeerIndex
	}))
}
