package instrument

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/ruled"
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
	return at(l, a.Netns, a.Hook, a.To, want, func(rule *netfilter.Rule) bool {
		return ruled.Counts(rule) && rule.Verdict.Kind == netfilter.VerdictContinue
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
	return at(l, a.Netns, "prerouting", a.To, want, traces)
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

// at is the condition that a hook has a rule which holds for all that is for an address
// and is of the kind that is asked for.
func at(l *lab.Lab, netns, hook, to string, want say.Text, kind func(*netfilter.Rule) bool) []steps.Condition {
	return ruled.Rule{Netns: netns, Hook: hook, Want: want, Kind: kind, Fits: func(rule *netfilter.Rule) bool { return isFor(rule, to) }}.Conditions(l)
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
