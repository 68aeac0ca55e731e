package pane

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/diag/netfilter/tally"
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

// flowKey is what tells connections of one client to one service apart from others:
// not the port that the client happens to have, unless it keeps it.
type flowKey struct {
	proto, src, dst, replySrc, replyDst string
	dport, backend                      uint16
	kept                                uint16
}

// flowRows are the connections that a node tracks, those alike in one line: where the
// answers are expected from is behind the arrow.
func (v *Live) flowRows() []row {
	counts := map[flowKey]int{}
	for _, f := range v.Network.Tally.Flows {
		if !v.concerned(f) {
			continue
		}
		key := flowKey{f.Proto, f.Src, f.Dst, f.ReplySrc, f.ReplyDst, f.DstPort, f.ReplySrcPort, 0}
		if f.Proto == "udp" {
			key.kept = f.SrcPort
		}
		counts[key]++
	}
	var rows []row
	for key, n := range counts {
		text := fmt.Sprintf("%5d  %s src=%s dst=%s", n, key.proto, endpoint(key.src, key.kept), endpoint(key.dst, key.dport))
		text += fmt.Sprintf(" %s src=%s dst=%s", v.Theme.G.Out, endpoint(key.replySrc, key.backend), key.replyDst)
		rows = append(rows, row{section: words.Flows, text: text, rank: rankNeigh})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.text, b.text) })
	return rows
}

// concerned says whether a connection is of what the step tries.
func (v *Live) concerned(f tally.Flow) bool {
	to, _, _, _ := v.Network.Log.Flow()
	return to == "" || f.Dst == to
}

func endpoint(addr string, port uint16) string {
	if port == 0 {
		return addr
	}
	return fmt.Sprintf("%s:%d", addr, port)
}

// virtual is a box for what no namespace has: the services of the picture, each with
// whereto its packets are sent. There is none without services.
func (v *Topology) virtual(top int) (*box, bool) {
	b := &box{title: v.Theme.Faint.Render(v.Say(words.Virtual)), top: top}
	for _, s := range v.Network.Tally.Services {
		b.at(b.bottom()).text[atLeft] = s.Addr
		for _, to := range s.To {
			b.at(b.bottom()).text[atLeft] = v.Theme.Faint.Render(v.Theme.G.Out + " " + say.Clean(to))
		}
	}
	return b, len(b.cards) > 0
}
