package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/plainfile"
)

// State is everything of a lab that a step can change, as the kernel had it at
// one moment.
type State struct {
	change.Before
	Files map[string]string   // below /etc/netns
	Procs map[string][]string // the running programs of each namespace
}

// ReadState reads the whole lab.
func ReadState(ctx context.Context, l *lab.Lab) (State, error) {
	s := State{Files: map[string]string{}, Procs: map[string][]string{}}
	names := l.Namespaces()
	for _, name := range names {
		if err := s.Read(ctx, l, name, names); err != nil && !IsAbsent(err) {
			return s, err
		}
	}
	files, _ := filepath.Glob("/etc/netns/*/*")
	for _, file := range files {
		data, err := plainfile.Read(file)
		if errors.Is(err, plainfile.ErrNotPlain) || errors.Is(err, plainfile.ErrTooLarge) {
			continue // no step writes such a one
		}
		if err != nil {
			return s, err
		}
		s.Files[file] = string(data)
	}
	for _, p := range l.Processes() {
		s.Procs[p.Netns] = append(s.Procs[p.Netns], p.Name)
	}
	return s, nil
}

// Change is one difference between two states.
type Change struct {
	Netns string
	table.Change
}

// DiffState lists what changed from before to after, namespace by namespace.
// What the kernel keeps for itself does not count: ages, and neighbours that
// it learned, unless learned says so.
func DiffState(before, after State, learned bool) []Change {
	var changes []Change
	for _, name := range union(before.Netns, after.Netns) {
		a, b := before.Netns[name], after.Netns[name]
		switch {
		case a == nil:
			changes = append(changes, Change{name, table.Change{Kind: table.Added, Table: "netns", After: name}})
			a = &table.Snapshot{}
		case b == nil:
			changes = append(changes, Change{name, table.Change{Kind: table.Removed, Table: "netns", Before: name}})
			continue
		}
		a, b = withCarrier(a), withCarrier(b)
		if !learned {
			a, b = withoutLearned(a), withoutLearned(b)
		}
		for _, c := range table.Diff(a, b) {
			changes = append(changes, Change{name, c})
		}
	}
	for _, name := range union(before.Rules, after.Rules) {
		changes = append(changes, diffLines(name, "rule", before.ruleLines(name), after.ruleLines(name))...)
	}
	for _, file := range union(before.Files, after.Files) {
		changes = append(changes, diffLines(lab.Host, file, lines(before.Files, file), lines(after.Files, file))...)
	}
	for _, name := range union(before.Procs, after.Procs) {
		changes = append(changes, diffLines(name, "process", before.Procs[name], after.Procs[name])...)
	}
	return changes
}

func union[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func lines(files map[string]string, name string) []string {
	if content, ok := files[name]; ok {
		return []string{fmt.Sprintf("%q", content)}
	}
	return nil
}

func diffLines(netns, of string, before, after []string) []Change {
	var changes []Change
	for _, line := range before {
		if !slices.Contains(after, line) {
			changes = append(changes, Change{netns, table.Change{Kind: table.Removed, Table: of, Before: line}})
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			changes = append(changes, Change{netns, table.Change{Kind: table.Added, Table: of, After: line}})
		}
	}
	return changes
}

// withCarrier says UP of what has a carrier and is UNKNOWN, which works alike
// (netif_oper_up()): a bridge is so until the kernel looks at its carrier
// (linkwatch_event()), which it does once a second.
func withCarrier(s *table.Snapshot) *table.Snapshot {
	copied := *s
	copied.Links = slices.Clone(s.Links)
	for i, link := range copied.Links {
		if link.State == "UNKNOWN" && link.Has("LOWER_UP") {
			copied.Links[i].State = "UP"
		}
	}
	return &copied
}

// withoutLearned leaves only the neighbours that somebody wrote by hand, and
// takes away a link's queueing discipline: the first time a device comes up the
// kernel gives it one, for good.
func withoutLearned(s *table.Snapshot) *table.Snapshot {
	copied := *s
	copied.Links = slices.Clone(s.Links)
	for i := range copied.Links {
		copied.Links[i].Qdisc = ""
	}
	copied.Neighbours = slices.DeleteFunc(slices.Clone(s.Neighbours), func(n table.Neighbour) bool {
		return n.State != "PERMANENT"
	})
	return &copied
}

// settled says whether the kernel has told of every link's carrier already: it
// does so a moment after the carrier has come or gone (linkwatch).
func (s State) settled() bool {
	for _, snap := range s.Netns {
		for _, link := range snap.Links {
			if link.Has("UP") && link.Has("LOWER_UP") == link.Has("NO-CARRIER") {
				return false
			}
		}
	}
	return true
}

func (s State) ruleLines(netns string) []string {
	if set := s.Rules[netns]; set != nil {
		return set.Lines()
	}
	return nil
}
