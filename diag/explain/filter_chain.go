package explain

import (
	"slices"
	"strings"

	"nstutor/diag/netfilter"
)

// filterFlow is what comes out of a part of a chain.
type filterFlow struct {
	on       []filterState // goes on with the next rule
	returned []filterState // leaves the chain for the calling one
	accepted []filterState // leaves the base chain
}

// filterDepth is more than the kernel lets chains call each other
// (NFT_JUMP_STACK_SIZE is 16; x_tables refuses loops).
const filterDepth = 512

// runBase runs a base chain, and returns what it lets pass.
func (e *filterEval) runBase(base filterBase, states []filterState) []filterState {
	e.base = base
	flow := e.runChain(base.chain, states, 0)
	rest := filterMerge(flow.on, flow.returned)
	if base.chain.Policy != "drop" {
		return filterMerge(rest, flow.accepted)
	}
	for _, s := range rest {
		e.end(s, VerdictDrop, nil, "policy drop", "")
	}
	return flow.accepted
}

func (e *filterEval) end(s filterState, verdict Verdict, rule *netfilter.Rule, line, with string) {
	for _, end := range e.ends {
		if end.rule == rule && end.base == e.base && end.state.assumed == s.assumed {
			return
		}
	}
	e.ends = append(e.ends, filterEnd{s, e.base, verdict, rule, line, with})
}

func (e *filterEval) runChain(chain *netfilter.Chain, states []filterState, depth int) filterFlow {
	flow := filterFlow{on: states}
	if len(states) == 0 {
		return flow
	}
	misses := func(m *netfilter.Match) bool { return e.misses(m, flow.on) }
	for rule := range chain.Walk(misses) {
		var next []filterState
		for _, s := range flow.on {
			passed := e.runRule(chain, rule, s, depth)
			next = append(next, passed.on...)
			flow.returned = append(flow.returned, passed.returned...)
			flow.accepted = append(flow.accepted, passed.accepted...)
		}
		if len(next) > 1 {
			next = filterMerge(next)
		}
		if flow.on = next; len(next) == 0 {
			break
		}
	}
	flow.returned, flow.accepted = filterMerge(flow.returned), filterMerge(flow.accepted)
	return flow
}

// misses says at once that a condition does not hold for any of the packets,
// which is so for most rules of a big set.
func (e *filterEval) misses(m *netfilter.Match, states []filterState) bool {
	for i := range states {
		if e.judge(m, nil, &states[i]) != filterNo {
			return false
		}
	}
	return true
}

// runRule lets one packet meet one rule.
func (e *filterEval) runRule(chain *netfilter.Chain, rule *netfilter.Rule, s filterState, depth int) filterFlow {
	var flow filterFlow
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
			e.apply(effects[0], &s)
			effects = effects[1:]
		}
		if i == len(rule.Matches) {
			break
		}
		held := e.judge(&rule.Matches[i], rule, &s)
		if held == filterNo || held == filterMaybe {
			flow.on = append(flow.on, s)
		}
		if held == filterNo {
			return flow
		}
		if held == filterMaybe {
			s = s.assuming(text())
		}
	}
	e.verdict(chain, rule, rule.Verdict, s, depth, text, &flow)
	return flow
}

// verdict does with the packet what the rule says.
func (e *filterEval) verdict(chain *netfilter.Chain, rule *netfilter.Rule, v netfilter.Verdict, s filterState, depth int, text func() string, flow *filterFlow) {
	switch v.Kind {
	case netfilter.VerdictContinue:
		flow.on = append(flow.on, s)
	case netfilter.VerdictAccept:
		flow.accepted = append(flow.accepted, s)
	case netfilter.VerdictDrop:
		e.end(s, VerdictDrop, rule, text(), "")
	case netfilter.VerdictReject:
		e.end(s, VerdictReject, rule, text(), v.With)
	case netfilter.VerdictReturn:
		flow.returned = append(flow.returned, s)
	case netfilter.VerdictJump, netfilter.VerdictGoto:
		e.call(rule, v, s, depth, text, flow)
	case netfilter.VerdictMap:
		e.verdictMap(chain, rule, v, s, depth, text, flow)
	case netfilter.VerdictQueue:
		s = s.assuming(text()) // a program decides; without one the packet is lost
		flow.accepted = append(flow.accepted, s)
		e.end(s, VerdictDrop, rule, text(), "")
	case netfilter.VerdictSNAT, netfilter.VerdictDNAT, netfilter.VerdictMasquerade, netfilter.VerdictRedirect:
		e.translate(rule, v, s, text, flow)
	default:
		e.unknownVerdict(rule, v, s, text, flow)
	}
}

