package judge

import (
	"slices"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// closed is found where a packet that has no route would leave a network which is meant
// to have no way out: its bridge is behind a device of the sender's.
func (j *Judge) closed(n *machine.Space, p journey.Packet, l cause.Lookup) (f device.Closed, found bool) {
	if p.Encap != nil || n != j.From && !p.IsReply() {
		return f, false
	}
	f = device.Closed{At: at(n), Lookup: l, As: cause.RouteMissing(p.IsReply())}
	devices, err := n.DevicesFor(p.Dst)
	if err != nil {
		return f, false
	}
	for _, d := range devices {
		if d.Link.Kind != "veth" || len(d.Addrs) == 0 || slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Contains(p.Dst) }) {
			continue
		}
		x := j.Explore(n, d.Link, flows.LegRequest, nil)
		for _, b := range x.Bridges {
			f.Bridge = b.Dev.Name
			if b.Space != n && j.closes(&f, b.Space, d.Addrs) {
				return f, true
			}
		}
	}
	return f, false
}

// closes reports whether the finding's bridge is one of a network without a way out, and
// says in it who says so.
func (j *Judge) closes(f *device.Closed, n *machine.Space, addrs []table.Addr) bool {
	if net, ok := j.closedNetwork(f.Bridge, addrs); ok {
		f.Network, f.Proof = net.Name, internal(net)
		return true
	}
	rules, err := n.Rules()
	if err != nil {
		return false
	}
	f.Proof = eval.KeptIn(rules, f.Bridge)
	return f.Proof != ""
}

// shuts is found where the bridge of such a network is the device that forwards nothing.
func (j *Judge) shuts(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) (f device.Closed, found bool) {
	addrs, err := n.Addrs(dev.Index)
	if err != nil || dev.Bridge == nil {
		return f, false
	}
	net, ok := j.closedNetwork(dev.Name, addrs)
	if !ok {
		return f, false
	}
	return device.Closed{
		At: at(n), Lookup: cause.Lookup{Dst: p.Dst, Answer: route}, As: cause.ForwardingOff,
		Network: net.Name, Bridge: dev.Name, Proof: internal(net),
	}, true
}

// closedNetwork is the network without a way out that has a bridge, and one of the addresses.
func (j *Judge) closedNetwork(bridge string, addrs []table.Addr) (net container.Network, ok bool) {
	for _, a := range addrs {
		if net, ok = j.World.Closed(bridge, a.Prefix.Addr()); ok {
			break
		}
	}
	return net, ok
}

// internal is what a network's file says of it.
func internal(net container.Network) string { return net.File + `: "internal": true` }
