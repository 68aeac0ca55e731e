package machine

import (
	"context"

	"nstutor/diag/table"
)

// NeighbourTable is the machine's table of neighbours when it has no room.
type NeighbourTable struct {
	table.NeighbourUse
	// Owner is the namespace where the limit can be set (the first one), if it can be
	// seen; then Seen is true.
	Owner string
	Seen  bool
}

// maximum is where the limit is.
const maximum = "net/ipv4/neigh/default/gc_thresh3"

// FullNeighbours reports whether the kernel may have no room for another neighbour
// of n: it makes room only where entries are neither in use nor younger than five
// seconds (neigh_alloc(), neigh_forced_gc()), and of that nobody tells.
func (w *Machine) FullNeighbours(n *Space) (NeighbourTable, bool) {
	if w.neighbours == nil {
		w.neighbours = &table.NeighbourUse{}
		if one, err := n.Ask(); err == nil {
			*w.neighbours, _ = one.NeighbourUse() // what cannot be read is not full
		}
	}
	use := *w.neighbours
	if use.Max == 0 || !full(use, 0) || !full(use, n.uncounted()) {
		return NeighbourTable{}, false
	}
	found := NeighbourTable{NeighbourUse: use}
	for _, m := range w.All() {
		if _, err := m.Sysctl(maximum); err == nil {
			found.Owner, found.Seen = m.Name, true
			break
		}
	}
	return found, true
}

// full reports whether the limit is reached by what counts towards it.
func full(use table.NeighbourUse, uncounted int) bool { return use.Entries-uncounted >= use.Max }

// uncounted is how many of the namespace's own entries the limit is not for.
func (n *Space) uncounted() (permanent int) {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Neighbours})
	if err != nil {
		return 0
	}
	for _, entry := range snap.Neighbours {
		if entry.State == "PERMANENT" && entry.Dst.Is4() {
			permanent++
		}
	}
	return permanent
}
