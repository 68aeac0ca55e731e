package pane

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/say"
	"nstutor/ui/words"
)

// ruleRows are the rules that the step is about, each behind what it has counted.
func (v *Live) ruleRows() []row {
	var rows []row
	for _, r := range v.Network.Tally.Rules {
		text := fmt.Sprintf("%5d  %s", r.Packets, strings.TrimSpace(r.Chain+" "+r.Text))
		one := row{section: words.Rules, text: text, rank: rankNeigh}
		if r.Packets == 0 {
			one.style = v.Theme.Faint
		}
		rows = append(rows, one)
	}
	return rows
}

// flowRows are the connections that a node tracks, those alike in one line: where the
// answers are expected from is behind the arrow.
func (v *Live) flowRows() []row {
	counts := map[conntrack.Entry]int{}
	for _, f := range v.Network.Tally.Flows {
		if !v.concerned(f) {
			continue
		}
		counts[alike(f)]++
	}
	var rows []row
	for f, n := range counts {
		from, to, back := f.Original.Src, f.Original.Dst, f.Reply.Src
		text := fmt.Sprintf("%5d  %s src=%s dst=%s", n, f.Original.Name(), endpoint(from), endpoint(to))
		text += fmt.Sprintf(" %s src=%s dst=%s", v.Theme.G.Out, endpoint(back), f.Reply.Dst.Addr())
		rows = append(rows, row{section: words.Flows, text: text, rank: rankNeigh})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.text, b.text) })
	return rows
}

// toldLines is how many of the last lines are shown of what goes on and on: one packet's
// way through the rules.
const toldLines = 10

// toldRows are what the tools print that tell of packets as they pass.
func (v *Live) toldRows() []row {
	var rows []row
	for _, told := range []struct {
		section say.Form
		lines   []string
	}{{words.Traces, v.Network.Tally.Traces}, {words.Events, v.Network.Tally.Events}} {
		for _, line := range told.lines[max(0, len(told.lines)-toldLines):] {
			rows = append(rows, row{section: told.section, text: strings.TrimSpace(line), rank: rankDecisive})
		}
	}
	return rows
}

// alike is a connection without what tells it apart from others of one client to one
// service: the port that the client happens to have, unless it keeps it.
func alike(e conntrack.Entry) conntrack.Entry {
	one := conntrack.Entry{Original: e.Original, Reply: e.Reply}
	if e.Original.Proto != unix.IPPROTO_UDP {
		one.Original.Src = netip.AddrPortFrom(e.Original.Src.Addr(), 0)
	}
	one.Reply.Dst = netip.AddrPortFrom(e.Reply.Dst.Addr(), 0)
	return one
}

// concerned says whether a connection is of what the step tries.
func (v *Live) concerned(e conntrack.Entry) bool {
	to, _, _, _ := v.Network.Log.Flow()
	return to == "" || e.Original.Dst.Addr().String() == to
}

func endpoint(at netip.AddrPort) string { return eval.Endpoint(at.Addr(), at.Port()) }

// virtual is a box for what no namespace has: the services of the picture, each with
// whereto its packets are sent. There is none without services.
func (v *Topology) virtual(top int) (*box, bool) {
	b := &box{title: v.Theme.Faint.Render(v.Say(words.Virtual)), top: top}
	for _, s := range v.Network.Tally.Services {
		b.at(b.bottom()).text[atLeft] = s.Addr()
		for _, to := range s.To {
			b.at(b.bottom()).text[atLeft] = v.Theme.Faint.Render(v.Theme.G.Out + " " + say.Clean(to))
		}
	}
	return b, len(b.cards) > 0
}
