package mended

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// sent is a request that a namespace has a rule for, which sends it elsewhere.
type sent struct {
	space *machine.Space
	flow  flows.Flow
	to    netip.AddrPort
}

// Send supposes that a rule of a namespace sends a request on to an address and a port.
func (m *Network) Send(n *machine.Space, f flows.Flow, to netip.AddrPort) {
	m.sent = append(slices.Clip(m.sent), sent{n, f, to})
}

// Sends reports whether that is supposed of a request.
func (m *Network) Sends(n *machine.Space, f flows.Flow) bool {
	return slices.ContainsFunc(m.sent, func(s sent) bool { return s.space == n && s.flow == f })
}

// Rules is the packet filter of a namespace, with what is supposed to be in it.
func (m *Network) Rules(n *machine.Space) (*netfilter.RuleSet, error) {
	rules, err := n.Rules()
	for _, s := range m.sent {
		if err == nil && s.space == n {
			with := *rules
			with.Tables = append(slices.Clip(rules.Tables), s.table())
			rules = &with
		}
	}
	return rules, err
}

// dnatPriority is that of chains of nat at the hooks of what comes in, and is made here
// (NF_IP_PRI_NAT_DST).
const dnatPriority = -100

// table is one with the rule alone.
func (s sent) table() netfilter.Table {
	family, port := "ip", binary.BigEndian.AppendUint16(nil, s.flow.DstPort)
	if s.flow.Dst.Is6() {
		family = "ip6"
	}
	is := func(field string, value []byte) netfilter.Match {
		return netfilter.Match{Key: []fields.Name{fields.Name(field)}, OneOf: []fields.Tuple{{fields.Exactly(value)}}}
	}
	rule := netfilter.Rule{
		Matches: []netfilter.Match{
			is("meta l4proto", []byte{s.flow.Proto}), is(family+" daddr", s.flow.Dst.AsSlice()), is(flows.Protocol(s.flow.Proto)+" dport", port),
		},
		Verdict: netfilter.Verdict{
			Kind: netfilter.VerdictDNAT, Addr: netfilter.AddrRange{Min: s.to.Addr(), Max: s.to.Addr()}, Port: netfilter.PortRange{Min: s.to.Port(), Max: s.to.Port()},
		},
	}
	t := netfilter.Table{Family: family, Name: "nat"}
	for _, hook := range []string{"prerouting", "output"} {
		t.Chains = append(t.Chains, netfilter.Chain{Name: hook, Hook: hook, Type: "nat", Priority: dnatPriority, Policy: "accept", Rules: []netfilter.Rule{rule}})
	}
	return t
}
