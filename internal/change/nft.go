package change

import (
	"context"
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// NFT is one line as for nft(8), which is made over netlink whether nft is installed
// or not: nft shows the same. It understands what the package nft does.
type NFT struct {
	Netns string
	Words []string // "add", "rule", "ip", "svc", "pre", …
	Same  []string // how iptables says it
}

var _ = register("nft", func(netns string, words []string) (Change, error) {
	_, err := nft.Parse(words)
	return NFT{Netns: netns, Words: words}, err
})

// NFTLine is a line of nft as it is said, without quotes: each of its braces is one
// word of the command, which a shell leaves alone.
func NFTLine(netns, line string, same ...string) NFT {
	return NFT{Netns: netns, Words: nftWordsOf(line), Same: same}
}

// Command is `nft …`.
func (n NFT) Command() Command {
	return Command{Netns: n.Netns, Argv: append([]string{"nft"}, n.Words...), Same: n.Same}
}

// Apply makes what the line says, all or nothing.
func (n NFT) Apply(_ context.Context, s Space) error {
	sentences, err := nft.Parse(n.Words)
	if err != nil {
		return n.at(err)
	}
	return n.do(s, func() error { return nft.Do(sentences) })
}

// Undo does the opposite of what was added, last things first. Rules are those that
// were not there before; what was deleted or flushed is gone.
func (n NFT) Undo(_ context.Context, s Space, was Before) error {
	sentences, err := nft.Parse(n.Words)
	if err != nil {
		return n.at(err)
	}
	return n.do(s, func() error {
		for _, sentence := range slices.Backward(sentences) {
			if err := undoSentence(sentence, n.Netns, was); err != nil {
				return err
			}
		}
		return nil
	})
}

func undoSentence(s nft.Sentence, netns string, was Before) error {
	added := s.Verb == nft.Add
	switch {
	case s.Object == "rule":
		return nft.RemoveNew(s, was.handles(netns, s.Family, s.Table, s.Name))
	case added && (s.Object == "table" && was.hasTable(netns, s.Family, s.Table) || s.Object == "chain" && was.hasChain(netns, s.Family, s.Table, s.Name)):
		return nil // nft adds what is there already without a word
	}
	opposite, ok := s.Opposite()
	if !ok {
		return say.Err("it cannot be undone", "无法撤销")
	}
	return nft.Do([]nft.Sentence{opposite})
}

func (n NFT) at(err error) error { return say.At(n.Netns, say.At(n.Command().String(), err)) }

func (n NFT) do(s Space, do func() error) error {
	ns, err := s.NS(n.Netns)
	if err != nil {
		return err
	}
	if err := ns.Do(do); err != nil {
		return n.at(err)
	}
	return nil
}

// handles are those of the rules that a chain had; nil where it is not known.
func (b Before) handles(netns, family, table, chain string) map[uint64]bool {
	set := b.Rules[netns]
	if set == nil {
		return nil
	}
	all := map[uint64]bool{}
	if t, ok := set.Table(family, table); ok {
		if c, ok := t.Chain(chain); ok {
			for _, rule := range c.Rules {
				all[rule.Handle] = true
			}
		}
	}
	return all
}

func (b Before) hasChain(netns, family, table, chain string) bool {
	set := b.Rules[netns]
	if set == nil {
		return false
	}
	t, ok := set.Table(family, table)
	if !ok {
		return false
	}
	_, ok = t.Chain(chain)
	return ok
}

// nftWordsOf are the words of a line, with what a shell has to be told in one piece
// kept together: from a brace to the end of it.
func nftWordsOf(line string) (words []string) {
	for {
		head, rest, ok := strings.Cut(line, "{")
		words = append(words, strings.Fields(head)...)
		if !ok {
			return words
		}
		body, tail, _ := strings.Cut(rest, "}")
		words, line = append(words, "{"+body+"}"), tail
	}
}

// hasTable reports whether the namespace's packet filter had a table, whichever
// program made it.
func (b Before) hasTable(netns, family, name string) bool {
	set := b.Rules[netns]
	return set != nil && slices.ContainsFunc(set.Tables, func(t netfilter.Table) bool { return t.Family == family && t.Name == name })
}

// dropEmpty deletes a table that was not there before, if there is one now and no
// rule is in it, in the calling thread's namespace.
func dropEmpty(was Before, netns, family, name string) error {
	if was.hasTable(netns, family, name) {
		return nil
	}
	return nft.DropEmpty(family, name)
}
