package remedy

import (
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
)

// Without takes rules of a namespace away; nil where one of them is none, or no command can.
func Without(netns string, rules ...eval.Place) (all []change.Change) {
	for _, by := range rules {
		if by.Rule == nil {
			return nil
		}
		del, ok := change.RuleDel(netns, by.Table, by.Chain, by.Rule)
		if !ok {
			return nil
		}
		all = append(all, del)
	}
	return all
}
