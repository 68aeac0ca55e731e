package trace

import (
	"net"
	"net/netip"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// paths is the walk as its explorers see it.
type paths struct{ *walk }

func (p paths) Peer(n *machine.Space, id int) (*machine.Space, error) { return p.World.Peer(n, id) }

func (p paths) Below(n *machine.Space, link table.Link) (*machine.Space, error) {
	return p.World.Below(n, link)
}

func (p paths) Above(n *machine.Space, index int) []machine.Above { return p.World.Above(n, index) }

func (p paths) HeardAt(n *machine.Space, bridge int, mac net.HardwareAddr) (int, bool) {
	return p.Lessons.HeardAt(n, bridge, mac)
}

func (p paths) SnoopedAt(n *machine.Space, dev int, mac net.HardwareAddr) (netip.Addr, bool) {
	return p.Lessons.SnoopedAt(n, dev, mac)
}

func (p paths) Carry(n *machine.Space, link table.Link, leg flows.Leg, remote netip.Addr) fabric.Carried {
	trial := p.trial(n, link, leg, remote)
	c := fabric.Carried{Landed: trial.landed, Last: trial.lostAt(), Faults: trial.found()}
	c.Lost = trial.lost || trial.landed == nil && len(trial.Faults) == 0
	if trial.outside != nil {
		c.Edge = &trial.outside.Edge
	}
	return c
}
