package explain

import (
	"cmp"
	"net/netip"
	"slices"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/internal/change"
)

// Lingering are flows of the same client to the same address, from other ports, that
// still go where the rules send none any more, and are lost there: a program that keeps
// its port is not helped by what a new flow gets.
type Lingering struct {
	SrcPorts []uint16         `json:"src_ports"`
	Cause    Fault            `json:"cause"`
	Fix      []change.Command `json:"fix"` // has the kernel forget them
}

// What is looked at of the flows that a namespace remembers.
const (
	maxGone  = 4 // places that they go to
	maxPorts = 8 // ports that are named of each
)

// over are the states of connections that send nothing more.
var over = []string{"TIME_WAIT", "CLOSE", "LAST_ACK"}

// linger looks for such flows in the namespaces whose rules the request has met.
func (a *Answer) linger(world *machine.Machine, q trace.Question, t *trace.Trace) {
	if q.Proto == 0 {
		return
	}
	var asked []*machine.Space
	for _, met := range t.Met {
		if slices.Contains(asked, met.Space) || met.Flow.Src != t.Source || met.Flow.SrcPort != q.SrcPort {
			continue
		}
		asked = append(asked, met.Space)
		like, err := conntrack.Like(met.Space.NS, conntrack.Tuple{
			Proto: q.Proto, Src: netip.AddrPortFrom(met.Flow.Src, 0), Dst: netip.AddrPortFrom(met.Flow.Dst, met.Flow.DstPort),
		})
		if err != nil {
			continue
		}
		for _, ports := range sentOn(like, q.SrcPort, met.Sent) {
			if one, ok := gone(world, q, ports); ok && !slices.ContainsFunc(a.Lingering, one.same) {
				a.Lingering = append(a.Lingering, one)
			}
		}
	}
}

// sentOn are the source ports of connections that are sent elsewhere than they were
// addressed to, by where they go, without those of one port; also of those that are not,
// where the rules send such a request elsewhere now.
func sentOn(like []conntrack.Entry, but uint16, now bool) (all [][]uint16) {
	byPlace := map[netip.AddrPort][]uint16{}
	for _, e := range like {
		if port := e.Original.Src.Port(); (now || e.Reply.Src != e.Original.Dst) && port != but && !slices.Contains(over, e.State) {
			byPlace[e.Reply.Src] = append(byPlace[e.Reply.Src], port)
		}
	}
	for _, ports := range byPlace {
		slices.Sort(ports)
		all = append(all, ports[:min(len(ports), maxPorts)])
	}
	slices.SortFunc(all, func(a, b []uint16) int { return cmp.Compare(a[0], b[0]) })
	return all[:min(len(all), maxGone)]
}

// gone follows the flow of the first of some ports, and is what is said of all where it
// is lost for being remembered.
func gone(world *machine.Machine, q trace.Question, ports []uint16) (Lingering, bool) {
	q.SrcPort, q.Pick = ports[0], 0
	t := trace.Follow(world, q)
	if len(t.Faults) == 0 {
		return Lingering{}, false
	}
	found, ok := t.Faults[0].Finding.(service.Outdated)
	if !ok {
		return Lingering{}, false
	}
	one := Lingering{SrcPorts: ports, Cause: inWords(t.Faults[0])}
	for _, port := range ports {
		found.Entry.Original.Src = netip.AddrPortFrom(found.Entry.Original.Src.Addr(), port)
		one.Fix = append(one.Fix, change.Here(found.Fix()...)...)
	}
	return one, true
}

// same reports whether two are the same flows, in namespaces one behind the other.
func (l Lingering) same(o Lingering) bool {
	return slices.Equal(l.SrcPorts, o.SrcPorts) && l.Cause.Netns == o.Cause.Netns
}
