package eval

import (
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/say"
)

// Look is what else the rules at a hook have for a packet.
type Look struct {
	// Near are rules that would let it pass, or translate it, but for one condition: those
	// that are most likely meant for it come first.
	Near []Near
	// Late is one that would let it pass, behind the rule that stops it.
	Late Place
	// Others are those of other tables that let it pass, which ends their own chain alone
	// (nf_hook_slow()).
	Others []string
	// Direct tells that the rule is one of those by which Docker keeps a container's own
	// address from all that does not come by the container's bridge.
	Direct bool
}

// Near is a rule that does for others what it does not do for a packet.
type Near struct {
	Place
	Field string   // that the one condition is about, as in "ip saddr . tcp dport"; empty: the way back
	Has   string   // what the packet has there, as nft writes it
	Back  []string // the devices by which the way to its source leads; none: there is no way
	// Listed is the set that the condition asks for, if it is one with a name.
	Listed *Listed
}

// maxLooked is how many conditions of rules a Look reads: more of them are a machine's
// work, of which none is a slip.
const maxLooked = 4096

// Passing looks again at the packet that the base chain of r stops at a hook.
func Passing(set *netfilter.RuleSet, hook string, r Result, env Env) Look {
	if r.Chain == nil || r.Table == nil {
		return Look{}
	}
	e := look(set, hook, r.Packet, env, r.Chain)
	var l Look
	for _, n := range e.seen.near {
		if n.base.chain == r.Chain {
			l.Near = append(l.Near, n.Near)
		}
	}
	for _, by := range e.seen.passed {
		if by.table != r.Table {
			l.Others = append(l.Others, by.line)
		}
	}
	l.Late, l.Direct = e.late(r), Direct(set, r)
	l.sort()
	return l
}

// Translating looks for what would translate the source of a packet that no rule of
// postrouting translates.
func Translating(set *netfilter.RuleSet, p Packet, env Env) Look {
	var l Look
	for _, n := range look(set, "postrouting", p, env, nil).seen.near {
		if n.base.chain.Type == "nat" {
			l.Near = append(l.Near, n.Near)
		}
	}
	l.sort()
	return l
}

func (l *Look) sort() {
	slices.SortStableFunc(l.Near, func(a, b Near) int { return rank(b.Field) - rank(a.Field) })
}

// Direct reports whether what decided is a rule by which Docker keeps a container's own address
// from what is outside of its network: by the words that Docker leaves with it for nft, or by a
// bridge that Docker names, or that it has a rule for in a chain of its own.
func Direct(set *netfilter.RuleSet, r Result) bool {
	if r.Decided == nil || r.Chain.Hook != "prerouting" {
		return false
	}
	if r.Decided.Comment == "DROP DIRECT ACCESS" {
		return true
	}
	bridge, ok := own(r.Decided)
	if !ok || r.Table.Name != "raw" {
		return false
	}
	for i := range set.Tables {
		for k := range set.Tables[i].Chains {
			chain := &set.Tables[i].Chains[k]
			if strings.HasPrefix(chain.Name, "DOCKER") && chain.Name != dockerUser && (DockerBridge.MatchString(bridge) || drops(chain, bridge)) {
				return true
			}
		}
	}
	return false
}

// drops reports whether a rule of the chain drops what does not come from a device.
func drops(chain *netfilter.Chain, dev string) bool {
	for rule := range chain.Walk(nil) {
		if but, ok := own(rule); ok && but == dev && rule.Verdict.Kind == netfilter.VerdictDrop {
			return true
		}
	}
	return false
}

// noted is what an evaluator remembers that looks again.
type noted struct {
	near   []nearIn
	passed []passedBy
	left   int // conditions that may still be read
}

// passedBy is a rule that accepts the packet.
type passedBy struct {
	table *netfilter.Table
	line  string
}

type nearIn struct {
	Near
	base baseChain
}

func look(set *netfilter.RuleSet, hook string, p Packet, env Env, open *netfilter.Chain) *evaluator {
	var e *evaluator
	steady(set, p, func() Result {
		stages, _ := stagesOf(tablesOf(set), hook, p)
		e = newEvaluator(hook, env, nil, nil)
		if open != nil {
			e.open = []*netfilter.Chain{open}
		}
		e.seen = &noted{left: maxLooked}
		return e.pass(stages, p)
	})
	return e
}

// late is a rule behind the one that decided, in its chain, that would let the packet pass.
func (e *evaluator) late(r Result) Place {
	chain := e.named(r)
	if r.Decided == nil || chain == nil {
		return Place{}
	}
	decided, behind := Place{r.Table, chain, r.Decided}, false
	e.base, e.in = baseChain{r.Table, r.Chain}, chain
	for rule := range chain.Walk(e.unlooked) {
		switch {
		case decided.is(r.Table, chain, rule):
			behind = true
		case behind && rule.Verdict.Kind == netfilter.VerdictAccept && len(rule.Matches) > 0 && e.surely(rule, rule.Matches, state{packet: r.Packet}):
			return Place{r.Table, chain, rule}
		}
	}
	return Place{}
}

// named is the chain that decided.
func (e *evaluator) named(r Result) *netfilter.Chain {
	if r.Chain.Name == r.In {
		return r.Chain
	}
	chain, _ := r.Table.Chain(r.In)
	return chain
}

// unlooked has no rule left out as one that does not hold, until too many were read.
func (e *evaluator) unlooked(*netfilter.Match) bool {
	e.seen.left--
	return e.seen.left < 0
}

// surely reports whether conditions hold, without a doubt.
func (e *evaluator) surely(rule *netfilter.Rule, matches []netfilter.Match, s state) bool {
	for i := range matches {
		if e.holds(&matches[i], rule, &s) != yes {
			return false
		}
	}
	return true
}

