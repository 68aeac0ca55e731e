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
	if s.Object == "rule" {
		return nft.RemoveNew(s, was.handles(netns, s.Family, s.Table, s.Name))
	}
	_, table := was.table(netns, s.Family, s.Table)
	_, chain := was.chain(netns, s.Family, s.Table, s.Name)
	if s.Verb == nft.Add && (s.Object == "table" && table || s.Object == "chain" && chain) {
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
	if b.Rules[netns] == nil {
		return nil
	}
	all := map[uint64]bool{}
	if c, ok := b.chain(netns, family, table, chain); ok {
		for _, rule := range c.Rules {
			all[rule.Handle] = true
		}
	}
	return all
}

// chain is a chain of the namespace's packet filter as it was, whichever program made
// it.
func (b Before) chain(netns, family, table, chain string) (*netfilter.Chain, bool) {
	if t, ok := b.table(netns, family, table); ok {
		return t.Chain(chain)
	}
	return nil, false
}

func (b Before) table(netns, family, name string) (*netfilter.Table, bool) {
	if set := b.Rules[netns]; set != nil {
		return set.Table(family, name)
	}
	return nil, false
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

// dropEmpty deletes a table that was not there before, if there is one now and no
// rule is in it, in the calling thread's namespace.
func dropEmpty(was Before, netns, family, name string) error {
	if _, there := was.table(netns, family, name); there {
		return nil
	}
	return nft.DropEmpty(family, name)
}
