package tally

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// Service is an address that rules translate to others: an entry of a table, and
// nobody's.
type Service struct {
	Dst   netip.Addr
	Proto byte     // IPPROTO_TCP or the like; 0: any
	Port  uint16   // 0: any
	To    []string // "10.244.1.11:8080", one or several; empty: Chain knows
	Chain string
	Map   string // whose entry it is, where that has a name
}

// Targets are where the service leads to: the addresses, or the chain that knows them.
func (s Service) Targets() []string {
	if s.Chain != "" {
		return []string{s.Chain}
	}
	return s.To
}

// Addr is the address with its port, where the rules name one: "10.96.0.100:80".
func (s Service) Addr() string { return eval.Endpoint(s.Dst, s.Port) }

// Takes reports whether the service is of packets with a protocol and a port.
func (s Service) Takes(proto byte, port uint16) bool {
	return (s.Proto == 0 || s.Proto == proto) && (s.Port == 0 || s.Port == port)
}

// Services are those that translations and maps of services are for, and the chains
// that lead to translations, each once.
func Services(set *netfilter.RuleSet) (all []Service) {
	add := func(s Service, to []string, chain, in string) {
		s.To, s.Chain, s.Map = to, chain, in
		same := func(o Service) bool { return o.Dst == s.Dst && o.Proto == s.Proto && o.Port == s.Port }
		if s.Dst.IsValid() && !slices.ContainsFunc(all, same) {
			all = append(all, s)
		}
	}
	for i := range set.Tables {
		leads := translating(&set.Tables[i])
		for j := range set.Tables[i].Chains {
			for _, rule := range set.Tables[i].Chains[j].Rules {
				in, _ := rule.Verdict.Looked()
				if rule.Verdict.Kind == netfilter.VerdictDNAT {
					add(destination(rule.Matches), target(rule.Verdict), "", "")
					for _, c := range rule.Verdict.Choices {
						add(destination(append(rule.Matches[:len(rule.Matches):len(rule.Matches)], c.Match)), []string{eval.Endpoint(c.Addr, c.Port)}, "", in)
					}
				}
				if leads[rule.Verdict.Chain] {
					add(destination(rule.Matches), nil, rule.Verdict.Chain, "")
				}
				for _, entry := range rule.Verdict.Map {
					if v := entry.Verdict; v.Kind == netfilter.VerdictGoto || v.Kind == netfilter.VerdictJump {
						add(destination([]netfilter.Match{entry.Match}), nil, v.Chain, in)
					}
				}
			}
		}
	}
	return all
}

// Translates reports whether a table has a rule that translates a destination.
func Translates(t *netfilter.Table) bool { return len(translating(t)) > 0 }

// translating are the chains of a table that lead to a translation of the destination.
func translating(t *netfilter.Table) map[string]bool {
	leads := map[string]bool{}
	for more := true; more; {
		more = false
		for i := range t.Chains {
			c := &t.Chains[i]
			leading := func(r netfilter.Rule) bool {
				v := r.Verdict
				return v.Kind == netfilter.VerdictDNAT || leads[v.Chain] ||
					slices.ContainsFunc(v.Map, func(one netfilter.Case) bool { return leads[one.Verdict.Chain] })
			}
			if !leads[c.Name] && slices.ContainsFunc(c.Rules, leading) {
				leads[c.Name], more = true, true
			}
		}
	}
	return leads
}

// Hollow is the chain that rules lead what is for a service to, as they lead others to be
// translated, and in which nothing translates it; "" where there is none, or another one does.
func Hollow(set *netfilter.RuleSet, dst netip.Addr, proto byte, port uint16) (hollow string) {
	for i := range set.Tables {
		leads := translating(&set.Tables[i])
		for j := range set.Tables[i].Chains {
			c := &set.Tables[i].Chains[j]
			if !leads[c.Name] {
				continue
			}
			for _, rule := range c.Rules {
				asked := []netfilter.Case{{Verdict: rule.Verdict}}
				matches := rule.Matches
				if rule.Verdict.Map != nil {
					asked, matches = rule.Verdict.Map, nil
				}
				for _, one := range asked {
					s := destination(append(matches[:len(matches):len(matches)], one.Match))
					if one.Verdict.Chain == "" || s.Dst != dst || !s.Takes(proto, port) {
						continue
					}
					if leads[one.Verdict.Chain] {
						return ""
					}
					hollow = one.Verdict.Chain
				}
			}
		}
	}
	return hollow
}

// protocols are those that the name of a field with a port tells.
var protocols = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP}

// destination is the one address that conditions ask for, with its protocol and port.
func destination(matches []netfilter.Match) (s Service) {
	for _, m := range matches {
		if m.Not || len(m.OneOf) != 1 {
			continue
		}
		for i, field := range m.Key {
			if i >= len(m.OneOf[0]) {
				break
			}
			r := m.OneOf[0][i]
			of, isPort := strings.CutSuffix(string(field), " dport")
			switch {
			case !slices.Equal(r.Lo, r.Hi):
			case (field == "ip daddr" || field == "ip6 daddr") && m.Mask == nil:
				s.Dst, _ = netip.AddrFromSlice(r.Lo)
			case field == "meta l4proto" && len(r.Lo) == 1:
				s.Proto = r.Lo[0]
			case isPort && len(r.Lo) == 2:
				s.Port = uint16(r.Lo[0])<<8 | uint16(r.Lo[1])
				s.Proto = cmp.Or(protocols[of], s.Proto)
			}
		}
	}
	return s
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
