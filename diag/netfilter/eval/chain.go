package eval

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// flow is what comes out of a part of a chain.
type flow struct {
	on       []state // goes on with the next rule
	returned []state // leaves the chain for the calling one
	accepted []state // leaves the base chain
}

// maxDepth is more than the kernel lets chains call each other
// (NFT_JUMP_STACK_SIZE is 16; x_tables refuses loops).
const maxDepth = 512

// runBase runs a base chain, and returns what it lets pass.
func (e *evaluator) runBase(base baseChain, states []state) []state {
	e.base, e.spared = base, nil
	flow := e.runChain(base.chain, states, 0)
	rest := merge(flow.on, flow.returned)
	if slices.Contains(e.open, base.chain) {
		return merge(rest, flow.accepted, e.spared)
	}
	if base.chain.Policy != "drop" {
		return merge(rest, flow.accepted)
	}
	for _, s := range rest {
		e.end(s, VerdictDrop, nil, "policy drop", "")
	}
	return flow.accepted
}

func (e *evaluator) end(s state, verdict Verdict, rule *netfilter.Rule, line, with string) {
	if slices.Contains(e.open, e.base.chain) {
		e.spared = append(e.spared, s)
		return
	}
	for _, end := range e.ends {
		if end.rule == rule && end.base == e.base && end.state.assumed == s.assumed {
			return
		}
	}
	in := e.base.chain
	if rule != nil && e.in != nil {
		in = e.in
	}
	e.ends = append(e.ends, ending{s, e.base, verdict, rule, line, with, in})
}

func (e *evaluator) runChain(chain *netfilter.Chain, states []state, depth int) flow {
	flow := flow{on: states}
	if len(states) == 0 {
		return flow
	}
	misses := func(m *netfilter.Match) bool { return e.misses(m, flow.on) }
	if e.seen != nil {
		misses = e.unlooked
	}
	for rule := range chain.Walk(misses) {
		var next []state
		for _, s := range flow.on {
			passed := e.runRule(chain, rule, s, depth)
			next = append(next, passed.on...)
			flow.returned = append(flow.returned, passed.returned...)
			flow.accepted = append(flow.accepted, passed.accepted...)
		}
		if len(next) > 1 {
			next = merge(next)
		}
		if flow.on = next; len(next) == 0 {
			break
		}
	}
	flow.returned, flow.accepted = merge(flow.returned), merge(flow.accepted)
	return flow
}

// misses says at once that a condition does not hold for any of the packets,
// which is so for most rules of a big set. Of one that asks for the time, the rule matters.
func (e *evaluator) misses(m *netfilter.Match, states []state) bool {
	if ofTime(m) {
		return false
	}
	for i := range states {
		if e.judge(m, nil, &states[i]) != no {
			return false
		}
	}
	return true
}

// runRule lets one packet meet one rule.
func (e *evaluator) runRule(chain *netfilter.Chain, rule *netfilter.Rule, s state, depth int) flow {
	var flow flow
	if s.packet.past.Rule != nil && s.packet.past.is(e.base.table, chain, rule) {
		flow.on = append(flow.on, s)
		return flow
	}
	e.in = chain
	line := ""
	text := func() string {
		if line == "" {
			line = e.base.table.RuleLine(chain, rule)
		}
		return line
	}
	effects := rule.Effects
	for i := 0; ; i++ {
		for len(effects) > 0 && effects[0].After <= i {
			e.apply(effects[0], &s, Place{e.base.table, chain, rule})
			effects = effects[1:]
		}
		if i == len(rule.Matches) {
			break
		}
		held := e.judge(&rule.Matches[i], rule, &s)
		if held == no || held == maybe {
			flow.on = append(flow.on, s)
		}
		if held == no {
			if e.seen != nil {
				e.nearly(chain, rule, i, s, depth)
			}
			return flow
		}
		if held == maybe {
			s = s.assuming(text())
			e.doubted[text()] = rule
		}
	}
	e.verdict(chain, rule, rule.Verdict, s, depth, text, &flow)
	return flow
}

