package explain_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/report"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// TestFlowsFromOtherPortsLinger: a new flow is answered, and those that a client began
// while the service had another backend still go there, until they are forgotten.
func TestFlowsFromOtherPortsLinger(t *testing.T) {
	labtest.Slow(t)
	for name, c := range map[string]struct {
		base         baseNetwork
		asks, to     string
		serve        string
		rule         string // with the backend to follow
		gone, better string
	}{
		"datagrams":   {masqueraded, "udp 53", "10.96.0.10", "pod-b udp 10.244.1.11:53", "iptables -t nat -%s PREROUTING 1 -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination ", "192.168.6.77", "10.244.1.11"},
		"connections": {masqueraded, "tcp 80", "10.96.0.10", "pod-b tcp 10.244.1.11:80", "iptables -t nat -%s PREROUTING 1 -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination ", "192.168.6.77", "10.244.1.11"},
		"no backend":  {masqueraded, "udp 53", "10.96.0.10", "pod-b udp 10.244.1.11:53", "iptables -t nat -%s PREROUTING 1 -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination ", "", "10.244.1.11"},
		"IPv6":        {bridged6, "udp 53", "fd00:96::10", "inet udp [fd00:203::10]:53", "ip6tables -t nat -%s PREROUTING 1 -d fd00:96::10 -p udp --dport 53 -j DNAT --to-destination ", "fd00:6::77", "fd00:203::10"},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.base.build(t)
			b.serve([]string{c.serve})
			flow := breakage{from: "pod-a", to: c.to, asks: c.asks}
			proto, port := flow.asked()
			rule := func(how, backend string) { b.run("host: " + strings.Replace(c.rule, "%s", how, 1) + backend) }
			how := "I"
			if c.gone != "" {
				rule("I", c.gone)
				how = "R"
			}
			for _, from := range []uint16{5353, 5354} {
				first := probe.Dial{Dst: netip.AddrPortFrom(netip.MustParseAddr(c.to), port), SrcPort: from, Payload: []byte("hello"), Timeout: 200 * time.Millisecond}
				if proto == 6 {
					probe.Connect(t.Context(), b.space("pod-a"), first)
				} else {
					probe.Exchange(t.Context(), b.space("pod-a"), first)
				}
			}
			if a := b.explain(flow, false); len(a.Lingering) > 0 {
				t.Errorf("while the rules send all flows there: %+v", a.Lingering)
			}
			rule(how, c.better)
			for _, probed := range []bool{false, true} {
				a := b.explain(flow, probed)
				if a.Verdict != explain.Delivered || len(a.Fix) > 0 || len(a.Lingering) != 1 {
					t.Fatalf("%s, %+v\n%s", a.Verdict, a.Lingering, b.account(a))
				}
				l := a.Lingering[0]
				if !slices.Equal(l.SrcPorts, []uint16{5353, 5354}) || l.Cause.Code != service.StaleConntrack || l.Cause.Netns != b.real("host") || len(l.Fix) != 2 {
					t.Errorf("%+v", l)
				}
				for _, lang := range []string{"en", "zh"} {
					said := report.Of(a, lang)
					if !slices.ContainsFunc(said, func(l report.Line) bool { return l.Kind == report.Next && strings.Contains(l.Text, "5354") }) {
						t.Errorf("it is not told: %+v", said)
					}
				}
			}
			kept := flow
			kept.sport = 5353
			if r := b.ask(kept, kept.journey()); r.Outcome == probe.Replied {
				t.Error("the old flow is answered")
			}
			for _, fix := range b.explain(flow, false).Lingering[0].Fix {
				b.apply(fix)
			}
			if r := b.eventuallyAsk(kept); r.Outcome != probe.Replied {
				t.Errorf("after the fix: %s", r.Message)
			}
			if a := b.explain(flow, false); len(a.Lingering) > 0 {
				t.Errorf("after the fix: %+v", a.Lingering)
			}
		})
	}
}
