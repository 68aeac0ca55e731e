package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
)

// fewPorts bounds the bridges behind whose ports a second owner of a MAC address is
// looked for although nobody has to be asked there.
const fewPorts = 64

// unshared reports whether it was told already that two have one MAC address: then
// one of them is taken to have another.
func (w *walk) unshared() bool {
	return slices.ContainsFunc(w.faults, func(f Found) bool { return f.Code() == cause.DuplicateMAC })
}

// ownMAC is found when whom the frame is for has the MAC address of who sends it:
// the bridge between them sends nothing back out of the port that it came in by.
func (a *arping) ownMAC(s fabric.Station) (cause.Finding, bool) {
	if s.Space == nil || s.Space == a.n || a.w.unshared() || !s.Bridged() || !bytes.Equal(s.Dev.MAC, a.link.MAC) {
		return nil, false
	}
	return cause.SharedMAC{NextHop: a.hop(), Chosen: s.Device(), Other: fabric.Site{Space: a.n, Dev: a.link}.Device(), Own: true}, true
}

// namesake doubts the way where somebody else who gets broadcasts, as x found them,
// has the MAC address, too. Without an x they are found, unless the bridges on the
// way have many ports.
func (a *arping) namesake(x *fabric.Explorer, s fabric.Station, bridges []fabric.Site) {
	if s.Space == nil || a.w.unshared() || !s.Bridged() || s.Dev.Sharing != "" {
		return
	}
	if x == nil {
		for _, b := range bridges {
			if one, err := b.Space.Ask(); err == nil {
				if ports, err := one.Ports(b.Dev.Index); err != nil || len(ports) > fewPorts {
					return
				}
			}
		}
		x = a.w.explore(a.n, a.link, a.p.leg, nil)
	}
	for _, o := range x.Stations {
		if o.Space != nil && o.Space != s.Space && len(o.Obstacles) == 0 && o.Bridged() && o.Dev.Sharing == "" && bytes.Equal(o.Dev.MAC, s.Dev.MAC) {
			a.w.doubt(a.n, a.p, hop.StageNeighbour, a.link.Name, cause.SharedMAC{NextHop: a.hop(), Chosen: s.Device(), Other: o.Device()})
			return
		}
	}
}
