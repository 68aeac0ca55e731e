package gateway

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// ForwardPolicy decides about forwarded packets that no rule has decided about:
// "drop" or "accept".
type ForwardPolicy struct{ Netns, Policy string }

// Change implements Action.
func (a ForwardPolicy) Change(*lab.Lab) change.Change {
	return change.NFTLine(a.Netns, "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority filter; policy "+a.Policy+"; }",
		"iptables -P FORWARD "+strings.ToUpper(a.Policy))
}

// Conditions implements Action: a chain of the packet filter drops so, whoever made
// it, or none does.
func (a ForwardPolicy) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	c := steps.Condition{
		Table: change.In(a.Netns, "nft", "list", "chain", "ip", "filter", "FORWARD"),
		Want:  say.T("the policy for forwarded packets is %s", "转发包的默认策略是 %s", a.Policy),
	}
	ns, err := l.NS(a.Netns)
	if steps.IsAbsent(err) {
		return []steps.Condition{steps.NamespaceThere(a.Netns)}
	}
	var rules *netfilter.RuleSet
	if err == nil {
		rules, err = netfilter.Read(ns)
	}
	if c.Err = err; err != nil {
		return []steps.Condition{c}
	}
	drops := slices.ContainsFunc(rules.Tables, func(t netfilter.Table) bool {
		return slices.ContainsFunc(t.Chains, func(c netfilter.Chain) bool { return c.Hook == "forward" && c.Policy == "drop" })
	})
	c.Met = drops == (a.Policy == "drop")
	return []steps.Condition{c}
}

// Pass lets the packets of one network to another be forwarded.
type Pass struct{ Netns, Src, Dst string }

// Change implements Action.
func (a Pass) Change(*lab.Lab) change.Change {
	return change.NFTLine(a.Netns, "insert rule ip filter FORWARD ip saddr "+a.Src+" ip daddr "+a.Dst+" counter accept",
		"iptables -I FORWARD -s "+a.Src+" -d "+a.Dst+" -j ACCEPT")
}

// Conditions implements Action. It sends packets through the rules that forwarded
// packets pass, whoever wrote them and however.
func (a Pass) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	c := steps.Condition{
		Table: change.In(a.Netns, "nft", "list", "chain", "ip", "filter", "FORWARD"),
		Want:  say.T("what %s sends to %s is let through", "放行从 %s 发往 %s 的包", a.Src, a.Dst),
	}
	r, err := Masquerade{Netns: a.Netns, Src: a.Src}.rewriting(ctx, l)
	if steps.IsAbsent(err) {
		return []steps.Condition{steps.NamespaceThere(a.Netns)}
	}
	to, err2 := netip.ParsePrefix(steps.Canonical(a.Dst))
	if c.Err = say.Join(err, err2); c.Err != nil {
		return []steps.Condition{c}
	}
	defer r.one.Close()
	c.Met = true
	for _, src := range r.sources {
		for _, p := range flows(src, r.neighbour(src, to)) {
			if !c.Met || c.Err != nil {
				return []steps.Condition{c}
			}
			c = r.forwarded(c, p)
		}
	}
	return []steps.Condition{c}
}

// forwarded has a packet pass the rules for what is forwarded.
func (r *rewriting) forwarded(c steps.Condition, p eval.Packet) steps.Condition {
	p.IIF, p.OIF = r.device(p.Src), r.device(p.Dst)
	result := eval.Traverse(r.rules, "forward", p, eval.Kernel{One: r.one})
	switch {
	case r.rules.Err() != nil:
		c.Err = r.rules.Err()
	case result.Verdict == eval.VerdictUnknown:
		c.Err = say.Err("it is not known what this rule does: %s", "无法确定这条规则的作用：%s", steps.InOneLine(result.Unsure))
	default:
		c.Met = result.Verdict == eval.VerdictAccept
		c.Seen = steps.Unless(c.Met, result.Rule)
	}
	return c
}
