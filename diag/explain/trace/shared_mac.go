package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
)

// fewPorts bounds the bridges behind whose ports a second owner of a MAC address is
// looked for although nobody has to be asked there.
const fewPorts = 64

// bridged reports whether frames to the station are sent by what a bridge has
// learned.
func (s station) bridged() bool {
	return slices.ContainsFunc(s.crossings, func(c crossing) bool { return c.dev.Port != nil && c.dev.Port.Learning })
}

// unshared reports whether it was told already that two have one MAC address: then
// one of them is taken to have another.
func (w *walk) unshared() bool {
	return slices.ContainsFunc(w.faults, func(f Found) bool { return f.Code() == cause.DuplicateMAC })
}

// ownMAC is found when whom the frame is for has the MAC address of who sends it:
// the bridge between them sends nothing back out of the port that it came in by.
func (a *arping) ownMAC(s station) (cause.Finding, bool) {
	if s.node == nil || s.node == a.n || a.w.unshared() || !s.bridged() || !bytes.Equal(s.dev.MAC, a.link.MAC) {
		return nil, false
	}
	return cause.SharedMAC{NextHop: a.hop(), Chosen: s.device(), Other: site{a.n, a.link}.device(), Own: true}, true
}

// namesake doubts the way where somebody else who gets broadcasts, as x found them,
// has the MAC address, too. Without an x they are found, unless the bridges on the
// way have many ports.
func (a *arping) namesake(x *explorer, s station, bridges []site) {
	if s.node == nil || a.w.unshared() || !s.bridged() || s.dev.Sharing != "" {
		return
	}
	if x == nil {
		for _, b := range bridges {
			if one, err := b.node.Ask(); err == nil {
				if ports, err := one.Ports(b.dev.Index); err != nil || len(ports) > fewPorts {
					return
				}
			}
		}
		x = a.w.explore(a.n, a.link, a.e.leg, nil)
	}
	for _, o := range x.stations {
		if o.node != nil && o.node != s.node && len(o.obstacles) == 0 && o.bridged() && o.dev.Sharing == "" && bytes.Equal(o.dev.MAC, s.dev.MAC) {
			a.w.doubt(a.n, a.e, StageNeighbour, a.link.Name, cause.SharedMAC{NextHop: a.hop(), Chosen: s.device(), Other: o.device()})
			return
		}
	}
}
