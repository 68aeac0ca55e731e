package eval

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"

	"nstutor/diag/netfilter"
)

// conn is what the hooks so far did to the packet's connection.
type conn struct {
	answer         bool // the packet is one of the other direction
	begun          bool // the hooks that were passed before are remembered here
	goesOn         bool // it was there before the packet, and goes from and to what follows
	from, to       netip.AddrPort
	mark           uint32
	markUnknown    bool // of the connection
	pktMarkUnknown bool // of the packet
	zone           uint16
	zoned          Place          // the rule that gave it
	zones          Zones          // of a reply to a translated request that is known in another one
	before         *Packet        // the request at an earlier passage, of another connection
	again          bool           // its first packet has passed the namespace before
	original       netip.AddrPort // where the request was sent to
	source         netip.AddrPort // … and by whom
	dstDone        bool           // DNAT has had its say, even if there was nothing to do
	srcDone        bool
	dnat, snat     bool
	tracks         bool   // connection tracking is on, though no rule has turned it on
	untracked      Place  // the rule that took it out of connection tracking
	sourced        Place  // the rule that gave it its source
	sent           Place  // … and its destination
	letBy          Place  // the rule of nat that let it leave as it was
	shortened      Place  // the rule that gave the packet its time to live
	handed         uint16 // the port of the socket that TPROXY has handed it to
	srcUnknown     bool   // translated to an address that cannot be known
	dstUnknown     bool
}

// Traverse passes p through the chains that set has at a hook ("prerouting",
// "input", "forward", "output" or "postrouting"), in the order of the kernel.
// Where it cannot know whether a rule holds it follows both ways, and the
// verdict is unknown only if they end differently.
//
// Chains of one priority run in the order in which they were added, the last
// one first. A RuleSet does not say which of two tables' chains was; where that
// matters the verdict is unknown, too.
//
// Of a set that is open (netfilter.Open) the rules are read as far as the packet
// comes; it is read anew when it has changed since. Where that fails the verdict
// is unknown, and Unsure has the error.
//
// What the base chains in open would drop goes on, as though it had been let
// through.
func Traverse(set *netfilter.RuleSet, hook string, p Packet, env Env, open ...*netfilter.Chain) Result {
	return steady(set, p, func() Result { return traverse(set, hook, p, env, open, nil) })
}

// steady passes p through rules that do not change meanwhile: when those of
// an open set did, it reads them anew and begins again.
func steady(set *netfilter.RuleSet, p Packet, run func() Result) Result {
	const tries = 20
	for try := 1; ; try++ {
		result := run()
		err := set.Err()
		if err == nil {
			return result
		}
		if errors.Is(err, nl.ErrDumpInterrupted) && try < tries {
			if err = set.Reload(); err == nil {
				continue
			}
		}
		return Result{Verdict: VerdictUnknown, Packet: p, Unsure: []string{err.Error()}}
	}
}

func traverse(set *netfilter.RuleSet, hook string, p Packet, env Env, open []*netfilter.Chain, drawn *lots) Result {
	tables := tablesOf(set)
	stages, tied := stagesOf(tables, hook, p)
	result := run(stages, hook, p, env, open, drawn)
	if !tied {
		return result
	}
	slices.Reverse(tables)
	stages, _ = stagesOf(tables, hook, p)
	other := run(stages, hook, p, env, open, drawn)
	if hook == "postrouting" {
		other.Packet.leaveAs(&result.Packet)
	}
	return result.either(other)
}

func tablesOf(set *netfilter.RuleSet) []*netfilter.Table {
	tables := make([]*netfilter.Table, 0, len(set.Tables))
	for i := range set.Tables {
		tables = append(tables, &set.Tables[i])
	}
	return tables
}

// leaveAs has two packets that leave with the same addresses, whichever rules gave them
// those, leave as one: its mark is not known then, if they have not the same.
func (p *Packet) leaveAs(o *Packet) {
	if p.Mark != o.Mark {
		p.conn.pktMarkUnknown, o.conn.pktMarkUnknown = true, true
	}
	if p.conn.mark != o.conn.mark {
		p.conn.markUnknown, o.conn.markUnknown = true, true
	}
	p.Mark, p.conn.mark = o.Mark, o.conn.mark
	p.conn.sourced, p.conn.letBy = o.conn.sourced, o.conn.letBy
}

func run(stages []stage, hook string, p Packet, env Env, open []*netfilter.Chain, drawn *lots) Result {
	anybody := p
	anybody.Socket = Socket{}
	e := newEvaluator(hook, env, open, drawn)
	r := e.pass(stages, p)
	r.Untimely = e.untimely
	if e.asked && drawn == nil {
		other := run(stages, hook, anybody, env, open, nil)
		r.AsSender = other.Verdict != r.Verdict || len(other.Unsure) > len(r.Unsure)
	}
	return r
}

// pass takes a packet through the stages of the hook.
func (e *evaluator) pass(stages []stage, p Packet) Result {
	e.begin(&p)
	states := []state{{packet: p}}
	for _, stage := range stages {
		if e.raw && stage.priority >= conntrackPriority {
			e.track(states)
		}
		if stage.nat {
			states = e.runNAT(stage.base, states)
			continue
		}
		states = e.runBase(stage.base[0], states)
	}
	if e.raw {
		e.track(states)
	}
	for i := range states {
		e.bound(&states[i])
	}
	return e.decide(states)
}

