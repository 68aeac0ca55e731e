package change

import (
	"slices"

	"nstutor/internal/iptables"
	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// NATTable is the table that iptables has for the translation of addresses.
const NATTable = "nat"

// natRule is a rule in one of the chains that iptables has in its table
// nat, which is made with it where it is not there.
type natRule struct {
	netns string
	v6    bool
	chain string
	words []string
	verb  nft.Verb // nft.Insert: before all others
}

// lines are what nft is told: the table and the chain, and then the rule.
func (r natRule) lines() (chain [][]string, rule []string) {
	ip := family(r.v6)
	return [][]string{
		{"add", "table", ip, "nat"},
		{"add", "chain", ip, "nat", r.chain, "{ " + iptables.Chains["nat "+r.chain] + " }"},
	}, append([]string{string(r.verb), "rule", ip, "nat", r.chain}, r.words...)
}

func (r natRule) commands() []Command {
	var all []Command
	chain, rule := r.lines()
	for _, words := range append(chain, rule) {
		all = append(all, In(r.netns, append([]string{"nft"}, words...)...))
	}
	return all
}

func (r natRule) apply(s Space) error {
	chain, _ := r.lines()
	said, err := nft.Sentences(chain)
	if err != nil {
		return err
	}
	rule, err := r.rule()
	if err != nil {
		return err
	}
	return inNetns(s, r.netns, func() error {
		if err := nft.Do(append(said, rule)); err != nil {
			return say.Err("add a rule to %s nat %s: %v", "在 %s nat %s 中添加规则：%v", family(r.v6), r.chain, err)
		}
		return nil
	})
}

// rule is the rule itself. It counts, as the rules of iptables do.
func (r natRule) rule() (nft.Sentence, error) {
	verdict := slices.IndexFunc(r.words, func(word string) bool { return word == "dnat" || word == "masquerade" })
	return nft.Rule(r.verb, family(r.v6), "nat", r.chain, slices.Insert(slices.Clone(r.words), verdict, "counter")...)
}

func (r natRule) undo(s Space, was Before) error {
	rule, err := r.rule()
	if err != nil {
		return err
	}
	return inNetns(s, r.netns, func() error {
		if err := nft.Remove(rule); err != nil {
			return err
		}
		return dropEmpty(was, r.netns, family(r.v6), "nat")
	})
}
