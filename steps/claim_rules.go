package steps

import (
	"context"

	"nstutor/diag/netfilter"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// RulesIn claims that the packet filter of a namespace has rules, or none at all.
type RulesIn struct {
	Netns string
	None  bool
}

func (c RulesIn) Promised(*lab.Lab) say.Text {
	if c.None {
		return about(c.Netns, "iptables-save", say.T("no rule", "没有规则"))
	}
	return about(c.Netns, "iptables-save", say.T("rules", "有规则"))
}

func (c RulesIn) Look(_ context.Context, l *lab.Lab, _ *Evidence) (say.Text, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	set, err := netfilter.Read(ns)
	if err != nil {
		return say.Text{}, false, err
	}
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			if chain := &table.Chains[j]; len(chain.Rules) > 0 {
				return say.Quote(table.RuleLine(chain, &chain.Rules[0])), !c.None, nil
			}
		}
	}
	return say.T("no rule", "没有规则"), c.None, nil
}
