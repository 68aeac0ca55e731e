package instrument

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// CountTo has a rule at a hook count what is for an address, and do nothing else with
// it.
type CountTo struct {
	Netns, Hook, To string
	Line            string   // the words behind nft
	Same            []string // how iptables says it
}

// Change implements steps.Action.
func (a CountTo) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line, a.Same...) }

// Conditions implements steps.Action: whoever wrote the rule, and in whichever chain.
func (a CountTo) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	want := say.T("a rule at the hook %s that counts what is for %s, and decides nothing", "钩子 %s 上有一条规则，只对发往 %s 的包计数，不做判决", a.Hook, a.To)
	return ruleAt(l, a.Netns, a.Hook, a.To, want, func(rule *netfilter.Rule) bool {
		counts := rule.IPTables || slices.ContainsFunc(rule.Exprs, func(x netfilter.Expr) bool { return x.Name == "counter" })
		return counts && rule.Verdict.Kind == netfilter.VerdictContinue
	})
}

// TraceTo marks what is for an address, so that the kernel tells of every rule that it
// meets from there on.
type TraceTo struct {
	Netns, To string
	Line      string   // the words behind nft
	Same      []string // how iptables says it
}

// Change implements steps.Action.
func (a TraceTo) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line, a.Same...) }

// Conditions implements steps.Action.
func (a TraceTo) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	want := say.T("a rule at the hook prerouting that sets nftrace for what is for %s", "钩子 prerouting 上有一条规则，给发往 %s 的包设置 nftrace", a.To)
	return ruleAt(l, a.Netns, "prerouting", a.To, want, traces)
}

// What package unix does not have of <linux/netfilter/nf_tables.h>.
const (
	metaKey, metaSource = 2, 3 // NFTA_META_KEY, NFTA_META_SREG
)

// traces says whether a rule sets nftrace.
func traces(rule *netfilter.Rule) bool {
	return slices.ContainsFunc(rule.Exprs, func(x netfilter.Expr) bool {
		a := nfnl.Attrs(x.Data)
		return x.Name == "meta" && a.Uint32(metaKey) == unix.NFT_META_NFTRACE && a.Has(metaSource)
	})
}

// ruleAt is the condition that a hook has a rule which holds for all that is for an
// address and is of the kind that is asked for.
func ruleAt(l *lab.Lab, netns, hook, to string, want say.Text, kind func(*netfilter.Rule) bool) []steps.Condition {
	c := steps.Condition{Table: say.Quote(steps.Typed(change.In(netns, "nft", "list", "ruleset"))), Want: want}
	ns, err := l.NS(netns)
	if err != nil {
		if !errors.Is(err, lab.ErrNoNamespace) {
			c.Err = err
		}
		return []steps.Condition{c}
	}
	set, err := netfilter.Read(ns)
	if err != nil {
		c.Err = err
		return []steps.Condition{c}
	}
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			chain := &table.Chains[j]
			if chain.Hook != hook || table.Family != "ip" && table.Family != "inet" {
				continue
			}
			for k := range chain.Rules {
				rule := &chain.Rules[k]
				switch {
				case !kind(rule):
				case isFor(rule, to):
					c.Met = true
				default:
					c.Seen = table.RuleLine(chain, rule)
				}
			}
		}
	}
	if c.Met {
		c.Seen = ""
	}
	return []steps.Condition{c}
}

// isFor says whether a rule asks for nothing but a destination, to which an address
// belongs: what else it asked for, a packet to it might not have.
func isFor(rule *netfilter.Rule, to string) bool {
	for _, m := range rule.Matches {
		addr := netip.MustParseAddr(to).AsSlice()
		switch {
		case len(m.Key) == 1 && m.Key[0] == "ip daddr" && m.Holds(addr):
		case len(m.Key) == 1 && (m.Key[0] == "meta l4proto" || m.Key[0] == "ip protocol") && m.Holds([]byte{unix.IPPROTO_TCP}):
		default:
			return false
		}
	}
	return true
}
