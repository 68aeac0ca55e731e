package explain_test

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
)

// wrongGateway sends what needs a gateway to one that is not there, or is
// somebody else.
func wrongGateway(n *network) (spots []spot) {
	for _, p := range n.routes {
		via, dev, ok := strings.Cut(strings.TrimPrefix(p.rest, "via "), " dev ")
		if !ok || !n.passes(p.ns) || !strings.HasPrefix(p.rest, "via ") || !p.dst.Contains(n.real) && !p.dst.Contains(n.source) {
			continue
		}
		wrong := strings.TrimSuffix(via, via[strings.LastIndex(via, ".")+1:]) + fmt.Sprint(pick(n, 53, 54, 58, 59))
		spots = append(spots, spot{
			kind: "wrong gateway", name: fmt.Sprintf("wrong gateway: %s %s via %s", p.ns, p.dst, wrong), deep: true,
			codes:    append([]cause.Code{cause.ForwardingOff, cause.NeighbourWrongMAC, cause.ProxyARPNeedsForwarding}, lostWay...),
			commands: []command{{p.ns, fmt.Sprintf("ip route replace %s via %s dev %s onlink", p.dst, wrong, strings.TrimSuffix(dev, " onlink"))}},
		})
	}
	return spots
}

// policyRules are routing rules that lead the ping elsewhere.
func policyRules(n *network) (spots []spot) {
	for _, ns := range n.way {
		if ns == "switch" {
			continue
		}
		for _, a := range []string{"to " + n.dest.String(), "from " + n.source.String()} {
			if strings.HasSuffix(a, "invalid IP") {
				continue
			}
			kind := pick(n, "blackhole", "unreachable", "prohibit")
			table := 100 + n.IntN(50)
			text := fmt.Sprintf("ip rule add %s pref 100 %s", a, kind)
			if n.chance(50) {
				text = fmt.Sprintf("ip route add %s default table %d; ip rule add %s pref 100 lookup %d", kind, table, a, table)
			}
			spots = append(spots, spot{
				kind: "policy routing", name: "policy routing: " + ns + " " + text, deep: true,
				codes: []cause.Code{
					cause.RouteBlackhole, cause.RouteUnreachable, cause.RouteProhibit,
					cause.NoReturnRoute, cause.RPFilter, cause.ProxyARPNoRoute, cause.NoRoute, cause.NeighbourUnanswered,
				},
				commands: []command{{ns, text}},
			})
		}
	}
	return spots
}

// smallMTU makes both ends of a wire, or one, carry less.
func smallMTU(n *network) (spots []spot) {
	for _, e := range n.wayEnds() {
		mtu := pick(n, 1400, 1280, 576)
		far := n.other(e)
		commands := []command{{e.ns, fmt.Sprintf("ip link set %s mtu %d", e.dev, mtu)}}
		if n.chance(60) {
			commands = append(commands, command{far.ns, fmt.Sprintf("ip link set %s mtu %d", far.dev, mtu)})
		}
		spots = append(spots, spot{
			kind: "mtu", name: fmt.Sprintf("mtu: %s %s %d (%d ends)", e.ns, e.dev, mtu, len(commands)), deep: true,
			codes: []cause.Code{"mtu-exceeded"}, commands: commands,
		})
	}
	if n.size == 0 && len(spots) > 0 {
		return nil
	}
	return spots
}

// otherMAC gives a pod or a node another MAC address: who has the old one in
// its cache goes on using it.
func otherMAC(n *network) (spots []spot) {
	for _, e := range n.wayEnds() {
		spots = append(spots, spot{
			kind: "other MAC", name: "other MAC: " + e.ns + " " + e.dev, deep: true,
			codes:    append([]cause.Code{cause.NeighbourWrongMAC}, lostWay...),
			commands: []command{{e.ns, fmt.Sprintf("ip link set %s address 02:ff:00:00:00:%02x", e.dev, n.IntN(256))}},
		})
	}
	return spots
}

// bridgeTricks are faults of a bridge's tables.
func bridgeTricks(n *network) (spots []spot) {
	add := func(ns, kind, text string, codes ...cause.Code) {
		spots = append(spots, spot{
			kind: kind, name: kind + ": " + ns + " " + text, deep: true,
			codes: append(codes, cause.NeighbourUnanswered, cause.DestinationAbsent), commands: []command{{ns, text}},
		})
	}
	for _, s := range n.ends {
		if s.style != "bridge" {
			continue
		}
		for i, p := range s.pods {
			if !n.passes(p.ns) {
				continue
			}
			other := s.pods[(i+1)%len(s.pods)]
			add(s.ns, "static fdb", fmt.Sprintf("bridge fdb replace %s dev %s master static", p.mac, other.veth), cause.NeighbourWrongMAC)
			add(s.ns, "no flood", fmt.Sprintf("bridge link set dev %s flood off bcast_flood off", p.veth))
			add(s.ns, "learning off", fmt.Sprintf("bridge link set dev %s learning off flood off", p.veth))
		}
		if n.family == "bridge" {
			add(s.ns, "bridge-nf", "sysctl -qw net.bridge.bridge-nf-call-iptables=1; iptables -P FORWARD DROP", cause.Filtered)
		}
	}
	return spots
}

// moreNft are rules that need more of nf_tables.
func moreNft(n *network) (spots []spot) {
	for _, ns := range n.way {
		chains := n.chainsOf(ns)
		if len(chains) == 0 {
			continue
		}
		hook := strings.ToLower(pick(n, chains...))
		rules := []string{
			fmt.Sprintf("add set ip m s { type ipv4_addr; }; add element ip m s { %s, 192.0.2.200 }; add rule ip m c ip saddr @s drop", n.dest),
			"add chain ip m no; add rule ip m no drop; add rule ip m c ip protocol vmap { icmp : jump no, tcp : accept }",
			"add chain ip m sub; add rule ip m sub icmp type echo-reply drop; add rule ip m c ip protocol icmp goto sub",
			fmt.Sprintf("add chain ip m ok; add rule ip m ok ip daddr %s return; add rule ip m ok accept; add rule ip m c jump ok; add rule ip m c drop", n.dest),
			"add rule ip m c ct state established drop",
			"add rule ip m c ct direction reply drop",
			"add rule ip m c icmp type { echo-request, echo-reply } counter drop",
			fmt.Sprintf("add rule ip m c ip daddr != %s ip protocol icmp drop", n.dest),
			"add rule ip m c meta length > 60 meta l4proto icmp drop",
		}
		policy := ""
		if n.chance(25) {
			policy = " policy drop;"
			rules = []string{
				"add rule ip m c ct state established,related accept", "add rule ip m c icmp type echo-request accept",
				fmt.Sprintf("add rule ip m c ip saddr %s accept", n.dest), "add rule ip m c ip protocol udp accept",
			}
		}
		text := fmt.Sprintf("nft 'add table ip m; add chain ip m c { type filter hook %s priority %d;%s }; %s'", hook, pick(n, -5, 0, 20), policy, pick(n, rules...))
		spots = append(spots, spot{
			kind: "more nft", name: "more nft: " + ns + " " + text, at: []string{ns}, deep: true,
			codes: []cause.Code{cause.Filtered}, commands: []command{{ns, text}},
		})
	}
	return slices.Clip(spots)
}
