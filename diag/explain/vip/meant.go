package vip

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/tally"
)

// Meant is the finding of a packet that a rule stops: what kube-proxy means by it, where
// it is one of its, or else the rule.
func Meant(n *machine.Space, s cause.Stopped) cause.Finding {
	switch {
	case service.IsEndless(s):
		return service.Endless{Stopped: s}
	case service.IsUnallocated(s):
		return service.Unallocated{Stopped: s}
	}
	if ranges := sourceRanges(n, s); len(ranges) > 0 {
		return service.OutOfRanges{Stopped: s, Ranges: ranges}
	}
	return s
}

// The chains of kube-proxy that stop what is not from a service's source ranges: by nft
// one a service, and by iptables, where a chain KUBE-FW-… of nat translates what is from
// them, those for the rest of it, of today's and of one before 1.26 (proxier.go).
const (
	firewallNft = "firewall-"
	firewall    = "KUBE-FW-"
)

var firewallDrops = []string{"KUBE-PROXY-FIREWALL", "KUBE-FIREWALL"}

// sourceRanges are those of the service that a stopped packet is for, where its source is
// in none of them; empty where that is not why it is stopped.
func sourceRanges(n *machine.Space, s cause.Stopped) (all []netip.Prefix) {
	r := s.Result
	if s.Flow.Echo() || r.Verdict != eval.VerdictDrop || r.Decided == nil || r.Owner() != "kube-proxy" {
		return nil
	}
	switch {
	case strings.HasPrefix(r.In, firewallNft):
		all = sources(r.Decided.Matches, true)
	case slices.Contains(firewallDrops, r.In):
		for _, rule := range firewallOf(n, s) {
			all = append(all, sources(rule.Matches, false)...)
		}
	}
	itself := func(p netip.Prefix) bool { return p.IsSingleIP() && p.Addr() == s.Flow.Dst }
	if all = slices.DeleteFunc(all, itself); slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(s.Flow.Src) }) {
		return nil
	}
	return all
}

// firewallOf are the rules of the chain that kube-proxy has in nat for the source ranges
// of the service that a packet is for.
func firewallOf(n *machine.Space, s cause.Stopped) []netfilter.Rule {
	rules, err := netfilter.Read(n.NS)
	if err != nil {
		return nil
	}
	for _, known := range tally.Services(rules) {
		if known.Dst != s.Flow.Dst || !known.Takes(s.Flow.Proto, s.Flow.DstPort) || !strings.HasPrefix(known.Chain, firewall) {
			continue
		}
		for i := range rules.Tables {
			if c, ok := rules.Tables[i].Chain(known.Chain); ok {
				return c.Rules
			}
		}
	}
	return nil
}

// sources are the networks that conditions ask the source to be in, or, with not, not to
// be in.
func sources(matches []netfilter.Match, not bool) (all []netip.Prefix) {
	for _, m := range matches {
		if m.Not != not || len(m.Key) != 1 || m.Key[0] != "ip saddr" && m.Key[0] != "ip6 saddr" {
			continue
		}
		for _, one := range m.OneOf {
			if addr, ok := netip.AddrFromSlice(one[0].Lo); ok && m.Mask != nil {
				bits, _ := net.IPMask(m.Mask).Size()
				all = append(all, netip.PrefixFrom(addr, bits))
				continue
			}
			all = append(all, networks(one[0])...)
		}
	}
	return all
}

// networks are what a range of addresses is made of.
func networks(r fields.Range) (all []netip.Prefix) {
	lo, ok := netip.AddrFromSlice(r.Lo)
	if !ok {
		return nil
	}
	for bits := range lo.BitLen() + 1 {
		p := netip.PrefixFrom(lo, bits)
		if p.Masked() != p {
			continue
		}
		end := last(p)
		switch c := bytes.Compare(end.AsSlice(), r.Hi); {
		case c == 0:
			return append(all, p)
		case c < 0:
			return append(append(all, p), networks(fields.Range{Lo: end.Next().AsSlice(), Hi: r.Hi})...)
		}
	}
	return all
}

// last is the last address of a network.
func last(p netip.Prefix) netip.Addr {
	addr := p.Addr().AsSlice()
	for i := p.Bits(); i < len(addr)*8; i++ {
		addr[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(addr)
	return end
}
