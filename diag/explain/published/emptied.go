package published

import (
	"slices"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// Emptied reports whether what decided about a packet is the policy of FORWARD, or the last of
// Docker's own rules, where the chains are empty, or nothing leads to them any more, by which
// Docker lets the packets of its bridges pass, and the packet is of one.
func Emptied(r eval.Result, hook string) bool {
	if hook != "forward" || r.Decided != nil && r.In != docker || r.Table == nil || r.Chain == nil {
		return false
	}
	devs := []string{r.Packet.IIF, r.Packet.OIF}
	ofDocker := slices.ContainsFunc(devs, eval.DockerBridge.MatchString)
	written, lost := false, false
	for i := range r.Table.Chains {
		c := &r.Table.Chains[i]
		if !slices.Contains(opening, c.Name) {
			continue
		}
		written = true
		lost = lost || !ruled(c) || !reached(r.Table, c.Name)
		ofDocker = ofDocker || slices.ContainsFunc(devs, func(dev string) bool { return names(c, dev) })
	}
	return written && lost && ofDocker
}

// opening are the chains by which Docker lets packets of its bridges pass, each with a rule for
// every one of them.
var opening = []string{"DOCKER-FORWARD", "DOCKER-CT", "DOCKER-BRIDGE", docker}

// ruled reports whether a chain has a rule.
func ruled(c *netfilter.Chain) bool {
	for range c.Walk(nil) {
		return true
	}
	return false
}

// reached reports whether a rule of a table leads to a chain.
func reached(t *netfilter.Table, chain string) bool {
	return slices.ContainsFunc(t.Chains, func(c netfilter.Chain) bool { return eval.LeadsTo(&c, chain, nil) })
}
