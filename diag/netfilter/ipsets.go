package netfilter

import (
	"nstutor/diag/netfilter/ipset"
	"nstutor/internal/nsenter"
)

// ipsets are the names of a namespace's ipsets, as far as rules have asked for them: of a
// set, a rule of x_tables keeps the index alone.
type ipsets struct {
	ns    *nsenter.Namespace
	names map[uint16]string
}

// name is that of the set with an index; empty where it is not known.
func (s *ipsets) name(index uint16) string {
	if s == nil {
		return ""
	}
	name, known := s.names[index]
	if !known {
		name = ipset.Named(s.ns, index)
		if s.names == nil {
			s.names = map[uint16]string{}
		}
		s.names[index] = name
	}
	return name
}
