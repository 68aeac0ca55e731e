package machine

import (
	"iter"
	"net/netip"
	"slices"

	"nstutor/diag/table"
)

// maxConnected bounds the namespaces that Connected goes to.
const maxConnected = 256

// peersPart is how many of a namespace's wires are followed at once: whoever has found
// what he wants among the nearest needs no others.
const peersPart = 64

// ByVeth is a veth.
func ByVeth(l table.Link) bool { return l.Kind == "veth" }

// ByWire are veths, and devices above devices of others.
func ByWire(l table.Link) bool { return l.PeerNetnsID >= 0 && l.PeerIndex != 0 }

// Connected are the namespaces that some devices of n lead to, over whatever distance,
// whether they are up or not: n first and the nearest next. A machine may have several
// networks that know nothing of each other and use the same addresses: what is said of
// an address in one of them says nothing about another.
func (w *Machine) Connected(n *Space, by func(table.Link) bool) iter.Seq[*Space] {
	return func(yield func(*Space) bool) {
		all := []*Space{n}
		if !yield(n) {
			return
		}
		for i := 0; i < len(all); i++ {
			devices, err := all[i].Devices()
			if err != nil {
				continue
			}
			var nsids []int
			for _, d := range devices {
				if by(d.Link) {
					nsids = append(nsids, d.Link.PeerNetnsID)
				}
			}
			for part := range slices.Chunk(nsids, peersPart) {
				for _, peer := range w.peersOf(all[i], part) {
					if slices.Contains(all, peer) {
						continue
					}
					if all = append(all, peer); !yield(peer) || len(all) == maxConnected {
						return
					}
				}
			}
		}
	}
}

// Somewhere reports whether one of some namespaces has an address, on whatever device.
func Somewhere(spaces iter.Seq[*Space], addr netip.Addr) bool {
	for n := range spaces {
		if n.Local(addr) {
			return true
		}
	}
	return false
}
