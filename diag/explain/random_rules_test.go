package explain_test

import (
	"fmt"
	"strings"

	"nstutor/diag/explain/cause"
)

// moreIptables are rules that need more of iptables: other tables, matches,
// chains that return, and rules that let pass before those that do not.
func moreIptables(n *network) (spots []spot) {
	for _, ns := range n.way {
		chains := n.chainsOf(ns)
		if len(chains) == 0 {
			continue
		}
		chain := pick(n, chains...)
		match := pick(n,
			"-m ttl --ttl-lt 200", "-m length --length 60:2000", "-m state --state NEW", "-m conntrack --ctstate ESTABLISHED",
			"-m conntrack --ctdir REPLY", "-m conntrack --ctorigdst "+n.dest.String(), "-m addrtype --dst-type LOCAL",
			"-m addrtype ! --dst-type LOCAL", "-m iprange --dst-range "+n.dest.String()+"-"+n.dest.Next().String(),
			"-m mark --mark 0x1", "-m mark ! --mark 0x1", "-m comment --comment policy -p icmp", "-p icmp -m icmp --icmp-type any",
			"! -s 192.0.2.0/24", "! -d "+n.dest.String(), "-m pkttype --pkt-type host", "-p icmp --icmp-type 8/0", "-i lo", "! -i lo",
			"-m string --algo bm --string nothing", "-f", "! -f", "-m u32 --u32 '6&0xff=1'", "-p tcp -m multiport --dports 80,443",
		)
		if chain == "OUTPUT" {
			match = strings.ReplaceAll(match, "-i lo", "-o lo")
		}
		table := pick(n, "filter", "filter", "mangle", "security")
		tool := pick(n, "iptables", "iptables", "iptables-legacy")
		target := "-j DROP"
		before := ""
		switch n.IntN(4) {
		case 0:
			before = fmt.Sprintf("%s -t %s -N SUB; %s -t %s -A SUB -s %s -j RETURN; %s -t %s -A SUB -j DROP; ", tool, table, tool, table, n.dest, tool, table)
			target = pick(n, "-j SUB", "-g SUB")
		case 1:
			before = fmt.Sprintf("%s -t %s -A %s -p icmp --icmp-type echo-request -j ACCEPT; ", tool, table, chain)
		}
		text := fmt.Sprintf("%s%s -t %s -A %s %s %s", before, tool, table, chain, match, target)
		spots = append(spots, spot{
			kind: "more iptables", name: "more iptables: " + ns + " " + text, at: []string{ns}, deep: true,
			codes: []cause.Code{cause.Filtered, cause.Rejected}, commands: []command{{ns, text}},
		})
	}
	return spots
}

// otherLayers are rules that look at frames, at ARP or at a device, and those
// that change what later ones see.
func otherLayers(n *network) (spots []spot) {
	add := func(ns, text string, codes ...cause.Code) {
		spots = append(spots, spot{
			kind: "other layers", name: "other layers: " + ns + " " + text, deep: true, codes: codes, commands: []command{{ns, text}},
		})
	}
	for _, e := range n.wayEnds() {
		what := pick(n, "ip protocol icmp drop", "icmp type echo-reply drop", "arp operation reply drop", "ip saddr "+n.dest.String()+" drop")
		add(e.ns, fmt.Sprintf("nft 'add table netdev m; add chain netdev m c { type filter hook ingress device \"%s\" priority 0; }; add rule netdev m c %s'", e.dev, what))
	}
	for _, ns := range n.way {
		if ns != "switch" {
			add(ns, fmt.Sprintf("nft 'add table arp m; add chain arp m c { type filter hook %s priority 0; }; add rule arp m c arp operation %s drop'",
				pick(n, "input", "output"), pick(n, "request", "reply")))
			add(ns, "iptables -t raw -A PREROUTING -p icmp -j "+pick(n, "NOTRACK", "DROP", "CT --notrack"))
			add(ns, "iptables -t mangle -A "+pick(n, "PREROUTING", "POSTROUTING")+" -p icmp -j TTL --ttl-set "+pick(n, "1", "2", "33"))
			add(ns, "sysctl -qw net.ipv4.ip_default_ttl="+pick(n, "1", "2", "3"))
		}
	}
	for _, s := range n.ends {
		if s.style == "bridge" {
			add(s.ns, fmt.Sprintf("nft 'add table bridge m; add chain bridge m c { type filter hook %s priority 0; }; add rule bridge m c %s'",
				pick(n, "forward", "input", "output", "prerouting"), pick(n, "ip protocol icmp drop", "ether type arp drop", "icmp type echo-request drop")))
		}
	}
	return spots
}