// either is what is certain when it is not known which of two results is the
// right one.
func (r Result) either(o Result) Result {
	gone := func(r Result) bool { return r.Verdict == VerdictDrop || r.Verdict == VerdictReject }
	same := r.Verdict == o.Verdict && r.Packet == o.Packet || gone(r) && gone(o)
	if same || r.Verdict == VerdictUnknown {
		return r
	}
	if gone(o) {
		r, o = o, r
	}
	for _, side := range []Result{r, o} {
		rules := slices.Concat(side.Unsure, []string{side.Rule})
		if side.NAT != nil {
			rules = append(rules, side.NAT.Rule)
		}
		for _, rule := range rules {
			if rule != "" && !slices.Contains(r.Unsure, rule) {
				r.Unsure = append(r.Unsure, rule)
			}
		}
	}
	r.Verdict = VerdictUnknown
	return r
}

// evaluator is one packet at one hook.
type evaluator struct {
	hook string
	env  Env
	// Answers of env.
	types   map[netip.Addr]addrType
	ways    map[flight]way
	indexes map[string]fieldValue

	raw    bool               // before connection tracking has seen the packet
	asked  bool               // a rule asked for the socket, which is known
	base   baseChain          // the base chain that is running
	in     *netfilter.Chain   // the chain that is running
	open   []*netfilter.Chain // base chains that let everything through
	spared []state            // what base would have dropped, were it not one of them
	chains map[*netfilter.Table]map[string]*netfilter.Chain
	calls  int // of chains
	ends   []ending
	lots   *lots // what is drawn; nil: nothing is, and both ways are followed

	doubted  map[string]*netfilter.Rule // by their lines, those with a condition that could not be judged
	untimely []string                   // rules that would accept the packet, as far as they were asked, at another time
	seen     *noted                     // nil: it does not look again
}

func newEvaluator(hook string, env Env, open []*netfilter.Chain, drawn *lots) *evaluator {
	return &evaluator{hook: hook, env: env, open: open, lots: drawn, doubted: map[string]*netfilter.Rule{}, types: map[netip.Addr]addrType{}, ways: map[flight]way{}, indexes: map[string]fieldValue{}}
}

// state is a packet as it may be at some point of a hook.
type state struct {
	packet  Packet
	nat     Translation // Kind is empty when there was none
	stays   string      // the rule that sent it on as its source was sent before
	assumed string      // rules that were assumed to hold, one a line
}

// ending is a packet that did not pass.
type ending struct {
	state   state
	base    baseChain
	verdict Verdict
	rule    *netfilter.Rule
	line    string
	with    string
	in      *netfilter.Chain
}

// begin brings the packet to the hook: connections begin at two of them.
func (e *evaluator) begin(p *Packet) {
	first := e.hook == "prerouting" || e.hook == "output"
	if first {
		p.zone, p.zoned = 0, Place{}
	}
	if first && !p.conn.begun {
		// What comes back from lo has been through the hooks of its sending.
		looped := e.hook == "prerouting" && p.IIF == "lo"
		p.conn.begun = !looped
		p.conn.original, p.conn.source = netip.AddrPortFrom(p.Dst, p.DstPort), netip.AddrPortFrom(p.Src, p.SrcPort)
		p.conn.dstDone, p.conn.srcDone = looped, looped
		p.conn.markUnknown = p.CTState != CTNew || looped
	}
	e.raw = first && p.IIF != "lo"
}

// decide sums up the ways that the packet may have gone.
func (e *evaluator) decide(passed []state) Result {
	var unsure []string
	add := func(s state) {
		for _, rule := range assumptions(s) {
			if !slices.Contains(unsure, rule) {
				unsure = append(unsure, rule)
			}
		}
	}
	ends := slices.Clone(e.ends)
	slices.SortStableFunc(ends, func(a, b ending) int { return fewer(a.state, b.state) })
	slices.SortStableFunc(passed, fewer)
	for _, end := range ends {
		add(end.state)
	}
	for _, s := range passed {
		add(s)
	}
	switch {
	case len(passed) == 0:
		r := ends[0].result()
		if slices.ContainsFunc(ends, func(o ending) bool { return o.verdict != r.Verdict }) {
			r.Unsure = unsure
		}
		return r
	case len(ends) > 0:
		r := ends[0].result()
		if len(ends) == 1 {
			r.Otherwise = r.Verdict
		}
		r.Verdict, r.Unsure = VerdictUnknown, unsure
		for _, line := range unsure {
			r.Doubted = append(r.Doubted, e.doubted[line])
		}
		r.Packet, r.NAT = passed[0].packet, passed[0].translation()
		return r
	}
	r := Result{Verdict: VerdictAccept, Packet: passed[0].packet, NAT: passed[0].translation()}
	for _, s := range passed {
		if s.elsewhere(passed[0]) {
			r.Verdict, r.Elsewhere = VerdictUnknown, r.Elsewhere || s.packet.Dst != passed[0].packet.Dst
		}
	}
	if len(passed) > 1 || r.Verdict == VerdictUnknown {
		r.Unsure = unsure
	}
	return r
}

// elsewhere says that the packet is not, or not for sure, the one that other
// is by its addresses.
func (s state) elsewhere(other state) bool {
	a, b := s.packet, other.packet
	return a.conn.srcUnknown || a.conn.dstUnknown || a.Src != b.Src || a.Dst != b.Dst || a.SrcPort != b.SrcPort || a.DstPort != b.DstPort
}

func (s state) translation() *Translation {
	if s.nat.Kind == "" {
		return nil
	}
	nat := s.nat
	return &nat
}

func (e ending) result() Result {
	r := Result{
		Verdict: e.verdict, At: e.base.name(), Rule: e.line, RejectWith: e.with, Packet: e.state.packet,
		NAT: e.state.translation(), Table: e.base.table, Chain: e.base.chain, Decided: e.rule, In: e.in.Name,
	}
	if e.rule == nil {
		r.Rule = "policy drop"
	}
	return r
}
