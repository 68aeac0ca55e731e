package judge

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// sourceless is the fault of a tunnel whose own end is no address of its
// namespace: then the kernel has no route for its packets.
func (j *Judge) sourceless(n *machine.Space, p journey.Packet) cause.Finding {
	f := cause.Sourceless{At: at(n), Flow: p.Flow(), Err: n.Route(machine.RouteQuery{Dst: p.Dst, Src: p.Src}).Err}
	link, err := n.LinkByIndex(fabric.TunnelBelow(p.Encap.Dev))
	if err != nil {
		f.Address = j.sourceOfTunnel(n, p)
		return f
	}
	own, _ := j.within(n, link, p)
	f.Address = remedy.Address{Netns: n.Name, Prefix: own, Dev: link.Name}
	return f
}

// within is the source of a packet, in the network that somebody on a wire has it in; near
// tells that somebody has.
func (j *Judge) within(n *machine.Space, link table.Link, p journey.Packet) (own netip.Prefix, near bool) {
	own = change.Single(p.Src)
	for _, s := range j.Explore(n, link, p.Leg, nil).Stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		if far, ok := machine.PrefixOver(s.Space, s.Dev, p.Src); ok {
			own, near = netip.PrefixFrom(p.Src, far.Bits()), true
		}
	}
	return own, near
}

// sourceOfTunnel is the address that a tunnel which names no device sends from, on the one
// device that has no address, and on whose wire somebody is in its network.
func (j *Judge) sourceOfTunnel(n *machine.Space, p journey.Packet) (found remedy.Address) {
	devices, err := n.DevicesFor(p.Src)
	if err != nil {
		return found
	}
	for _, d := range devices {
		if len(d.Addrs) > 0 || d.Link.Master != "" || d.Link.Index == p.Encap.Dev.Index {
			continue
		}
		own, near := j.within(n, d.Link, p)
		switch {
		case !near:
		case found.Dev != "":
			return remedy.Address{}
		default:
			found = remedy.Address{Netns: n.Name, Prefix: own, Dev: d.Link.Name}
		}
	}
	return found
}
