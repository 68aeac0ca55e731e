package change

import (
	"context"
	"strings"

	"nstutor/diag/netfilter"
)

// Member takes an element out of a set that rules ask for, or puts it in, by the set's own
// program: the elements of nft's sets are of many types, and an ipset's kernel has its own.
type Member struct {
	Netns        string
	Table        *netfilter.Table // of nft's set; nil: it is an ipset
	Set, Element string
	In           bool // it is put in
}

// Possible reports whether the program is here, and can be told the names.
func (m Member) Possible() bool {
	plain := m.Set != "" && m.Element != "" && !strings.HasPrefix(m.Set, "-") && !strings.ContainsAny(m.Element, "{};\"")
	if m.Table == nil {
		return plain && installed("ipset")
	}
	return plain && installed("nft") && nftIdentifier(m.Table.Name) && nftIdentifier(m.Set)
}

// Command is the program's line.
func (m Member) Command() Command { return In(m.Netns, m.argv(m.In)...) }

func (m Member) argv(in bool) []string {
	verb := map[bool]string{true: "add", false: "delete"}[in]
	if m.Table == nil {
		return []string{"ipset", verb[:3], m.Set, m.Element}
	}
	return []string{"nft", verb, "element", m.Table.Family, m.Table.Name, m.Set, "{ " + m.Element + " }"}
}

// Apply has the program do it.
func (m Member) Apply(ctx context.Context, s Space) error { return m.line(m.In).Apply(ctx, s) }

// Undo has it do the opposite.
func (m Member) Undo(ctx context.Context, s Space, _ Before) error {
	return m.line(!m.In).Apply(ctx, s)
}

func (m Member) line(in bool) Line { return Line{m.Netns, In("", m.argv(in)...).String()} }
