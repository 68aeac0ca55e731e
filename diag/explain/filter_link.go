package explain

import (
	"nstutor/internal/change"
)

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
