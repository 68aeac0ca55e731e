// Package tally reads what the rules of a namespace remember of the packets that have
// passed: their counters.
package tally

import (
	"fmt"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
)

// Rule is one rule that counts.
type Rule struct {
	Hook  string // empty in a chain that is only jumped to
	Chain string // as nft names it: "ip svc pre"; empty of a rule of iptables
	Text  string // the rule without the chain, or as iptables-save has it
	Rule  *netfilter.Rule
	Count // what it has counted
}

// Count is a number of packets and their bytes.
type Count struct{ Packets, Bytes uint64 }

// Line is the rule with what it has counted.
func (r Rule) Line() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s  %d", r.Chain, r.Text, r.Packets))
}

// Rules are those of a namespace that count, table by table. What iptables-legacy has
// counted is not among them.
func Rules(ns *nsenter.Namespace) ([]Rule, error) {
	rules, _, err := Read(ns)
	return rules, err
}

// Read is the Rules of a namespace, and the services that its rules know.
func Read(ns *nsenter.Namespace) ([]Rule, []Service, error) {
	set, err := netfilter.Read(ns)
	if err != nil {
		return nil, nil, err
	}
	return counting(set), Services(set), nil
}

func counting(set *netfilter.RuleSet) []Rule {
	var all []Rule
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			chain := &table.Chains[j]
			for k := range chain.Rules {
				rule := &chain.Rules[k]
				count, ok := counted(rule)
				if !ok {
					continue
				}
				one := Rule{Hook: chain.Hook, Rule: rule, Count: count}
				if rule.IPTables {
					one.Text = table.RuleLine(chain, rule)
				} else {
					one.Chain, one.Text = table.Family+" "+table.Name+" "+chain.Name, table.RuleText(rule)
				}
				all = append(all, one)
			}
		}
	}
	return all
}

// Attributes of a counter (enum nft_counter_attributes).
const counterBytes, counterPackets = 1, 2

// counted is what the counter of a rule says, if it has one.
func counted(rule *netfilter.Rule) (c Count, ok bool) {
	for _, x := range rule.Exprs {
		if x.Name != "counter" {
			continue
		}
		a := nfnl.Attrs(x.Data)
		return Count{Packets: a.Uint64(counterPackets), Bytes: a.Uint64(counterBytes)}, true
	}
	return Count{}, false
}
