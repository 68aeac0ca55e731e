package trace

import (
	"net"
	"net/netip"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// explore sends a frame from a device and tells where it comes to. The device
// itself is taken to be up.
func (w *walk) explore(n *machine.Space, link table.Link, leg flows.Leg, mac net.HardwareAddr) *fabric.Explorer {
	x := &fabric.Explorer{Net: paths{w}, Leg: leg, MAC: mac}
	x.From(n, link)
	return x
}

// exploreAbove is explore, with devices that stand on others.
func (w *walk) exploreAbove(n *machine.Space, link table.Link, leg flows.Leg, mac net.HardwareAddr) *fabric.Explorer {
	x := &fabric.Explorer{Net: paths{w}, Leg: leg, MAC: mac, Above: true}
	x.From(n, link)
	return x
}

// ask sends an ARP request from a device and tells where it comes to.
func (w *walk) ask(n *machine.Space, link table.Link, leg flows.Leg, sender, target netip.Addr, above bool) *fabric.Explorer {
	x := &fabric.Explorer{Net: paths{w}, Leg: leg, ARP: eval.NeighbourRequest(sender, target), Of: target, Above: above}
	x.From(n, link)
	return x
}

// paths is the walk as its explorers see it.
type paths struct{ *walk }

func (p paths) Peer(n *machine.Space, id int) (*machine.Space, error) { return p.world.Peer(n, id) }

func (p paths) Below(n *machine.Space, link table.Link) (*machine.Space, error) {
	return p.world.Below(n, link)
}

func (p paths) Above(n *machine.Space, index int) []machine.Above { return p.world.Above(n, index) }

func (p paths) HeardAt(n *machine.Space, bridge int, mac net.HardwareAddr) (int, bool) {
	return p.lessons.HeardAt(n, bridge, mac)
}

func (p paths) SnoopedAt(n *machine.Space, dev int, mac net.HardwareAddr) (netip.Addr, bool) {
	return p.lessons.SnoopedAt(n, dev, mac)
}

func (p paths) Carry(n *machine.Space, link table.Link, leg flows.Leg, remote netip.Addr) fabric.Carried {
	trial := p.trial(n, link, leg, remote)
	c := fabric.Carried{Landed: trial.landed, Last: wItsWay.Of()}
	c.Lost = trial.lost || trial.landed == nil && len(trial.faults) == 0
	if trial.outside != nil {
		c.Edge = &trial.outside.Edge
	}
	if len(trial.hops) > 0 {
		c.Last = trial.hops[len(trial.hops)-1].Detail
	}
	for _, f := range trial.faults {
		c.Faults = append(c.Faults, f.Finding)
	}
	return c
}
