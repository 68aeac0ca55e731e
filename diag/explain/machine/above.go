package machine

import (
	"slices"

	"nstutor/diag/table"
)

// Above is a device that stands on another one, and its namespace.
type Above struct {
	Space *Space
	Link  table.Link
}

// stacking are the kinds of devices that stand on another one and share it.
var stacking = []string{"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"}

// Stacked reports whether a device stands on another one, to which its frames
// go.
func Stacked(l table.Link) bool { return slices.Contains(stacking, l.Kind) && l.PeerIndex != 0 }

// Above lists the VLAN, macvlan and ipvlan devices that stand on a device, in
// whatever namespace they are by now. It looks through all that can be seen.
func (w *Machine) Above(n *Space, index int) []Above {
	var found []Above
	for _, m := range w.All() {
		snap, err := m.Snapshot(table.Links)
		if err != nil {
			continue
		}
		for _, l := range snap.Links {
			if !Stacked(l) || l.PeerIndex != index {
				continue
			}
			if below, err := w.Below(m, l); err == nil && below == n {
				found = append(found, Above{m, l})
			}
		}
	}
	return found
}

// Below is the namespace of the device that one stands on.
func (w *Machine) Below(n *Space, l table.Link) (*Space, error) { return w.Peer(n, l.PeerNetnsID) }

// FreeName is a name that no device of the namespace has: name, and a digit.
func (n *Space) FreeName(name string) string {
	for i := 0; ; i++ {
		candidate := name + string(rune('0'+i%10))
		if _, err := n.Link(candidate); err != nil || i == 9 {
			return candidate
		}
	}
}
