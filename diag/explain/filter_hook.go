package explain

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// linkHook is a place below IP where rules look at frames: a hook of a bridge
// (tables of family bridge), of a device (family netdev), or of ARP.
type linkHook struct {
	family, hook string
	iif, oif     string
}

// onDevice is where netdev chains see what a device receives or sends.
func onDevice(hook, dev string) linkHook {
	h := linkHook{family: "netdev", hook: hook, iif: dev}
	if hook == "egress" {
		h.iif, h.oif = "", dev
	}
	return h
}

// dev is the device that the hook is at.
func (h linkHook) dev() string { return cmp.Or(h.iif, h.oif) }

// traverseLink passes a frame through the chains at a hook below IP. There is no
// connection tracking there that these could rest on.
func traverseLink(set *netfilter.RuleSet, at linkHook, p Packet, env Env) (FilterResult, bool) {
	var stages []filterStage
	for i := range set.Tables {
		table := &set.Tables[i]
		if table.Dormant || table.Family != at.family {
			continue
		}
		for j := range table.Chains {
			base := &table.Chains[j]
			if base.Hook != at.hook || len(base.Devices) > 0 && !slices.Contains(base.Devices, at.dev()) {
				continue
			}
			stages = append(stages, filterStage{priority: base.Priority, base: []filterBase{{table, base}}})
		}
	}
	if len(stages) == 0 {
		return FilterResult{}, false
	}
	slices.SortStableFunc(stages, func(a, b filterStage) int { return cmp.Compare(a.priority, b.priority) })
	p.IIF, p.OIF, p.CTState = at.iif, at.oif, CTUntracked
	return filterSteady(set, p, func() FilterResult { return filterRun(stages, "link", p, env) }), true
}

// arpPacket is an ARP request as rules below IP see it.
func arpPacket(sender, target netip.Addr) Packet {
	return Packet{Src: sender, Dst: target, EtherType: unix.ETH_P_ARP, ARPOperation: 1, CTState: CTUntracked}
}

// arpReply is the answer to an ARP request.
func (p Packet) arpReply() Packet {
	p.Src, p.Dst, p.ARPOperation = p.Dst, p.Src, 2
	return p
}

// arpMatch is the packet in nft's words. Only tables of ARP know its fields
// without more.
func (p Packet) arpMatch(family string) []string {
	if family != "arp" {
		return []string{"ether", "type", "arp"}
	}
	if p.ARPOperation == 2 {
		return []string{"arp", "saddr", "ip", p.Src.String()}
	}
	return []string{"arp", "daddr", "ip", p.Dst.String()}
}
