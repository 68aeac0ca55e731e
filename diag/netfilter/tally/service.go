package tally

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// Service is an address that rules translate to others: an entry of a table, and
// nobody's.
type Service struct {
	Addr string   // with its port, where the rules name one: "10.96.0.100:80"
	To   []string // "10.244.1.11:8080", one or several, or the chain that knows
}

// services are those that translations and maps of services are for, each once.
func services(set *netfilter.RuleSet) (all []Service) {
	add := func(s Service) {
		if s.Addr != "" && !slices.ContainsFunc(all, func(o Service) bool { return o.Addr == s.Addr }) {
			all = append(all, s)
		}
	}
	for i := range set.Tables {
		for j := range set.Tables[i].Chains {
			for _, rule := range set.Tables[i].Chains[j].Rules {
				if rule.Verdict.Kind == netfilter.VerdictDNAT {
					add(Service{destination(rule.Matches), target(rule.Verdict)})
				}
				for _, entry := range rule.Verdict.Map {
					if v := entry.Verdict; v.Kind == netfilter.VerdictGoto || v.Kind == netfilter.VerdictJump {
						add(Service{destination([]netfilter.Match{entry.Match}), []string{v.Chain}})
					}
				}
			}
		}
	}
	return all
}

// destination is the one address that conditions ask for, with its port.
func destination(matches []netfilter.Match) string {
	var addr netip.Addr
	var port uint16
	for _, m := range matches {
		if m.Not || len(m.OneOf) != 1 {
			continue
		}
		for i, field := range m.Key {
			if i >= len(m.OneOf[0]) {
				break
			}
			r := m.OneOf[0][i]
			switch {
			case !slices.Equal(r.Lo, r.Hi):
			case field == "ip daddr" && m.Mask == nil:
				addr, _ = netip.AddrFromSlice(r.Lo)
			case strings.HasSuffix(string(field), " dport") && len(r.Lo) == 2:
				port = uint16(r.Lo[0])<<8 | uint16(r.Lo[1])
			}
		}
	}
	if !addr.IsValid() {
		return ""
	}
	return eval.Endpoint(addr, port)
}

// target is where a translation leads to.
func target(v netfilter.Verdict) (all []string) {
	if v.Addr.Min.IsValid() {
		return []string{eval.Endpoint(v.Addr.Min, v.Port.Min)}
	}
	for _, c := range v.Choices {
		if c.Addr.IsValid() {
			all = append(all, eval.Endpoint(c.Addr, c.Port))
		}
	}
	return all
}
