// Package firewalld reads what firewalld has written: which zone a device is in, and which
// policy is for a packet, by the names of its chains and the rules that send packets there.
package firewalld

import (
	"iter"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// writtenChain matches the chain of a zone, or of a policy, as firewalld calls it in the table
// of its own, such as filter_IN_public_deny, and in those of iptables, such as FWD_public.
var writtenChain = regexp.MustCompile(`^(?:filter_|nat_)?(IN|FWD|OUT|POST)_(?:policy_)?(.+?)(?:_(pre|log|deny|allow|post))?$`)

// Chain is a chain that firewalld has for a zone, or for a policy.
type Chain struct {
	Way    string // IN, FWD, OUT or POST
	Name   string // of the zone, or of the policy
	Part   string // that it is of its rules, such as deny; "" for all of them
	Policy bool
}

// What the names of the chains have in them that share packets out among the zones, and
// among the policies.
const (
	zonesEnd = "_ZONES"
	policies = "_POLICIES_"
	early    = policies + "pre" // those that come before the rules of a zone
)

// ChainOf takes the name of the chain that decided apart, if firewalld has it for a zone or
// a policy. Which of the two is told by who sends packets there.
func ChainOf(r eval.Result) (Chain, bool) {
	m := writtenChain.FindStringSubmatch(r.In)
	if m == nil || r.Table == nil {
		return Chain{}, false
	}
	c := Chain{m[1], m[2], m[3], m[1] == "OUT"}
	whole := strings.TrimSuffix(r.In, "_"+c.Part)
	for rule := range dispatching([]netfilter.Table{*r.Table}, policies) {
		c.Policy = c.Policy || rule.Verdict.Chain == whole
	}
	return c, true
}

// dispatching yields the rules of the chains that have a part in their name by which
// firewalld shares packets out.
func dispatching(tables []netfilter.Table, part string) iter.Seq[*netfilter.Rule] {
	return func(yield func(*netfilter.Rule) bool) {
		for i := range tables {
			for j := range tables[i].Chains {
				chain := &tables[i].Chains[j]
				if !strings.Contains(chain.Name, part) {
					continue
				}
				for rule := range chain.Walk(nil) {
					if writtenChain.MatchString(rule.Verdict.Chain) && !yield(rule) {
						return
					}
				}
			}
		}
	}
}

// named is what firewalld calls whom a chain is for.
func named(chain string) string { return writtenChain.FindStringSubmatch(chain)[2] }

// devName is the name of a device as a rule compares it.
func devName(dev string) []byte {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, dev)
	return name
}

// byDevice reports whether a condition is about the device that a packet comes in or goes out by.
func byDevice(m netfilter.Match) bool {
	return len(m.Key) == 1 && (m.Key[0] == "iifname" || m.Key[0] == "oifname")
}

// Zone is the zone of firewalld that a device is in, by the tables, and whether it is in it
// by name, rather than because it is in no other; "" where firewalld rules nothing.
func Zone(tables []netfilter.Table, dev string) (zone string, byName bool) {
	for rule := range dispatching(tables, zonesEnd) {
		switch {
		case len(rule.Matches) == 0:
			return named(rule.Verdict.Chain), false
		case len(rule.Matches) == 1 && byDevice(rule.Matches[0]) && rule.Matches[0].Holds(devName(dev)):
			return named(rule.Verdict.Chain), true
		}
	}
	return "", false
}

// Policies reports whether the firewalld that wrote a table knows policies.
func Policies(t *netfilter.Table) bool {
	for i := range t.Chains {
		if strings.Contains(t.Chains[i].Name, policies) {
			return true
		}
	}
	return false
}

// Policy is one of firewalld's for what the packet that was stopped comes in by and goes out
// by, and which is asked before what decided in a zone; "" where there is none.
func Policy(r eval.Result, zone Chain) string {
	part := policies
	if zone.Part != "" {
		part = early
	}
	for rule := range dispatching([]netfilter.Table{*r.Table}, "FORWARD"+part) {
		holds := len(rule.Matches) > 0
		for _, m := range rule.Matches {
			holds = holds && len(m.Key) == 1 && (m.Key[0] == "iifname" && m.Holds(devName(r.Packet.IIF)) || m.Key[0] == "oifname" && m.Holds(devName(r.Packet.OIF)))
		}
		if holds {
			return named(rule.Verdict.Chain)
		}
	}
	return ""
}

// HasPolicy reports whether firewalld has a policy of that name in a table.
func HasPolicy(t *netfilter.Table, name string) bool {
	for rule := range dispatching([]netfilter.Table{*t}, policies) {
		if named(rule.Verdict.Chain) == name {
			return true
		}
	}
	return false
}
