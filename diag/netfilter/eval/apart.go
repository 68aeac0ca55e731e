package eval

import (
	"regexp"
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// MeantApart reports whether the rule that decided is there to keep networks
// apart, or those of one network: to open it is no repair.
func (r Result) MeantApart() bool {
	if r.Decided == nil {
		return false
	}
	switch {
	case strings.Contains(strings.ToUpper(r.In), "ISOLATION"), r.In == "DOCKER-INTERNAL", strings.HasPrefix(r.Decided.Comment, "INTERNAL NETWORK"):
		return true
	case r.Decided.Comment == "ICC", strings.HasPrefix(r.In, "DOCKER") && r.In != dockerUser && r.Packet.IIF != "" && r.Packet.IIF == r.Packet.OIF:
		return true
	}
	return r.betweenNetworks() || r.withinNetwork()
}

// KeptIn is the rule, as its tool prints it, that keeps in a network what it sends: Docker
// has one for each network without a way out. It is empty where there is none.
func KeptIn(rules *netfilter.RuleSet, bridge string) string {
	for i := range rules.Tables {
		for k := range rules.Tables[i].Chains {
			chain := &rules.Tables[i].Chains[k]
			if chain.Name != "DOCKER-INTERNAL" && chain.Name != "DOCKER-ISOLATION-STAGE-1" && !strings.HasSuffix(chain.Name, "__"+bridge) {
				continue
			}
			for rule := range chain.Walk(nil) {
				within := slices.ContainsFunc(rule.Matches, func(m netfilter.Match) bool {
					return m.Not && len(m.Key) == 1 && (m.Key[0] == "ip daddr" || m.Key[0] == "ip6 daddr")
				})
				byIPTables := rule.Verdict.Kind == netfilter.VerdictDrop && within && device(rule, "iifname", false) == bridge
				if byIPTables || strings.HasPrefix(rule.Comment, "INTERNAL NETWORK EGRESS") && strings.HasSuffix(chain.Name, "__"+bridge) {
					return rules.Tables[i].RuleLine(chain, rule)
				}
			}
		}
	}
	return ""
}

// DockerBridge matches a bridge that Docker names itself: by what a network's ID begins with.
var DockerBridge = regexp.MustCompile(`^(?:docker0|br-[0-9a-f]{12})$`)

// withinNetwork reports whether the rule keeps those of one network of Docker's from
// each other (icc=false). Docker 20 has it in FORWARD itself, and later ones in a chain of
// theirs.
func (r Result) withinNetwork() bool {
	dev := r.Packet.IIF
	return r.Decided != nil && r.Decided.IPTables && r.In == "FORWARD" && dev == r.Packet.OIF && DockerBridge.MatchString(dev) &&
		device(r.Decided, "iifname", false) == dev && device(r.Decided, "oifname", false) == dev && LeadsTo(r.Chain, dockerUser, nil)
}

// dockerUser is the chain that Docker leaves to its users.
const dockerUser = "DOCKER-USER"

// own is the device of a rule that is for what comes from any other one.
func own(rule *netfilter.Rule) (dev string, ok bool) {
	dev = device(rule, "iifname", true)
	return dev, dev != ""
}

// device is the only one that a rule names for a key, or, with not, all but which it is for.
func device(rule *netfilter.Rule, key fields.Name, not bool) string {
	for _, m := range rule.Matches {
		if m.Not == not && len(m.Key) == 1 && m.Key[0] == key && len(m.OneOf) == 1 {
			return strings.TrimRight(string(m.OneOf[0][0].Lo), "\x00")
		}
	}
	return ""
}

// AsksType reports whether a rule asks for a type of ICMP.
func AsksType(rule *netfilter.Rule) bool {
	return rule != nil && slices.ContainsFunc(rule.Matches, func(m netfilter.Match) bool {
		return slices.Contains(m.Key, "icmp type") || slices.Contains(m.Key, "icmpv6 type")
	})
}

// betweenNetworks reports whether the rule keeps a network from others of its kind:
// it is for what does not come from its own device, and another one beside it is so
// for the device that the packet came from. Docker protects each of its networks so.
func (r Result) betweenNetworks() bool {
	if r.Decided == nil || r.Table == nil || r.Packet.IIF == "" {
		return false
	}
	for i := range r.Table.Chains {
		chain := &r.Table.Chains[i]
		if chain.Name != r.In {
			continue
		}
		dev, ok := own(r.Decided)
		if !ok {
			return r.Decided.Comment == "UNPUBLISHED PORT DROP" && r.jumpsTo(strings.Split(r.In, "__")[0]+"__"+r.Packet.IIF)
		}
		return dev != r.Packet.IIF && drops(chain, r.Packet.IIF)
	}
	return false
}

// jumpsTo reports whether there is a chain of that name.
func (r Result) jumpsTo(name string) bool {
	for i := range r.Table.Chains {
		if r.Table.Chains[i].Name == name {
			return true
		}
	}
	return false
}

// LeadsTo reports whether a rule of the chain sends packets to another one: a chain
// may be there that nothing comes to any more. Where that is too late for a rule of the chain,
// which has decided before, it does not; nil is no rule.
func LeadsTo(chain *netfilter.Chain, other string, before *netfilter.Rule) bool {
	for rule := range chain.Walk(nil) {
		if rule == before {
			return false
		}
		if rule.Verdict.Chain == other {
			return true
		}
	}
	return false
}
