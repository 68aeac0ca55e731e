package change

import (
	"slices"
	"strings"

	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// natRule is a rule at the end of one of the chains that iptables has in its table
// nat, which is made with it where it is not there.
type natRule struct {
	netns          string
	v6             bool
	hook, priority string
	words          []string
}

func (r natRule) chain() string { return strings.ToUpper(r.hook) }

// lines are what nft is told.
func (r natRule) lines() [][]string {
	ip := family(r.v6)
	return [][]string{
		{"add", "table", ip, "nat"},
		{"add", "chain", ip, "nat", r.chain(), "{ type nat hook " + r.hook + " priority " + r.priority + "; }"},
		append([]string{"add", "rule", ip, "nat", r.chain()}, r.words...),
	}
}

func (r natRule) commands() []Command {
	var all []Command
	for _, words := range r.lines() {
		all = append(all, In(r.netns, append([]string{"nft"}, words...)...))
	}
	return all
}

func (r natRule) apply(s Space) error {
	var said []nft.Sentence
	for _, words := range r.lines()[:2] {
		sentences, err := nft.Parse(words)
		if err != nil {
			return err
		}
		said = append(said, sentences...)
	}
	rule, err := r.rule()
	if err != nil {
		return err
	}
	return inNetns(s, r.netns, func() error {
		if err := nft.Do(append(said, rule)); err != nil {
			return say.Err("add a rule to %s nat %s: %v", "在 %s nat %s 中添加规则：%v", family(r.v6), r.chain(), err)
		}
		return nil
	})
}

// rule is the rule itself. It counts, as the rules of iptables do.
func (r natRule) rule() (nft.Sentence, error) {
	verdict := slices.IndexFunc(r.words, func(word string) bool { return word == "dnat" || word == "masquerade" })
	return nft.Rule(nft.Add, family(r.v6), "nat", r.chain(), slices.Insert(slices.Clone(r.words), verdict, "counter")...)
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
