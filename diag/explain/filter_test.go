package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

func TestThePredictionIsWhatThePacketFilterDoes(t *testing.T) {
	labtest.Slow(t)
	eachFilter(t, func(w *filterWorld, c filterCase) { w.compare(c) })
}

// eachFilter installs the rules of each case, those of iptables by both of its
// variants, and tries it in a world that has none else. There are some worlds, and in
// each of them one case at a time.
func eachFilter(t *testing.T, try func(w *filterWorld, c filterCase)) {
	t.Helper()
	cases := slices.Concat(filterNativeCases, filterNATCases, filterUnknownCases, filterLoopCases, filterMixedCases)
	for _, tool := range []string{"iptables-nft", "iptables-legacy"} {
		for _, c := range filterIPTablesCases {
			c.tool = tool
			cases = append(cases, c)
		}
	}
	worlds := make(chan *filterWorld, 4)
	for i := range cap(worlds) {
		worlds <- newFilterWorldOf(t, fmt.Sprintf("filter%d", i))
	}
	abreast(cases, func(c filterCase) {
		w := <-worlds
		t.Run(c.tool+"/"+c.name, func(t *testing.T) {
			w.t = t
			w.clear()
			if (c.legacy == "" || w.install("iptables-legacy", c.legacy)) && w.install(c.tool, c.rules) {
				try(w, c)
			}
		})
		worlds <- w
	})
}

// clear takes all rules out of r, and forgets its connections.
func (w *filterWorld) clear() {
	w.t.Helper()
	w.install("nft", "flush ruleset\n")
	w.must(w.handle(w.r).ConntrackTableFlush(netlink.ConntrackTable))
	set := w.rules()
	for i := range set.Tables {
		if table := &set.Tables[i]; table.Legacy {
			for _, chain := range table.Chains {
				if chain.Hook != "" {
					w.install("iptables-legacy", "-t "+table.Name+" -P "+chain.Name+" ACCEPT\n")
				}
			}
			w.install("iptables-legacy", "-t "+table.Name+" -F\n-t "+table.Name+" -X\n")
		}
	}
}

// compare sends the ping that was predicted.
func (w *filterWorld) compare(c filterCase) {
	w.t.Helper()
	from, dst := w.a, c.dst
	if c.fromR {
		from = w.r
	}
	if !dst.IsValid() {
		dst = filterAddrB
	}
	predicted := w.predict(from, dst)
	if predicted.unknown != c.unknown {
		w.t.Errorf("unknown is %v, want %v", predicted.unknown, c.unknown)
	}
	if c.unknown {
		last := predicted.results[len(predicted.results)-1]
		if len(last.Unsure) == 0 && predicted.unknown {
			w.t.Errorf("no rule is named in %+v", predicted.results)
		}
		return
	}
	wait := 100 * time.Millisecond
	if predicted.Replied {
		wait = 4 * time.Second
	}
	seen, result := w.ping(from, dst, wait)
	if seen != predicted.filterSeen {
		w.t.Errorf("predicted %+v, but seen %+v (%s)\n%s", predicted.filterSeen, seen, result.Message, w.describe(predicted))
	}
	if !seen.Replied {
		last := predicted.results[len(predicted.results)-1]
		if len(last.Unsure) > 0 {
			return
		}
		if last.At == "" || last.Rule == "" || last.Verdict == eval.VerdictReject != (result.Outcome != probe.Silent && result.Outcome != probe.NotPermitted) {
			w.t.Errorf("%s: predicted %+v", result.Message, last)
		}
	}
}

func (w *filterWorld) describe(j *filterJourney) string {
	var b strings.Builder
	for _, r := range j.results {
		b.WriteString(string(r.Verdict) + " at " + r.At + ": " + r.Rule + " " + strings.Join(r.Unsure, "; ") + "\n")
	}
	return b.String() + w.rules().String()
}

func TestTheResultNamesWhatDecided(t *testing.T) {
	w := newFilterWorld(t)
	rules := "table ip t { chain x { ip daddr 10.2.0.2 reject with icmp host-prohibited\n}\n" +
		" chain f { type filter hook forward priority 0;\n ip daddr 10.2.0.3 drop\n limit rate 1/second jump x\n jump x\n} }\n" +
		"table ip n { chain c { type nat hook prerouting priority 0;\n ip daddr 10.9.9.9 dnat to 10.2.0.2\n} }\n"
	if !w.install("nft", rules) {
		return
	}
	p := eval.Packet{Src: filterAddrA, Dst: netip.MustParseAddr("10.9.9.9"), Proto: 1, ICMPType: 8, CTState: eval.CTNew, IIF: "ra"}
	before := eval.Traverse(w.rules(), "prerouting", p, w)
	want := eval.Translation{Kind: "dnat", Old: p.Dst, New: filterAddrB, Rule: "ip n c ip daddr 10.9.9.9 dnat to 10.2.0.2", Table: "n"}
	if before.NAT == nil || *before.NAT != want {
		t.Errorf("translation %+v, want %+v", before.NAT, want)
	}
	before.Packet.OIF = "rb"
	got := eval.Traverse(w.rules(), "forward", before.Packet, w)
	if got.Verdict != eval.VerdictReject || got.At != "ip t f" || got.RejectWith != "icmp host-prohibited" ||
		got.Rule != "ip t x ip daddr 10.2.0.2 reject with icmp host-prohibited" || got.Unsure != nil {
		t.Errorf("got %+v", got)
	}
	if line := got.Line(); line != "ip t f: "+got.Rule {
		t.Errorf("a rule of another chain: %q", line)
	}
	before.Packet.Dst = netip.MustParseAddr("10.2.0.3")
	if line := eval.Traverse(w.rules(), "forward", before.Packet, w).Line(); line != "ip t f ip daddr 10.2.0.3 drop" {
		t.Errorf("a rule of the base chain: %q", line)
	}
	if got.Table == nil || got.Table.Name != "t" || got.Chain == nil || got.Chain.Name != "f" || got.Decided == nil {
		t.Errorf("decided by %v %v %v", got.Table, got.Chain, got.Decided)
	}
}

// BenchmarkTraverse is a node with the rules of so many pods, none of which
// is for this packet.
func BenchmarkTraverse(b *testing.B) {
	for _, pods := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(pods), func(b *testing.B) {
			chain := netfilter.Chain{Name: "FORWARD", Hook: "forward", Type: "filter", Policy: "accept"}
			for i := range 3 * pods {
				addr := []byte{10, 244, byte(i >> 8), byte(i)}
				chain.Rules = append(chain.Rules, netfilter.Rule{
					Matches: []netfilter.Match{{Key: []fields.Name{"ip daddr"}, OneOf: []fields.Tuple{{{Lo: addr, Hi: addr}}}}},
					Verdict: netfilter.Verdict{Kind: netfilter.VerdictDrop},
				})
			}
			set := &netfilter.RuleSet{Tables: []netfilter.Table{{Family: "ip", Name: "filter", Chains: []netfilter.Chain{chain}}}}
			p := eval.Packet{Src: filterAddrA, Dst: filterAddrB, Proto: 1, CTState: eval.CTNew}
			for b.Loop() {
				if r := eval.Traverse(set, "forward", p, nil); r.Verdict != eval.VerdictAccept {
					b.Fatal(r)
				}
			}
		})
	}
}
