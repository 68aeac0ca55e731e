package change

import (
	"context"
	"os/exec"
	"slices"
	"strings"

	"nstutor/internal/iptables"
	"nstutor/internal/say"
)

// IPTables is one line as for iptables(8). Where iptables is installed it makes
// the rule, so that it also shows and edits it; where it is not, the same rule
// goes in by nf_tables, to the table and the chain that iptables would take. That
// understands -P, -F, -N, -X, -A, -I, -D of a whole rule, and the usual matches.
type IPTables struct {
	Netns string
	V6    bool     // ip6tables
	NFT   bool     // by the name of its backend, iptables-nft
	Words []string // "-t", "nat", "-A", "POSTROUTING", …
	Same  []string // how nft says it
}

var (
	_ = register("iptables", iptablesParser(false, false))
	_ = register("ip6tables", iptablesParser(true, false))
	_ = register("iptables-nft", iptablesParser(false, true))
	_ = register("ip6tables-nft", iptablesParser(true, true))
)

func iptablesParser(v6, nft bool) parser {
	return func(netns string, words []string) (Change, error) {
		_, _, _, _, err := iptables.Words(words)
		if word, ok := iptables.StartsProgram(words); ok {
			return nil, say.Err("%q is not understood here", "这里不认识 %q", word)
		}
		return IPTables{Netns: netns, V6: v6, NFT: nft, Words: words}, err
	}
}

// Command is `iptables …`.
func (r IPTables) Command() Command {
	return Command{Netns: r.Netns, Argv: append([]string{r.program()}, r.Words...), Same: r.Same}
}

func (r IPTables) program() string {
	if r.NFT {
		return iptablesFor(r.V6, "-nft")
	}
	return iptablesFor(r.V6, "")
}

// Apply makes the rule, or what the line says.
func (r IPTables) Apply(_ context.Context, s Space) error {
	return r.do(s, func() error { return r.run(r.Words) })
}

// Undo does the opposite, and deletes the table if it came with the rule. Rules
// that were flushed are gone.
func (r IPTables) Undo(_ context.Context, s Space, was Before) error {
	table, verb, chain, rest, err := iptables.Words(r.Words)
	if err != nil {
		return err
	}
	return r.do(s, func() error {
		switch verb {
		case "-A", "-I":
			verb = "-D"
		case "-D":
			verb = "-A"
		case "-N":
			verb = "-X"
		case "-P":
			rest = []string{was.policy(r.Netns, family(r.V6), table, chain)}
		default:
			return say.Err("it cannot be undone", "无法撤销")
		}
		if err := r.run(slices.Concat([]string{"-t", table, verb, chain}, rest)); err != nil {
			return err
		}
		return dropEmpty(was, r.Netns, family(r.V6), table)
	})
}

// do runs inside the namespace, and says of an error what was meant.
func (r IPTables) do(s Space, do func() error) error {
	ns, err := s.NS(r.Netns)
	if err != nil {
		return err
	}
	if err := ns.Do(do); err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", r.Netns, r.Command(), err)
	}
	return nil
}

// run is one line in the calling thread's namespace, by the program or by
// nf_tables.
func (r IPTables) run(line []string) error {
	program, err := exec.LookPath(r.program())
	if err != nil {
		return iptables.Do(family(r.V6), line)
	}
	return iptables.Run(program, line)
}

// policy is what a chain did with packets that no rule of it decided about.
func (b Before) policy(netns, family, table, chain string) string {
	if set := b.Rules[netns]; set != nil {
		for _, t := range set.Tables {
			for _, c := range t.Chains {
				if t.Family == family && t.Name == table && c.Name == chain && c.Policy != "" {
					return strings.ToUpper(c.Policy)
				}
			}
		}
	}
	return "ACCEPT"
}

// IPTablesReplace puts one rule in the place of the first of its chain: both are
// lines with -A.
type IPTablesReplace struct {
	Was, Now IPTables
	Same     []string
}

// Command is `iptables -t TABLE -R CHAIN 1 …`.
func (r IPTablesReplace) Command() Command {
	table, _, chain, rest, err := iptables.Words(r.Now.Words)
	if err != nil {
		return r.Now.Command()
	}
	return Command{Netns: r.Now.Netns, Argv: slices.Concat([]string{"iptables", "-t", table, "-R", chain, "1"}, rest), Same: r.Same}
}

// Apply puts the new rule in before it takes the old one away, so that no
// packet passes between the two. Without the old one nothing changes.
func (r IPTablesReplace) Apply(ctx context.Context, s Space) error {
	if err := r.Now.Apply(ctx, s); err != nil {
		return err
	}
	if err := r.Was.Undo(ctx, s, Before{}); err != nil {
		return say.Join(err, r.Now.Undo(ctx, s, Before{}))
	}
	return nil
}

// Undo puts the old one back in the same way.
func (r IPTablesReplace) Undo(ctx context.Context, s Space, _ Before) error {
	return IPTablesReplace{Was: r.Now, Now: r.Was}.Apply(ctx, s)
}
