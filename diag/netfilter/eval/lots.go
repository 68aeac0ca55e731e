package eval

import (
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/netfilter"
)

// Branch is one of the ways that packets take at a hook whose rules draw lots, and
// what part of all packets take it, from 0 to 1.
type Branch struct {
	Share float64
	Result
}

// maxBranches bounds the ways that are followed.
const maxBranches = 512

// Branches is Traverse for rules that draw lots (numgen, jhash, symhash, -m
// statistic): it passes p once for each way that it may take, and returns all with
// their shares, which add up to 1. Ways that end alike are one. What cannot be judged
// for another reason is as unknown as it is to Traverse.
//
// Each rule draws for itself: two that ask one hash of the same fields are taken to be
// independent, though the kernel gives them the same.
func Branches(set *netfilter.RuleSet, hook string, p Packet, env Env, open ...*netfilter.Chain) []Branch {
	var all []Branch
	left := 1.0
	for picks, runs := []int(nil), 0; ; runs++ {
		if runs == maxBranches {
			rest := Result{Verdict: VerdictUnknown, Packet: p, Unsure: []string{fmt.Sprintf("more than %d ways", maxBranches)}}
			return addBranch(all, Branch{left, rest})
		}
		drawn := &lots{}
		result := steady(set, p, func() Result {
			*drawn = lots{picks: picks}
			return traverse(set, hook, p, env, open, drawn)
		})
		all = addBranch(all, Branch{drawn.share(), result})
		left -= drawn.share()
		if picks = drawn.next(); picks == nil {
			return all
		}
	}
}

// Destinations are where the rules of a hook may send a packet; nil where one of them
// cannot be judged.
func Destinations(set *netfilter.RuleSet, hook string, p Packet, env Env) (to []netip.AddrPort) {
	for _, way := range Branches(set, hook, p, env) {
		if way.Verdict == VerdictUnknown {
			return nil
		}
		to = append(to, netip.AddrPortFrom(way.Packet.Dst, way.Packet.DstPort))
	}
	return to
}

// addBranch joins a way to another one that ends alike.
func addBranch(all []Branch, b Branch) []Branch {
	for i := range all {
		if all[i].alike(b.Result) {
			all[i].Share += b.Share
			return all
		}
	}
	return append(all, b)
}

// alike reports whether the packet ends as it does in another result.
func (r Result) alike(o Result) bool {
	if r.Verdict != o.Verdict || r.At != o.At || r.Rule != o.Rule || r.Packet != o.Packet || (r.NAT == nil) != (o.NAT == nil) {
		return false
	}
	return r.NAT == nil || r.NAT.Kind == o.NAT.Kind && r.NAT.Old == o.NAT.Old && r.NAT.New == o.NAT.New
}

// Outcomes are ways with their shares, such as "10.0.0.1 (50%), drop (50%)"; false
// where there are fewer than two, or something else about them cannot be told.
func Outcomes(ways []Branch) (string, bool) {
	told := make([]string, len(ways))
	for i, way := range ways {
		outcome := string(way.Verdict)
		switch {
		case way.Verdict == VerdictUnknown:
			return "", false
		case way.Verdict == VerdictAccept && way.NAT != nil:
			outcome = way.NAT.New.String()
		}
		told[i] = fmt.Sprintf("%s (%.3g%%)", outcome, 100*way.Share)
	}
	return strings.Join(told, ", "), len(told) > 1
}

// lots are what was drawn on one way through the rules: the first draws are told, and
// what comes behind them is the first that is possible.
type lots struct {
	picks []int
	made  []draw
	known map[any]int // by whatever draws once for a packet
}

// draw is one of several outcomes, and how likely each is.
type draw struct {
	chances []float64
	pick    int
}

// of draws one of several outcomes for a rule, or says what was drawn for it.
func (l *lots) of(by any, chances []float64) int {
	if pick, ok := l.known[by]; ok {
		return pick
	}
	d := draw{chances, possible(chances, 0)}
	if at := len(l.made); at < len(l.picks) {
		d.pick = l.picks[at]
	}
	l.made = append(l.made, d)
	if l.known == nil {
		l.known = map[any]int{}
	}
	l.known[by] = d.pick
	return d.pick
}

// possible is the first outcome from one on that is possible; len(chances) when there
// is none.
func possible(chances []float64, from int) int {
	for from < len(chances) && chances[from] <= 0 {
		from++
	}
	return from
}

// share is how likely all that was drawn is.
func (l *lots) share() float64 {
	share := 1.0
	for _, d := range l.made {
		if d.pick < len(d.chances) {
			share *= d.chances[d.pick]
		}
	}
	return share
}

// next are the draws of the way behind this one; nil behind the last.
func (l *lots) next() []int {
	for at := len(l.made) - 1; at >= 0; at-- {
		d := l.made[at]
		pick := possible(d.chances, d.pick+1)
		if pick >= len(d.chances) {
			continue
		}
		picks := make([]int, at+1)
		for i := range at {
			picks[i] = l.made[i].pick
		}
		picks[at] = pick
		return picks
	}
	return nil
}

// condition is a condition of a rule, which draws for itself.
type condition struct {
	rule *netfilter.Rule
	m    *netfilter.Match
}

// judgeLot says whether a condition that is drawn holds: maybe, unless this is one of
// the ways of Branches.
func (e *evaluator) judgeLot(m *netfilter.Match, rule *netfilter.Rule) held {
	chance := m.Chance()
	switch {
	case chance >= 1:
		return yes
	case chance <= 0:
		return no
	case e.lots == nil || rule == nil:
		return maybe
	}
	return when(e.lots.of(condition{rule, m}, []float64{chance, 1 - chance}) == 0)
}

// choose draws one of several conditions of which at most one holds; it is the
// number of cases where none does.
func (e *evaluator) choose(rule *netfilter.Rule, cases int, match func(i int) *netfilter.Match) (pick int, drawn bool) {
	if e.lots == nil || cases == 0 || match(0).Lot == nil {
		return 0, false
	}
	chances := make([]float64, cases+1)
	missed := 1.0
	for i := range cases {
		chances[i] = min(match(i).Chance(), max(missed, 0))
		missed -= chances[i]
	}
	const rounding = 1e-9
	if missed > rounding {
		chances[cases] = missed
	}
	return e.lots.of(condition{rule, match(0)}, chances), true
}
