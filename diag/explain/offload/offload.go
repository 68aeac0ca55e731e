// Package offload tells of connections that a flow table of nf_tables takes past the
// rules: once both directions have been seen, the packets of a connection that a rule
// has put there (`flow add @f`) go from device to device, and no rule of forward that
// is written later stops them (nf_flow_offload_ip_hook()).
package offload

import (
	"slices"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/say"
)

// What golang.org/x/sys/unix does not have of <linux/netfilter/nf_tables.h>.
const flowTableName = 1 // NFTA_FLOW_TABLE_NAME

// Said is what is to be said of a rule of forward that stops a connection or a
// datagram, where flow tables may take others past it; nil where none does.
func Said(f journey.Found, n *machine.Space) []say.Text {
	stopped, ok := f.Finding.(cause.Stopped)
	if !ok || stopped.Hook != "forward" || stopped.Flow.Echo() || n == nil {
		return nil
	}
	rules, err := netfilter.Read(n.NS)
	if err != nil {
		return nil
	}
	defer rules.Close()
	var said []say.Text
	for _, name := range tables(rules) {
		said = append(said, say.T("a rule puts connections into the flow table %s: those that are in it go past the rules of forward, this one too",
			"有规则把连接放进流表 %s：进了流表的连接不再经过 forward 的规则，也就不经过这一条", name))
	}
	if len(said) == 0 {
		return nil
	}
	all, err := conntrack.List(n.NS)
	if past := like(all, stopped.Flow); err == nil && len(past) > 0 {
		said = append(said, say.T("connections to the same port that are in a flow table now: %d, such as %s", "现在流表里到同一端口的连接：%d 个，例如 %s", len(past), past[0]))
	}
	return said
}

// tables are the names of the flow tables that rules put connections into.
func tables(set *netfilter.RuleSet) (names []string) {
	for _, t := range set.Tables {
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				for _, x := range r.Exprs {
					if name := tableOf(x); name != "" && !slices.Contains(names, name) {
						names = append(names, name)
					}
				}
			}
		}
	}
	return names
}

// tableOf is the flow table that an expression puts connections into; empty of another.
func tableOf(x netfilter.Expr) string {
	if x.Name != "flow_offload" {
		return ""
	}
	return nfnl.Attrs(x.Data).Text(flowTableName)
}

// like are the connections in a flow table that go where a flow would go.
func like(all []conntrack.Entry, f flows.Flow) (past []conntrack.Entry) {
	for _, e := range all {
		// Behind a translation, the packet in forward goes to where the answer comes from.
		to := e.Reply.Src
		if f.Reply {
			to = e.Reply.Dst
		}
		if e.Offloaded && e.Original.Proto == f.Proto && to.Addr() == f.Dst && (f.Reply || to.Port() == f.DstPort) {
			past = append(past, e)
		}
	}
	return past
}
