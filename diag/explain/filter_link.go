package explain

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
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

// linkFilter passes a packet through such a hook, and goes on as though what it
// drops were let through.
func (w *walk) linkFilter(n *Node, e echo, at linkHook) {
	rules, err := n.Rules()
	if err != nil {
		return // told when the packet comes to the hooks of IP
	}
	result, ok := traverseLink(rules, at, w.enters(n, e).packet, rulesEnv{n})
	switch {
	case !ok:
	case result.Verdict == VerdictUnknown:
		w.overlook(n, e, StageFilter, at.dev(), say("%s: cannot tell whether these rules let %s pass: %v", at.family+" "+at.hook, e, result.Unsure))
	case result.Verdict != VerdictAccept:
		w.fault(n, e, StageFilter, at.dev(), w.filtered(n, e, at.hook, result))
	}
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

// arpFiltered is the obstacle that rules are to ARP requests.
func (x *explorer) arpFiltered(n *Node, v way, at linkHook) way {
	return x.arpStopped(n, v, at, x.arp)
}

// arpAsked is what the rules for ARP are to a request that a station gets, and to
// its answer; the asker's own come first.
func (x *explorer) arpAsked(n *Node, v way, dev string, asked bool) way {
	in, out := linkHook{"arp", "input", dev, ""}, linkHook{"arp", "output", "", dev}
	if asked {
		return x.arpStopped(n, x.arpStopped(n, v, in, x.arp), out, x.arp.arpReply())
	}
	return x.arpStopped(n, x.arpStopped(n, v, out, x.arp), in, x.arp.arpReply())
}

func (x *explorer) arpStopped(n *Node, v way, at linkHook, p Packet) way {
	if x.mac != nil || x.arp.EtherType == 0 {
		return v
	}
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	result, ok := traverseLink(rules, at, p, rulesEnv{n})
	if !ok || result.Verdict != VerdictDrop && result.Verdict != VerdictReject {
		return v
	}
	f := Fault{
		Code: Filtered, Netns: n.Name,
		Detail:   say("%s: %s (hook %s) stops the ARP packets that ask for %s", result.At, result.Rule, at.hook, x.arp.Dst),
		Evidence: []string{result.At + ": " + result.Rule},
	}
	exception, ok := change.NftInsert(n.Name, result.Table.Family, result.Table.Name, result.Chain.Name,
		append(p.arpMatch(at.family), "accept")...)
	if ok {
		f.fix = []change.Command{exception}
	}
	return v.stoppedBy(n, at.dev(), f)
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
