// Package ruled has the condition that a hook has a rule of some kind, whichever program
// wrote it and whatever its chain is called.
package ruled

import (
	"errors"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Rule is what a hook is to have.
type Rule struct {
	Netns, Hook string
	Want        say.Text
	Kind        func(*netfilter.Rule) bool // it does what is asked for
	Fits        func(*netfilter.Rule) bool // to all that it is asked for
}

// Conditions are the one, in the rules of IPv4. A rule of the kind that does not fit is
// what is seen instead.
func (r Rule) Conditions(l *lab.Lab) []steps.Condition {
	c := steps.Condition{Table: change.In(r.Netns, "nft", "list", "ruleset"), Want: r.Want}
	set, err := read(l, r.Netns)
	if err != nil {
		if !errors.Is(err, lab.ErrNoNamespace) {
			c.Err = err
		}
		return []steps.Condition{c}
	}
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			chain := &table.Chains[j]
			if chain.Hook != r.Hook || table.Family != "ip" && table.Family != "inet" {
				continue
			}
			for k := range chain.Rules {
				rule := &chain.Rules[k]
				switch {
				case !r.Kind(rule):
				case r.Fits(rule):
					c.Met = true
				case c.Seen == "":
					c.Seen = table.RuleLine(chain, rule)
				}
			}
		}
	}
	if c.Met {
		c.Seen = ""
	}
	return []steps.Condition{c}
}

// read reads the rules of a namespace of the lab.
func read(l *lab.Lab, netns string) (*netfilter.RuleSet, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return netfilter.Read(ns)
}

// Counts reports whether a rule counts; those of iptables all do.
func Counts(rule *netfilter.Rule) bool {
	if rule.IPTables {
		return true
	}
	for _, x := range rule.Exprs {
		if x.Name == "counter" {
			return true
		}
	}
	return false
}
