package offload

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/conntrack"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
)

// TestFlowTablesAreFoundByTheRulesThatFillThem: each once, however many rules do.
func TestFlowTablesAreFoundByTheRulesThatFillThem(t *testing.T) {
	add := func(name string) netfilter.Expr {
		return netfilter.Expr{Name: "flow_offload", Data: attr.Append(nil, flowTableName, []byte(name+"\x00"))}
	}
	set := &netfilter.RuleSet{Tables: []netfilter.Table{{Chains: []netfilter.Chain{
		{Name: "forward", Rules: []netfilter.Rule{{Exprs: []netfilter.Expr{{Name: "meta"}, add("fast")}}, {Exprs: []netfilter.Expr{add("fast")}}}},
		{Name: "other", Rules: []netfilter.Rule{{Exprs: []netfilter.Expr{add("faster")}}, {Exprs: []netfilter.Expr{{Name: "flow_offload"}}}}},
	}}}}
	if got := tables(set); len(got) != 2 || got[0] != "fast" || got[1] != "faster" {
		t.Errorf("flow tables: %v", got)
	}
	if got := tables(&netfilter.RuleSet{}); got != nil {
		t.Errorf("of no rules: %v", got)
	}
}

// TestOnlyConnectionsOfTheSameKindGoPast: to the same place, also behind a translation,
// and none that every rule still sees.
func TestOnlyConnectionsOfTheSameKindGoPast(t *testing.T) {
	at := netip.MustParseAddrPort
	client, service, server := at("10.1.0.2:40000"), at("10.96.0.1:80"), at("10.2.0.2:8080")
	entry := func(proto byte, dst netip.AddrPort, answers netip.AddrPort, offloaded bool) conntrack.Entry {
		return conntrack.Entry{
			Original: conntrack.Tuple{Proto: proto, Src: client, Dst: dst}, Reply: conntrack.Tuple{Proto: proto, Src: answers, Dst: client}, Offloaded: offloaded,
		}
	}
	flow := flows.Flow{Proto: unix.IPPROTO_TCP, Src: client.Addr(), Dst: server.Addr(), SrcPort: 50000, DstPort: server.Port()}
	for _, c := range []struct {
		name string
		e    conntrack.Entry
		want int
	}{
		{"the same", entry(unix.IPPROTO_TCP, server, server, true), 1},
		{"by a service", entry(unix.IPPROTO_TCP, service, server, true), 1},
		{"not offloaded", entry(unix.IPPROTO_TCP, server, server, false), 0},
		{"another port", entry(unix.IPPROTO_TCP, at("10.2.0.2:81"), at("10.2.0.2:81"), true), 0},
		{"another protocol", entry(unix.IPPROTO_UDP, server, server, true), 0},
	} {
		if got := like([]conntrack.Entry{c.e}, flow); len(got) != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
