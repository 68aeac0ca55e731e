package explain_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/lab/labtest"
)

// openRules is rules, as they are read while a packet meets them.
func (w *filterWorld) openRules() *netfilter.RuleSet {
	w.t.Helper()
	set, err := netfilter.Open(w.r)
	w.must(err)
	w.t.Cleanup(set.Close)
	return set
}

// TestAnOpenSetDecidesAsOneThatWasRead passes packets through all the rule sets
// that predictions are tested with, at every hook.
func TestAnOpenSetDecidesAsOneThatWasRead(t *testing.T) {
	labtest.Slow(t)
	ignore := cmp.Options{
		cmpopts.IgnoreFields(eval.Result{}, "Table", "Chain", "Decided", "Doubted"), // of the one set or of the other
		cmp.Exporter(func(t reflect.Type) bool { return t.PkgPath() == reflect.TypeFor[eval.Packet]().PkgPath() }),
		cmp.Comparer(func(a, b eval.Place) bool { // the same rule, of the one set or of the other
			return a.Rule == nil && b.Rule == nil || a.Rule != nil && b.Rule != nil && a.Line() == b.Line()
		}),
		cmpopts.EquateComparable(eval.Translation{}, netip.Addr{}, netip.AddrPort{}),
	}
	eachFilter(t, func(w *filterWorld, c filterCase) {
		whole, open := w.rules(), w.openRules()
		request := eval.Packet{Src: filterAddrA, Dst: filterAddrB, Proto: 1, ICMPType: 8, CTState: eval.CTNew, Length: 84, TTL: 64}
		if c.dst.IsValid() {
			request.Dst = c.dst
		}
		reply := eval.Packet{Src: request.Dst, Dst: request.Src, Proto: 1, CTState: eval.CTEstablished, Length: 84, TTL: 64}
		for _, p := range []eval.Packet{request, reply} {
			for _, hook := range []string{"prerouting", "input", "forward", "output", "postrouting"} {
				p.IIF, p.OIF = "ra", "rb"
				want := eval.Traverse(whole, hook, p, w)
				if diff := cmp.Diff(want, eval.Traverse(open, hook, p, w), ignore); diff != "" {
					w.t.Errorf("%s of %s > %s: read at once (-), open (+):\n%s\n%s", hook, p.Src, p.Dst, diff, whole)
				}
			}
		}
		if err := open.Err(); err != nil {
			w.t.Error(err)
		}
	})
}

// TestRulesThatChangeMeanwhileDecideAsTheyAreNow changes a set that a packet has
// met already.
func TestRulesThatChangeMeanwhileDecideAsTheyAreNow(t *testing.T) {
	w := newFilterWorld(t)
	var accept strings.Builder
	for i := range 300 {
		fmt.Fprintf(&accept, " ip daddr 10.9.%d.%d accept\n", i>>8, i&255)
	}
	if !w.install("nft", "table ip t { chain f { type filter hook forward priority 0; policy drop;\n ip saddr 10.1.0.2 accept\n"+accept.String()+"} }\n") {
		return
	}
	set := w.openRules()
	p := eval.Packet{Src: filterAddrA, Dst: filterAddrB, Proto: 1, ICMPType: 8, CTState: eval.CTNew, IIF: "ra", OIF: "rb"}
	if r := eval.Traverse(set, "forward", p, w); r.Verdict != eval.VerdictAccept {
		t.Fatalf("%+v", r)
	}
	w.install("nft", "add rule ip t f ip saddr 10.1.0.9 accept\n")
	p.Src = filterAddrRA // what was read of the rules does not decide this one
	if r := eval.Traverse(set, "forward", p, w); r.Verdict != eval.VerdictDrop || r.Rule != "policy drop" {
		t.Errorf("%+v", r)
	}
	w.install("nft", "delete table ip t\n")
	if r := eval.Traverse(set, "forward", p, w); r.Verdict != eval.VerdictDrop {
		t.Errorf("all that it needs was read before: %+v", r)
	}
	if r := eval.Traverse(w.openRules(), "forward", p, w); r.Verdict != eval.VerdictAccept {
		t.Errorf("there are no rules any more: %+v", r)
	}
}
