package explain_test

import (
	"slices"
	"strings"
)

// noise adds what does not matter to the ping.
func (n *network) noise() {
	for _, ns := range n.spaces {
		if ns == "switch" || !n.chance(35) {
			continue
		}
		text := pick(n,
			"ip route add blackhole 198.18.1.0/24",
			"ip route add unreachable 198.18.0.0/16 metric 4278198272",
			"ip rule add to 198.19.0.0/16 lookup 100",
			"ip rule add fwmark 0x99 blackhole",
			"sysctl -qw net.ipv4.conf.all.rp_filter=2",
			"sysctl -qw net.ipv4.conf.all.send_redirects=0",
			"sysctl -qw net.ipv4.conf.all.arp_announce=2",
			"iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
			"iptables -A OUTPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT",
			"iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
			"iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
			"iptables -N KUBE-SERVICES; iptables -I FORWARD -j KUBE-SERVICES; iptables -A KUBE-SERVICES -d 10.96.0.1 -p tcp --dport 443 -j REJECT",
			"iptables -t mangle -A PREROUTING -p icmp -j MARK --set-mark 0x1",
			"iptables -t raw -A PREROUTING -s 198.18.0.0/15 -j DROP",
			"iptables -A FORWARD -p icmp -m limit --limit 1000/second --limit-burst 500 -j ACCEPT",
			"nft 'add table inet noise; add chain inet noise c { type filter hook forward priority 10; }; add rule inet noise c tcp dport 25 drop'",
			"nft 'add table ip noise; add chain ip noise c { type filter hook prerouting priority -150; }; add rule ip noise c counter accept'",
			"nft 'add table ip noise; add chain ip noise c { type filter hook input priority 0; policy drop; }; add rule ip noise c ct state new,established,related accept'",
		)
		if ns == "detour" && strings.Contains(text, "INVALID") {
			continue // it sees replies without their requests
		}
		n.do(ns, "%s", text)
	}
	for _, s := range n.nodes {
		if n.chance(15) {
			n.do(s.ns, "iptables -P FORWARD DROP; iptables -A FORWARD -s 10.128.0.0/9 -j ACCEPT; iptables -A FORWARD -d 10.128.0.0/9 -j ACCEPT")
		}
		if s.uplink != "" && n.chance(20) && !slices.ContainsFunc(s.pods, func(p *pod) bool { return p.ns == n.from }) {
			n.addr(s.ns, s.uplink, nth(prefix("198.19.%d.0/24", n.IntN(200)), 7), 24)
		}
		if n.chance(20) {
			n.do(s.ns, "iptables -t nat -A POSTROUTING -s %s ! -d 10.0.0.0/8 -j MASQUERADE", s.subnet)
		}
	}
}