// verdict does with the packet what the rule says.
func (e *evaluator) verdict(chain *netfilter.Chain, rule *netfilter.Rule, v netfilter.Verdict, s state, depth int, text func() string, flow *flow) {
	e.in = chain
	switch v.Kind {
	case netfilter.VerdictContinue:
		flow.on = append(flow.on, s)
	case netfilter.VerdictAccept:
		if e.seen != nil {
			e.seen.passed = append(e.seen.passed, passedBy{e.base.table, Result{At: e.base.name(), Rule: text()}.Line()})
		}
		flow.accepted = append(flow.accepted, e.letBy(chain, rule, s))
	case netfilter.VerdictDrop:
		e.end(s, VerdictDrop, rule, text(), "")
	case netfilter.VerdictReject:
		e.end(s, VerdictReject, rule, text(), v.With)
	case netfilter.VerdictReturn:
		if depth == 0 {
			s = e.letBy(chain, rule, s)
		}
		flow.returned = append(flow.returned, s)
	case netfilter.VerdictJump, netfilter.VerdictGoto:
		e.call(rule, v, s, depth, text, flow)
	case netfilter.VerdictMap:
		e.verdictMap(chain, rule, v, s, depth, text, flow)
	case netfilter.VerdictQueue:
		e.queue(rule, v.Queue, s, text, flow)
	case netfilter.VerdictSNAT, netfilter.VerdictDNAT, netfilter.VerdictMasquerade, netfilter.VerdictRedirect:
		e.translate(rule, v, s, text, flow)
	default:
		e.unknownVerdict(rule, v, s, text, flow)
	}
}

// letBy is a packet that leaves the chain by a rule: one of nat gives it no source then.
func (e *evaluator) letBy(chain *netfilter.Chain, rule *netfilter.Rule, s state) state {
	if e.base.chain.Type == "nat" && e.changesSource() {
		s.packet.conn.letBy = Place{e.base.table, chain, rule}
	}
	return s
}

// queue: a program decides, and without one the packet is lost, or passes the chain
// where the rule has it so (nf_queue(), nf_hook_slow()).
func (e *evaluator) queue(rule *netfilter.Rule, q netfilter.Queue, s state, text func() string, flow *flow) {
	heard, err := e.env.Heard(q.First, q.Last)
	if err != nil || heard > 0 {
		s = s.assuming(text())
	}
	if err != nil || heard > 0 || q.Bypass {
		flow.accepted = append(flow.accepted, s)
	}
	if err != nil || heard > 0 || !q.Bypass {
		e.end(s, VerdictDrop, rule, text(), "")
	}
}

// call runs another chain of the table.
func (e *evaluator) call(rule *netfilter.Rule, v netfilter.Verdict, s state, depth int, text func() string, flow *flow) {
	target := e.chain(v.Chain)
	if target == nil || depth >= maxDepth {
		e.unknownVerdict(rule, netfilter.Verdict{}, s, text, flow)
		return
	}
	inner := e.runChain(target, []state{s}, depth+1)
	flow.accepted = append(flow.accepted, inner.accepted...)
	back := merge(inner.on, inner.returned)
	if v.Kind == netfilter.VerdictGoto {
		flow.returned = append(flow.returned, back...) // to where this chain was called from
		return
	}
	flow.on = append(flow.on, back...)
}

// fewCalls are calls of chains that are not worth a table of all chains, of which a
// node with many services has thousands.
const fewCalls = 16

func (e *evaluator) chain(name string) *netfilter.Chain {
	byName, ok := e.chains[e.base.table]
	if e.calls++; !ok && e.calls <= fewCalls {
		c, _ := e.base.table.Chain(name)
		return c
	}
	if !ok {
		byName = make(map[string]*netfilter.Chain, len(e.base.table.Chains))
		for i := range e.base.table.Chains {
			byName[e.base.table.Chains[i].Name] = &e.base.table.Chains[i]
		}
		if e.chains == nil {
			e.chains = map[*netfilter.Table]map[string]*netfilter.Chain{}
		}
		e.chains[e.base.table] = byName
	}
	return byName[name]
}