// nearly remembers a rule of which one condition, the first that does not hold, keeps a packet.
func (e *evaluator) nearly(chain *netfilter.Chain, rule *netfilter.Rule, missed int, s state, depth int) {
	switch rule.Verdict.Kind {
	case netfilter.VerdictAccept, netfilter.VerdictJump, netfilter.VerdictGoto, netfilter.VerdictMasquerade, netfilter.VerdictSNAT:
	default:
		return
	}
	n := Near{Place: Place{e.base.table, chain, rule}}
	if !e.missing(&n, &rule.Matches[missed], &s) || !e.surely(rule, rule.Matches[missed+1:], s) {
		return
	}
	again := *e
	again.seen, again.ends, again.spared, again.open = nil, nil, nil, nil
	var flow flow
	again.verdict(chain, rule, rule.Verdict, s, depth, func() string { return "" }, &flow)
	if len(flow.accepted) != 1 || len(flow.on)+len(flow.returned)+len(again.ends) > 0 {
		return
	}
	if e.base.chain.Type == "nat" && flow.accepted[0].nat.Kind == "" {
		return
	}
	e.seen.near = append(e.seen.near, nearIn{n, e.base})
}

// missing tells what the packet has where a condition wants something else. What a connection's
// state is, and what kind of address it is, is no slip of whoever wrote the rule.
func (e *evaluator) missing(n *Near, m *netfilter.Match, s *state) bool {
	if m.Unread != nil && m.Unread.Name == "match rpfilter" || len(m.Key) > 0 && aboutWayBack(m.Key[0]) {
		way := e.lookup(s.packet.Src, s.packet.Dst, s.packet.Mark)
		n.Back = way.devs
		return way.err == nil && way.kind != "local"
	}
	if l, ok := e.listed(m, s); ok {
		l.Place, n.Listed = n.Place, &l
		if l.Asked != nil {
			n.Field, n.Has = l.Asked.First()
			return true
		}
	}
	if !m.Known() {
		return false
	}
	var has []string
	for _, field := range m.Key {
		v := e.value(field, s)
		if v.bytes == nil || rank(string(field)) == 0 {
			return false
		}
		has = append(has, fields.Text(field, v.bytes))
	}
	n.Field, n.Has = fields.KeyText(m.Key), strings.Join(has, " . ")
	return true
}

func aboutWayBack(field fields.Name) bool {
	q, ok := field.FIB()
	return ok && q.Source && q.Result != "type"
}

// rank is how telling a condition is that alone keeps a packet out: of none at all, 0.
func rank(field string) int {
	first, _, _ := strings.Cut(field, " . ")
	switch kind, what, _ := strings.Cut(first, " "); {
	case field == "", what == "mark":
		return 4
	case what == "dport", what == "sport":
		return 3
	case what == "saddr", what == "daddr":
		return 2
	case kind == "iifname", kind == "oifname":
		return 1
	}
	return 0
}

// OnPurpose reports whether the condition is on a source: a rule of nat for that of others
// is not meant for this one.
func (n Near) OnPurpose() bool { return strings.Contains(n.Field, "saddr") }

// ToAddress reports whether a condition on a field is one on the destination's address.
func ToAddress(field string) bool { return field == "ip daddr" || field == "ip6 daddr" }

// Telling is the rule whose one condition says most of why it is not for a packet: that a
// mark, or the way back, is another one. What is for other ports, addresses or devices
// mostly is so on purpose.
func (l Look) Telling() (Near, bool) {
	if len(l.Near) == 0 || rank(l.Near[0].Field) < rank("") {
		return Near{}, false
	}
	return l.Near[0], true
}

// Lines are two rules that are for other ports or addresses, at most.
func (l Look) Lines() (lines []say.Text) {
	for _, n := range l.Near {
		if r := rank(n.Field); r < rank("") && r >= rank("ip saddr") && len(lines) < 2 {
			lines = append(lines, n.Said())
		}
	}
	return lines
}

// Said adds to what is said of a packet that a rule stops why another one did not let it pass.
func (l Look) Said(text say.Text) say.Text {
	if l.Direct {
		text = say.T("%s; by it Docker lets nobody from outside reach a container by its own address: ask a published port, or give the network the option gateway_mode_ipv4=nat-unprotected (or routed)",
			"%s；Docker 用它不让外面直接访问容器自己的地址：应访问发布的端口，或给这个网络设 gateway_mode_ipv4=nat-unprotected（或 routed）", text)
	}
	if l.Late.Rule != nil {
		text = say.T("%s; %s would let it pass, but stands behind it and comes too late", "%s；%s 本会放行它，但排在后面，轮不到", text, l.Late.Line())
	}
	if n, ok := l.Telling(); ok {
		text = say.T("%s; %s", "%s；%s", text, n.Said())
	}
	if len(l.Others) > 0 {
		text = say.T("%s; %s lets it pass, which ends the chain of that table alone: every table decides for itself",
			"%s；%s 放行了它，但那只结束自己那张表的链：每张表各自决定", text, l.Others[0])
	}
	return text
}

// Said says why the rule is not for the packet.
func (n Near) Said() say.Text {
	switch {
	case n.Field != "":
		return say.T("%s would apply, but for %s, which is %s here", "%s 本来适用，只有 %s 不符：这里是 %s", n.Line(), n.Field, n.Has)
	case len(n.Back) == 0:
		return say.T("%s would apply, were there a way back to its source", "%s 本来适用，只是没有到源地址的回程路由", n.Line())
	}
	return say.T("%s would apply, but the way back to its source leads by %s", "%s 本来适用，但到源地址的回程走 %s", n.Line(), say.List(n.Back...))
}
