package machine

import "slices"

// maxConnected bounds the namespaces that Connected goes to.
const maxConnected = 256

// Connected are the namespaces that the wires of n lead to, n first and the nearest
// next: veths, and devices above devices of others. A machine may have several networks
// that know nothing of each other and use the same addresses: what is said of an address
// in one of them says nothing about another.
func (w *Machine) Connected(n *Space) []*Space {
	all := []*Space{n}
	for i := 0; i < len(all) && len(all) < maxConnected; i++ {
		devices, err := all[i].Devices()
		if err != nil {
			continue
		}
		for _, d := range devices {
			if d.Link.PeerNetnsID < 0 || d.Link.PeerIndex == 0 {
				continue
			}
			if peer, err := w.Peer(all[i], d.Link.PeerNetnsID); err == nil && !slices.Contains(all, peer) {
				all = append(all, peer)
			}
		}
	}
	return all
}
