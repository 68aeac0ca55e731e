package explain_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// TestAFlowGoesWhereItWasRememberedToGo: datagrams from one port go on to the backend
// of the first one, which is gone, while those from another port are answered. What
// the fix has forgotten goes where the rules say.
func TestAFlowGoesWhereItWasRememberedToGo(t *testing.T) {
	labtest.Slow(t)
	rule := func(backend string) string {
		if backend == "" {
			return "host: iptables -t nat -F PREROUTING"
		}
		return "host: iptables -t nat -F PREROUTING\nhost: iptables -t nat -A PREROUTING -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination " + backend
	}
	for name, c := range map[string]struct {
		before, after string // the backend in the rules
		code          cause.Code
	}{
		"no service yet":                         {"", "10.244.1.11", service.StaleConntrack},
		"a backend that is gone":                 {"192.168.6.77", "10.244.1.11", service.StaleConntrack},
		"the backend that the rules still name":  {"192.168.6.77", "192.168.6.77", cause.DestinationAbsent},
		"a backend that no rule names, but well": {"10.244.1.11", "192.168.6.77", cause.None},
	} {
		t.Run(name, func(t *testing.T) {
			b := masqueraded.build(t)
			b.serve([]string{"pod-b udp 10.244.1.11:53"})
			flow := breakage{from: "pod-a", to: "10.96.0.10", asks: "udp 53", sport: 5353}
			b.run(rule(c.before))
			first := probe.Dial{Dst: netip.MustParseAddrPort("10.96.0.10:53"), SrcPort: flow.sport, Payload: []byte("hello"), Timeout: 200 * time.Millisecond}
			probe.Exchange(t.Context(), b.space("pod-a"), first)
			b.run(rule(c.after))
			for _, probed := range []bool{false, true} {
				a := b.explain(flow, probed)
				if a.Cause.Code != c.code || (a.Verdict == explain.Delivered) != (c.code == cause.None) {
					t.Fatalf("with a probe: %v: %s\n%s", probed, a.Verdict, b.account(a))
				}
				if c.code != service.StaleConntrack || !probed {
					continue
				}
				if len(a.Fix) != 1 || len(a.Next) > 0 || a.Cause.Netns != b.real("host") {
					t.Errorf("the fix and what comes next: %s", b.account(a))
				}
				for _, fix := range a.Fix {
					b.apply(fix)
				}
				if r := b.eventuallyAsk(flow); r.Outcome != probe.Replied {
					t.Errorf("after the fix: %s", r.Message)
				}
				another := flow
				another.sport = 0
				if a := b.explain(another, true); a.Verdict != explain.Delivered {
					t.Errorf("from another port: %s\n%s", a.Verdict, b.account(a))
				}
			}
		})
	}
}

// TestAFlowKeepsTheSourceThatItBeganWith: the rule that masquerades came after the first
// datagram, and is never asked about those behind it.
func TestAFlowKeepsTheSourceThatItBeganWith(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.serve([]string{"inet udp 203.0.113.10:5060"})
	flow := breakage{from: "pod-a", to: "203.0.113.10", asks: "udp 5060", sport: 5353}
	b.run("host: iptables -t nat -F POSTROUTING\nhost: iptables -t nat -A POSTROUTING -s 10.99.0.0/16 -j MASQUERADE")
	first := probe.Dial{Dst: netip.MustParseAddrPort("203.0.113.10:5060"), SrcPort: flow.sport, Payload: []byte("hello"), Timeout: 200 * time.Millisecond}
	probe.Exchange(t.Context(), b.space("pod-a"), first)
	b.run("host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE")
	a := b.explain(flow, true)
	if a.Cause.Code != service.StaleConntrack || a.Cause.Netns != b.real("host") || len(a.Fix) != 1 {
		t.Fatal(b.account(a))
	}
	b.apply(a.Fix[0])
	if r := b.eventuallyAsk(flow); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s", r.Message)
	}
}

// TestAFlowFromBeforeItsRule: what would take it now is told, and no other address.
func TestAFlowFromBeforeItsRule(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.serve([]string{"pod-b udp 10.244.1.11:53"})
	b.run("host: ip addr add 192.168.6.161/24 dev eth0")
	flow := breakage{from: "pod-a", to: "192.168.6.160", asks: "udp 53", sport: 5353}
	first := probe.Dial{Dst: netip.MustParseAddrPort("192.168.6.160:53"), SrcPort: flow.sport, Payload: []byte("hello"), Timeout: 200 * time.Millisecond}
	probe.Exchange(t.Context(), b.space("pod-a"), first)
	b.run("host: iptables -t nat -A PREROUTING -p udp --dport 53 -j DNAT --to-destination 10.244.1.11")
	a := b.explain(flow, false)
	if a.Cause.Code != service.StaleConntrack || strings.Contains(a.Cause.Detail.In("en"), "192.168.6.161") {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}
