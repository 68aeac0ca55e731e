package machine

import (
	"cmp"
	"slices"
)

// Opened are the namespaces that were opened so far, by their names: the one where
// it began, and wherever a wire was followed to or somebody was looked for.
func (w *Machine) Opened() []*Space {
	var all []*Space
	for _, n := range w.nodes {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *Space) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
