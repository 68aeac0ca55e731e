package explain_test

import (
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/hop"
	"nstutor/internal/lab/labtest"
)

// TestRulesThatDrawLotsAreToldWithTheirShares: without a ping it is a doubt, and all
// that may become of the packet is named.
func TestRulesThatDrawLotsAreToldWithTheirShares(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, rules string
		ways        []string
	}{
		{"one packet of four", `
host: nft add table ip f
host: nft 'add chain ip f c { type filter hook forward priority 0; }'
host: nft add rule ip f c numgen inc mod 4 3 drop`, []string{"drop (25%)", "accept (75%)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.rules)
			b := routed.build(t)
			b.run(c.rules)
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, false)
			if a.Verdict != explain.Undecided || b.script(a.Cause.Netns) != "host" {
				t.Errorf("%s in %s\n%s", a.Verdict, a.Cause.Netns, b.account(a))
			}
			for _, way := range c.ways {
				if !strings.Contains(a.Cause.Detail.In("en"), way) {
					t.Errorf("%q is not in %q", way, a.Cause.Detail.In("en"))
				}
			}
		})
	}
}

// TestAServiceThatRemembersItsClients: kube-proxy keeps a client at its pod by the match
// recent; a client that no list has is drawn for, and one that a list has goes there.
func TestAServiceThatRemembersItsClients(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	rules := `
host: iptables -t nat -N SVC
host: iptables -t nat -N SEP-B
host: iptables -t nat -N SEP-GONE
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j SVC
host: iptables -t nat -A SVC -m recent --rcheck --seconds 10800 --reap --name SEP-B --mask 255.255.255.255 --rsource -j SEP-B
host: iptables -t nat -A SVC -m recent --rcheck --seconds 10800 --reap --name SEP-GONE --mask 255.255.255.255 --rsource -j SEP-GONE
host: iptables -t nat -A SVC -m statistic --mode random --probability 0.5 -j SEP-B
host: iptables -t nat -A SVC -j SEP-GONE
host: iptables -t nat -A SEP-B -p tcp -m recent --set --name SEP-B --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A SEP-GONE -p tcp -m recent --set --name SEP-GONE --mask 255.255.255.255 --rsource -j DNAT --to-destination 192.168.6.1:8080`
	needTools(t, rules)
	b.run(rules)
	b.serve([]string{"pod-b tcp 0.0.0.0:8080"})
	c := breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}
	if a := b.explain(c, false); a.Cause.Code != service.NotListening || len(a.Backends) != 2 {
		t.Errorf("drawn for: %s, %d backends\n%s", a.Verdict, len(a.Backends), b.account(a))
	}
	remembered := func(at string) { b.run("host: echo +10.244.1.10 >/proc/net/xt_recent/" + at) }
	remembered("SEP-GONE")
	stays := func(h hop.Hop) bool {
		return strings.Contains(h.Detail.In("en"), "to which this source was sent before (-t nat -A SVC -m recent --rcheck --seconds 10800 --reap --name SEP-GONE --mask 255.255.255.255 --rsource -j SEP-GONE)")
	}
	if a := b.explain(c, false); a.Cause.Code != service.NotListening || len(a.Backends) != 0 || !slices.ContainsFunc(a.Hops, stays) {
		t.Errorf("kept at a pod that is gone: %s, %d backends\n%s", a.Verdict, len(a.Backends), b.account(a))
	}
	remembered("SEP-B")
	if a := b.explain(c, true); a.Verdict != explain.Delivered || len(a.Backends) != 0 {
		t.Errorf("kept at a pod that listens: %s\n%s", a.Verdict, b.account(a))
	}
}
