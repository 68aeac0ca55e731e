package gateway

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// Masquerade rewrites the source of what leaves: it appends a MASQUERADE rule
// to the chain POSTROUTING of the nat table.
type Masquerade struct {
	Netns string
	Src   string // address or prefix the rule applies to
	NotTo string // prefix it does not apply to; empty: everywhere
}

// Change implements Action.
func (a Masquerade) Change(*lab.Lab) change.Change { return a.rule() }

func (a Masquerade) rule() change.IPTables {
	words := []string{"-t", "nat", "-A", "POSTROUTING", "-s", a.Src}
	if a.NotTo != "" {
		words = append(words, "!", "-d", a.NotTo)
	}
	return change.IPTables{
		Netns: a.Netns, Words: append(words, "-j", "MASQUERADE"),
		Same: []string{
			"nft add table ip nat",
			"nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }'",
			"nft add rule ip nat POSTROUTING " + a.nft(),
		},
	}
}

func (a Masquerade) nft() string {
	rule := "ip saddr " + a.Src
	if a.NotTo != "" {
		rule += " ip daddr != " + a.NotTo
	}
	return rule + " masquerade"
}

// Narrow replaces one masquerade rule by another in its place.
type Narrow struct {
	Netns    string
	Was, Now Masquerade
}

// Change implements Action.
func (a Narrow) Change(*lab.Lab) change.Change {
	return change.IPTablesReplace{
		Was: a.Was.rule(), Now: a.Now.rule(),
		Same: []string{
			"nft replace rule ip nat POSTROUTING handle HANDLE " + a.Now.nft() + "   # HANDLE: nft -a list chain ip nat POSTROUTING",
		},
	}
}

// Conditions implements Action: they are those of the new rule.
func (a Narrow) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	return a.Now.Conditions(ctx, l)
}
