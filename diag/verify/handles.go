package verify

import (
	"slices"
	"strconv"

	"nstutor/internal/change"
	"nstutor/internal/replica/nftables"
	"nstutor/internal/say"
)

// handle is what a command calls a rule of nf_tables.
type handle struct {
	Netns  string
	Chain  nftables.Chain
	Number uint64
}

// handles are those in the commands of a fix: `nft delete rule FAMILY TABLE CHAIN handle N`.
func handles(c copies, fix []change.Command) (all []handle) {
	for _, command := range fix {
		argv := command.Argv
		at := slices.IndexFunc(argv, func(word string) bool { return word == "handle" || word == "position" })
		if at < 4 || at+1 >= len(argv) || !slices.Contains(argv[:at-3], "nft") {
			continue
		}
		if n, err := strconv.ParseUint(argv[at+1], 10, 64); err == nil {
			all = append(all, handle{c.called(command.Netns), nftables.Chain{Family: argv[at-3], Table: argv[at-2], Name: argv[at-1]}, n})
		}
	}
	return all
}

// sameHandles are the handles that are those of the original, by namespace and chain.
type sameHandles map[string]map[nftables.Chain][]uint64

// lookAtHandles looks which are, before anything is changed.
func (s *stage) lookAtHandles() {
	s.same = sameHandles{}
	for i, space := range s.Network.Spaces {
		s.same[space.Name] = space.Filter.SameHandles(s.built.Spaces[i])
	}
}

// others are those that name another rule in the copy, or none.
func (s sameHandles) others(all []handle) []handle {
	return slices.DeleteFunc(all, func(h handle) bool { return slices.Contains(s[h.Netns][h.Chain], h.Number) })
}

// renumbered says why a fix is not tried that has such a handle.
func renumbered(h handle) say.Text {
	why := say.T("since its kernel refuses a part of the table", "因为副本的内核拒绝了这张表的一部分")
	if h.Number > nftables.MostSkipped {
		why = say.T("since more than %d numbers before it are no longer in use", "因为它前面有超过 %d 个编号已不再使用", nftables.MostSkipped)
	}
	chain := h.Chain.Family + " " + h.Chain.Table + " " + h.Chain.Name
	return say.T("the rule that has handle %d in %s has another one in the copy, %s", "%[2]s 里 handle 为 %[1]d 的规则在副本里编号不同，%[3]s", h.Number, chain, why)
}
