package eval

import (
	"regexp"
	"slices"

	"nstutor/diag/netfilter"
)

// Panics reports whether it is the panic mode of firewalld that stops the packet: in the tables
// of iptables, each base chain of a table drops what none of its rules takes.
func (r Result) Panics() bool {
	if r.Table == nil || r.Table.Name == "firewalld_policy_drop" {
		return r.Table != nil
	}
	if r.Decided != nil || r.Chain == nil || !LeadsTo(r.Chain, r.Chain.Name+directEnd, nil) {
		return false
	}
	return !slices.ContainsFunc(r.Table.Chains, func(c netfilter.Chain) bool { return c.Policy == "accept" })
}

// directEnd is what the names of the chains end in that have the rules which firewalld was
// given as they are.
const directEnd = "_direct"

// Direct reports whether the chain that decided is one of those.
func (r Result) Direct() bool {
	return r.Chain != nil && r.In == r.Chain.Name+directEnd && LeadsTo(r.Chain, r.In, nil)
}

// ofZone matches the chain of a zone or a policy of firewalld, in the tables of iptables.
var ofZone = regexp.MustCompile(`^(?:IN|FWD|OUT|POST)_.`)

// byFirewalld reports whether the chain that decided is one of firewalld's in the tables of
// iptables, where the name of the table does not tell.
func (r Result) byFirewalld() bool {
	return r.Panics() || r.Direct() || ofZone.MatchString(r.In) && (r.jumpsTo("FORWARD_ZONES") || r.jumpsTo("INPUT_ZONES"))
}