// call runs another chain of the table.
func (e *filterEval) call(rule *netfilter.Rule, v netfilter.Verdict, s filterState, depth int, text func() string, flow *filterFlow) {
	target := e.chain(v.Chain)
	if target == nil || depth >= filterDepth {
		e.unknownVerdict(rule, netfilter.Verdict{}, s, text, flow)
		return
	}
	inner := e.runChain(target, []filterState{s}, depth+1)
	flow.accepted = append(flow.accepted, inner.accepted...)
	back := filterMerge(inner.on, inner.returned)
	if v.Kind == netfilter.VerdictGoto {
		flow.returned = append(flow.returned, back...) // to where this chain was called from
		return
	}
	flow.on = append(flow.on, back...)
}

func (e *filterEval) chain(name string) *netfilter.Chain {
	byName, ok := e.chains[e.base.table]
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
func (e *filterEval) verdictMap(chain *netfilter.Chain, rule *netfilter.Rule, v netfilter.Verdict, s filterState, depth int, text func() string, flow *filterFlow) {
	for _, c := range v.Map {
		held := e.judge(&c.Match, rule, &s)
		if held == filterNo {
			continue
		}
		taken := s
		if held == filterMaybe {
			taken = s.assuming(text())
		}
		e.verdict(chain, rule, c.Verdict, taken, depth, text, flow)
		if held == filterYes {
			return
		}
	}
	flow.on = append(flow.on, s)
}

// filterHarmless are targets of x_tables that always go on with the next rule
// and change nothing that rules or routes look at.
var filterHarmless = map[string]bool{
	"TCPMSS": true, "TCPOPTSTRIP": true, "NFLOG": true, "LOG": true, "TRACE": true, "AUDIT": true, "CLASSIFY": true,
	"DSCP": true, "TOS": true, "ECN": true, "CHECKSUM": true, "RATEEST": true, "IDLETIMER": true, "LED": true,
	"TEE": true, "SECMARK": true, "CONNSECMARK": true, "TTL": true, "HL": true,
}

// unknownVerdict is a target that is not known: the packet may be dropped,
// accepted or go on.
func (e *filterEval) unknownVerdict(rule *netfilter.Rule, v netfilter.Verdict, s filterState, text func() string, flow *filterFlow) {
	if name, ok := strings.CutPrefix(strings.TrimSuffix(v.Text, "]"), "[target "); ok && filterHarmless[name] {
		if name == "TTL" || name == "HL" {
			s.packet.TTL = 0
		}
		flow.on = append(flow.on, s)
		return
	}
	s = s.assuming(text())
	flow.on = append(flow.on, s)
	flow.accepted = append(flow.accepted, s)
	e.end(s, VerdictDrop, rule, text(), "")
}

// filterMerge joins states that are the same packet, and keeps what needs the
// fewest assumptions.
func filterMerge(lists ...[]filterState) []filterState {
	var out []filterState
	for _, s := range slices.Concat(lists...) {
		at := slices.IndexFunc(out, func(o filterState) bool { return o.packet == s.packet && o.nat == s.nat })
		switch {
		case at < 0:
			out = append(out, s)
		case filterFewer(s, out[at]) < 0:
			out[at] = s
		}
	}
	return out
}

func (s filterState) assuming(line string) filterState {
	if !slices.Contains(filterAssumptions(s), line) {
		s.assumed += line + "\n"
	}
	return s
}

func filterAssumptions(s filterState) []string {
	return strings.FieldsFunc(s.assumed, func(r rune) bool { return r == '\n' })
}

func filterFewer(a, b filterState) int {
	return strings.Count(a.assumed, "\n") - strings.Count(b.assumed, "\n")
}
