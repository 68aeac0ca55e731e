package change

import (
	"context"
	"slices"

	"nstutor/diag/netfilter"
	"nstutor/diag/table"
)

// Change is one change of a network. Changes are small values: what somebody
// types, what a lesson applies, what an exercise breaks and what explain offers
// are the same ones.
type Change interface {
	// Command is the exact equivalent, as a person would type it.
	Command() Command
	// Apply makes the change, over netlink. It fails as the command would.
	Apply(ctx context.Context, s Space) error
	// Undo takes the change back: was is what there was before.
	Undo(ctx context.Context, s Space, was Before) error
}

// Same reports whether both do the same in the same place.
func Same(a, b Change) bool { return a.Command().Equal(b.Command()) }

// Together are the changes of lists, in order and each once.
func Together(lists ...[]Change) []Change {
	all := []Change{}
	for _, c := range slices.Concat(lists...) {
		if !slices.ContainsFunc(all, func(o Change) bool { return Same(c, o) }) {
			all = append(all, c)
		}
	}
	return all
}

// Before is what there was in the namespaces before a change, as far as the
// kernel takes more away with a change than it gives back with its opposite:
// with an address the routes, with a bridge's port its MAC address. The zero
// value knows of nothing.
type Before struct {
	Netns map[string]*table.Snapshot
	Rules map[string]*netfilter.RuleSet // the packet filter of each namespace
}

// Read is what there is in a namespace now; names are those of the namespaces
// that links may lead to, by their inodes.
func (b *Before) Read(ctx context.Context, s Space, netns string, names map[uint64]string) error {
	ns, err := s.NS(netns)
	if err != nil {
		return err
	}
	keys, err := proxyDelays(ns)
	if err != nil {
		return err
	}
	snap, err := table.Read(ctx, ns, table.ReadOptions{Names: names, Keys: keys})
	if err != nil {
		return err
	}
	rules, err := netfilter.Read(ns)
	if err != nil {
		return err
	}
	if b.Netns == nil {
		b.Netns, b.Rules = map[string]*table.Snapshot{}, map[string]*netfilter.RuleSet{}
	}
	b.Netns[netns], b.Rules[netns] = snap, rules
	return nil
}

// Link is a device as it was.
func (b Before) Link(netns, dev string) (table.Link, bool) {
	if snap := b.Netns[netns]; snap != nil {
		return snap.Link(dev)
	}
	return table.Link{}, false
}

// Mistaken is a change that cannot be made, because what somebody said of it is
// wrong: its command is what he would type, and fails like it.
type Mistaken struct {
	Typed Command
	Err   error
}

func (m Mistaken) Command() Command { return m.Typed }

func (m Mistaken) Apply(context.Context, Space) error { return m.Err }

func (m Mistaken) Undo(context.Context, Space, Before) error { return m.Err }
