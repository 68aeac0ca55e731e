package machine

import (
	"slices"

	"nstutor/diag/table"
)

// maxConnected bounds the namespaces that Connected goes to.
const maxConnected = 256

// ByVeth is a veth.
func ByVeth(l table.Link) bool { return l.Kind == "veth" }

// ByWire are veths, and devices above devices of others.
func ByWire(l table.Link) bool { return l.PeerNetnsID >= 0 && l.PeerIndex != 0 }

// Connected are the namespaces that some devices of n lead to, over whatever distance,
// whether they are up or not: n first and the nearest next. A machine may have several
// networks that know nothing of each other and use the same addresses: what is said of
// an address in one of them says nothing about another.
func (w *Machine) Connected(n *Space, by func(table.Link) bool) []*Space {
	all := []*Space{n}
	for i := 0; i < len(all) && len(all) < maxConnected; i++ {
		devices, err := all[i].Devices()
		if err != nil {
			continue
		}
		for _, d := range devices {
			if !by(d.Link) {
				continue
			}
			if peer, err := w.Peer(all[i], d.Link.PeerNetnsID); err == nil && !slices.Contains(all, peer) {
				all = append(all, peer)
			}
		}
	}
	return all
}
