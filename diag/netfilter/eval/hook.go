package eval

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// LinkHook is a place below IP where rules look at frames: a hook of a bridge
// (tables of family bridge), of a device (family netdev), or of ARP.
type LinkHook struct {
	Family, Hook string
	IIF, OIF     string
}

// OnDevice is where netdev chains see what a device receives or sends.
func OnDevice(hook, dev string) LinkHook {
	h := LinkHook{Family: "netdev", Hook: hook, IIF: dev}
	if hook == "egress" {
		h.IIF, h.OIF = "", dev
	}
	return h
}

// Dev is the device that the hook is at.
func (h LinkHook) Dev() string { return cmp.Or(h.IIF, h.OIF) }

// TraverseLink passes a frame through the chains at a hook below IP. There is no
// connection tracking there that these could rest on.
func TraverseLink(set *netfilter.RuleSet, at LinkHook, p Packet, env Env) (Result, bool) {
	var stages []stage
	for i := range set.Tables {
		table := &set.Tables[i]
		if table.Dormant || table.Family != at.Family {
			continue
		}
		for j := range table.Chains {
			base := &table.Chains[j]
			if base.Hook != at.Hook || len(base.Devices) > 0 && !slices.Contains(base.Devices, at.Dev()) {
				continue
			}
			stages = append(stages, stage{priority: base.Priority, base: []baseChain{{table, base}}})
		}
	}
	if len(stages) == 0 {
		return Result{}, false
	}
	slices.SortStableFunc(stages, func(a, b stage) int { return cmp.Compare(a.priority, b.priority) })
	p.IIF, p.OIF, p.CTState = at.IIF, at.OIF, CTUntracked
	return steady(set, p, func() Result { return run(stages, "link", p, env, nil, nil) }), true
}

// ARPRequest is an ARP request as rules below IP see it.
func ARPRequest(sender, target netip.Addr) Packet {
	return Packet{Src: sender, Dst: target, EtherType: unix.ETH_P_ARP, ARPOperation: 1, CTState: CTUntracked}
}

// NeighbourRequest asks for the MAC address of target: an ARP request, or of IPv6 a
// neighbour solicitation to its solicited-node multicast address (RFC 4861).
func NeighbourRequest(sender, target netip.Addr) Packet {
	if target.Is4() {
		return ARPRequest(sender, target)
	}
	group := netip.MustParseAddr("ff02::1:ff00:0").As16()
	to := target.As16()
	copy(group[13:], to[13:])
	return Packet{
		Src: sender, Dst: netip.AddrFrom16(group), EtherType: unix.ETH_P_IPV6, Proto: unix.IPPROTO_ICMPV6,
		ICMPType: 135, CTState: CTUntracked, TTL: 255, Length: 72,
	}
}

// ARPReply is the answer to an ARP request, or to a neighbour solicitation.
func (p Packet) ARPReply() Packet {
	p.From = MAC{} // of whom nobody has heard yet
	if p.EtherType == unix.ETH_P_IPV6 {
		p.ICMPType, p.Dst = 136, p.Src
		return p
	}
	p.Src, p.Dst, p.ARPOperation = p.Dst, p.Src, 2
	return p
}
