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
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// ruleRows are the rules that the step is about, each behind what it has counted.
func (v *Live) ruleRows() []row {
	var rows []row
	for _, r := range v.Network.Tally.Rules {
		text := fmt.Sprintf("%5d  %s", r.Packets, strings.TrimSpace(r.Chain+" "+r.Text))
		one := row{section: words.Rules, text: text, rank: rankRule, ends: true}
		if r.Packets == 0 {
			one.style = v.Theme.Faint
		}
		rows = append(rows, one)
	}
	return rows
}

// flowRows are the connections that a node tracks, those alike in one line: where the
// answers are expected from is behind the arrow.
func (v *Live) flowRows(w int) []row {
	counts := map[conntrack.Entry]int{}
	for _, f := range v.Network.Tally.Flows {
		if !v.concerned(f) {
			continue
		}
		counts[alike(f)]++
	}
	var rows []row
	for f, n := range counts {
		rows = append(rows, row{section: words.Flows, text: v.flowText(f, n, w), rank: rankRule, ends: true})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.text, b.text) })
	return rows
}

// flowText is a connection as conntrack writes it; as tcpdump does where w cells are too
// few for that, and then without whom the answers are for, if that is who asked.
func (v *Live) flowText(f conntrack.Entry, n, w int) string {
	proto, from, to, back, dst := f.Original.Name(), endpoint(f.Original.Src), endpoint(f.Original.Dst), endpoint(f.Reply.Src), f.Reply.Dst.Addr()
	text := fmt.Sprintf("%5d  %s src=%s dst=%s %s src=%s dst=%s", n, proto, from, to, v.Theme.G.Out, back, dst)
	if screen.Width(text) <= w {
		return text
	}
	short := fmt.Sprintf("%d  %s %s > %s %s %s", n, proto, from, to, v.Theme.G.Out, back)
	if text = fmt.Sprintf("%s > %s", short, dst); screen.Width(text) > w && dst == f.Original.Src.Addr() {
		return short
	}
	return text
}

// toldLines is how many of the last lines are shown of what goes on and on: one packet's
// way through the rules.
const toldLines = 10

// traceRows are what `nft monitor trace` prints of the last packet. Of what does not fit
// the rules that it has met stay.
func (v *Live) traceRows() (rows []row) {
	events := v.Network.Tally.Traces
	for _, e := range events {
		if e.ID != events[len(events)-1].ID {
			continue
		}
		for _, line := range e.Lines() {
			rows = append(rows, row{section: words.Traces, text: strings.TrimSpace(line), rank: rankLink, ends: true})
		}
		if e.Handle != 0 {
			rows[len(rows)-1].rank = rankDecisive
		}
	}
	return rows[max(0, len(rows)-toldLines):]
}

// newest is how many of the events stay where there is no room for all.
const newest = 2

// eventRows are what `conntrack -E` prints. Where a line is too long, its two pairs of
// addresses are below it, a line each: the packet's, and those that answers will have.
func (v *Live) eventRows(w int) (rows []row) {
	events := v.Network.Tally.Events
	events = events[max(0, len(events)-toldLines):]
	for i, e := range events {
		one := row{section: words.Events, text: strings.TrimSpace(e.Line()), rank: rankDecisive}
		if i < len(events)-newest {
			one.rank = rankLink
		}
		if screen.Width(one.text) <= w {
			rows = append(rows, one)
			continue
		}
		for _, part := range partsOf(e, w) {
			one.text = part
			rows = append(rows, one)
		}
	}
	return rows
}

// partsOf are the lines of an event that is too long for one: its answers go below, and
// its packet's own addresses as well if that is not enough for w cells.
func partsOf(e conntrack.Event, w int) []string {
	parts := e.Parts()
	head, asked, answers := strings.TrimSpace(parts[0]), " "+parts[1], " "+parts[2]
	if screen.Width(head+asked) > w {
		return []string{head, asked, answers}
	}
	return []string{head + asked, answers}
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
		for _, to := range s.Targets() {
			b.at(b.bottom()).text[atLeft] = v.Theme.Faint.Render(v.Theme.G.Out + " " + say.Clean(to))
		}
	}
	return b, len(b.cards) > 0
}
