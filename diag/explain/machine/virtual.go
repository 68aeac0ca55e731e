package machine

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/ipvs"
)

// Virtual is the virtual service of the namespace that a packet is for, if there is one. What
// cannot be read is taken for none.
func (n *Space) Virtual(proto byte, dst netip.AddrPort, mark uint32) (ipvs.Service, bool) {
	return ipvs.For(n.virtual(), proto, dst, mark)
}

// Virtuals are the virtual services of the namespace.
func (n *Space) Virtuals() []ipvs.Service { return n.virtual() }

func (n *Space) virtual() []ipvs.Service {
	if !n.memory.virtualRead {
		n.memory.virtual, _ = ipvs.Read(n.NS)
		n.memory.virtualRead = true
	}
	return n.memory.virtual
}

// TracksVirtual reports whether what goes to a server of a virtual service stays a
// connection that rules of nat see (ip_vs_conntrack_enabled()).
func (n *Space) TracksVirtual() bool {
	value, err := n.Sysctl("net/ipv4/vs/conntrack")
	return err == nil && strings.TrimSpace(value) == "1"
}

// HasVirtual reports whether a virtual service of the namespace has an address.
func (n *Space) HasVirtual(addr netip.Addr) bool {
	return slices.ContainsFunc(n.virtual(), func(s ipvs.Service) bool { return s.Addr.Addr() == addr })
}