// verdictMap takes the verdict of the first case that holds. Without one the
// packet goes on with the next rule.
func (e *evaluator) verdictMap(chain *netfilter.Chain, rule *netfilter.Rule, v netfilter.Verdict, s state, depth int, text func() string, flow *flow) {
	if pick, drawn := e.choose(rule, len(v.Map), func(i int) *netfilter.Match { return &v.Map[i].Match }); drawn {
		if pick == len(v.Map) {
			flow.on = append(flow.on, s)
			return
		}
		e.verdict(chain, rule, v.Map[pick].Verdict, s, depth, text, flow)
		return
	}
	var fields loaded // of the last case: a map of services has thousands on the same ones
	for i := range v.Map {
		c := &v.Map[i]
		held := no
		if m := &c.Match; m.Lot != nil || !m.Known() || len(m.Key) == 1 {
			held = e.judge(m, rule, &s)
		} else {
			if fields.values == nil || !slices.Equal(fields.key, m.Key) {
				fields = e.load(m.Key, &s)
			}
			held = fields.judge(m)
		}
		if held == no {
			continue
		}
		taken := s
		if held == maybe {
			taken = s.assuming(text())
		}
		e.verdict(chain, rule, c.Verdict, taken, depth, text, flow)
		if held == yes {
			return
		}
	}
	flow.on = append(flow.on, s)
}

// harmless are targets of x_tables that always go on with the next rule
// and change nothing that rules or routes look at.
var harmless = map[string]bool{
	"TCPMSS": true, "TCPOPTSTRIP": true, "NFLOG": true, "LOG": true, "TRACE": true, "AUDIT": true, "CLASSIFY": true,
	"DSCP": true, "TOS": true, "ECN": true, "CHECKSUM": true, "RATEEST": true, "IDLETIMER": true, "LED": true,
	"TEE": true, "SECMARK": true, "CONNSECMARK": true, "TTL": true, "HL": true,
}

// unknownVerdict is a target that is not known: the packet may be dropped,
// accepted or go on.
func (e *evaluator) unknownVerdict(rule *netfilter.Rule, v netfilter.Verdict, s state, text func() string, flow *flow) {
	if harmless[v.Target] {
		if v.Target == "TTL" || v.Target == "HL" {
			e.hops(rule, v.Target, &s)
		}
		flow.on = append(flow.on, s)
		return
	}
	if v.Target == netfilter.TProxy { // tproxy_tg4()
		switch e.hand(v.Port.Min, &s.packet) {
		case yes:
			e.handedMark(rule, &s)
			flow.accepted = append(flow.accepted, s)
			return
		case no:
			e.end(s, VerdictDrop, rule, text(), "")
			return
		}
	}
	if v.Target == netfilter.SynProxy && s.packet.Proto == unix.IPPROTO_TCP {
		if s.packet.conn.answer {
			flow.on = append(flow.on, s)
			return
		}
		// synproxy_tg4(): the client's SYN ends here, and is answered. That to the server is of a
		// connection which the machine opens, and knows.
		s.packet = s.packet.Tracked()
		flow.accepted = append(flow.accepted, s)
		return
	}
	if v.Target == "NETMAP" && e.map1to1(rule, s, text, flow) {
		return
	}
	s = s.assuming(text())
	flow.on = append(flow.on, s)
	flow.accepted = append(flow.accepted, s)
	e.end(s, VerdictDrop, rule, text(), "")
}

// merge joins states that are the same packet, and keeps what needs the
// fewest assumptions.
func merge(lists ...[]state) []state {
	var out []state
	for _, s := range slices.Concat(lists...) {
		at := slices.IndexFunc(out, func(o state) bool { return o.packet == s.packet && o.nat == s.nat })
		switch {
		case at < 0:
			out = append(out, s)
		case fewer(s, out[at]) < 0:
			out[at] = s
		}
	}
	return out
}

func (s state) assuming(line string) state {
	if !slices.Contains(assumptions(s), line) {
		s.assumed += line + "\n"
	}
	return s
}

func assumptions(s state) []string {
	return strings.FieldsFunc(s.assumed, func(r rune) bool { return r == '\n' })
}

func fewer(a, b state) int {
	return strings.Count(a.assumed, "\n") - strings.Count(b.assumed, "\n")
}
