package explain_test

import (
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
)

// addressGone takes an address away, and with the last one of a device the
// kernel takes its routes.
func addressGone(n *network) (spots []spot) {
	for _, ns := range n.way {
		for _, text := range n.setup[ns] {
			rest, ok := strings.CutPrefix(text, "ip addr add ")
			if !ok {
				continue
			}
			spots = append(spots, spot{
				kind: "address gone", name: "address gone: " + ns + " " + rest, deep: true, codes: lostWay,
				commands: []command{{ns, "ip addr del " + rest}},
			})
		}
	}
	return spots
}

func wrongNetmask(n *network) (spots []spot) {
	for _, s := range n.nodes {
		for _, p := range s.pods {
			if !n.passes(p.ns) {
				continue
			}
			spots = append(spots, spot{
				kind: "wrong netmask", name: "wrong netmask: " + p.ns + " /8",
				codes: []cause.Code{"wrong-netmask", cause.NeighbourUnanswered, cause.DestinationAbsent, cause.NoReturnRoute},
				at:    []string{p.ns},
				commands: []command{
					{p.ns, fmt.Sprintf("ip addr add %s/8 dev %s", p.addr, p.dev)},
					{p.ns, fmt.Sprintf("ip addr del %s/%d dev %s", p.addr, p.bits, p.dev)},
				},
			})
		}
	}
	return spots
}

// sysctls are settings that stop a packet, some of them in some networks only.
func sysctls(n *network) (spots []spot) {
	add := func(ns, kind, key, value string, codes ...cause.Code) {
		spots = append(spots, spot{
			kind: kind, name: fmt.Sprintf("%s: %s %s=%s", kind, ns, key, value), codes: codes,
			commands: []command{{ns, fmt.Sprintf("sysctl -qw net.ipv4.%s=%s", key, value)}},
		})
	}
	for _, ns := range n.way {
		add(ns, "rp_filter", "conf.all.rp_filter", "1", cause.RPFilter)
	}
	for _, e := range n.wayEnds() {
		add(e.ns, "rp_filter", "conf."+e.dev+".rp_filter", "1", cause.RPFilter)
		add(e.ns, "arp_ignore", "conf."+e.dev+".arp_ignore", pick(n, "1", "2", "8"),
			cause.NeighbourUnanswered, cause.DestinationAbsent)
	}
	if n.to != "" {
		add(n.to, "echo ignored", "icmp_echo_ignore_all", "1", cause.EchoIgnored)
	}
	return spots
}

func proxyOff(n *network) (spots []spot) {
	for _, s := range n.nodes {
		for _, p := range s.pods {
			if s.style == "published" && n.passes(p.ns) {
				spots = append(spots, spot{
					kind: "not published", name: "not published: " + s.ns + " " + p.veth, codes: []cause.Code{cause.NeighbourUnanswered},
					commands: []command{{s.ns, fmt.Sprintf("ip neigh del proxy %s dev %s", s.gateway, p.veth)}},
				})
			}
			if s.style == "proxy" && n.passes(p.ns) {
				spots = append(spots, spot{
					kind: "proxy_arp off", name: "proxy_arp off: " + s.ns + " " + p.veth,
					codes:    []cause.Code{cause.NeighbourUnanswered, cause.DestinationAbsent, cause.NoReturnRoute, "wrong-netmask"},
					commands: []command{{s.ns, fmt.Sprintf("sysctl -qw net.ipv4.conf.%s.proxy_arp=0", p.veth)}},
				})
			}
		}
	}
	return spots
}

// chainsOf are the built-in chains that the ping passes in a namespace.
func (n *network) chainsOf(ns string) []string {
	switch {
	case ns == "switch":
		return nil
	case ns == n.from || ns == n.to:
		return []string{"INPUT", "OUTPUT"}
	}
	return []string{"FORWARD"}
}

// drops is a rule that matches this ping or its reply.
func (n *network) drops(chain string) string {
	request := n.chance(50)
	kind := "echo-reply"
	var match []string
	src, dst := n.dest, n.source
	if request {
		kind, src, dst = "echo-request", n.source, n.dest
	}
	if src.IsValid() && n.chance(50) {
		match = append(match, fmt.Sprintf("-s %s", netip.PrefixFrom(src, pick(n, 32, 24, 16)).Masked()))
	}
	if dst.IsValid() && n.chance(50) {
		match = append(match, fmt.Sprintf("-d %s", netip.PrefixFrom(dst, pick(n, 32, 24, 16)).Masked()))
	}
	if n.chance(60) {
		match = append(match, "-p icmp")
		if n.chance(60) {
			match = append(match, "--icmp-type "+kind)
		}
	}
	target := "DROP"
	if chain != "OUTPUT" && n.chance(25) {
		target = "REJECT"
	}
	return strings.Join(append(match, "-j "+target), " ")
}

func filters(n *network) (spots []spot) {
	add := func(ns, kind, text string) {
		spots = append(spots, spot{
			kind: kind, name: kind + ": " + ns + " " + text, at: []string{ns}, codes: []cause.Code{cause.Filtered, cause.Rejected},
			commands: []command{{ns, text}}, deep: true, // the fix lets one direction pass
		})
	}
	for _, ns := range n.way {
		for _, chain := range n.chainsOf(ns) {
			tool := pick(n, "iptables", "iptables", "iptables", "iptables-legacy")
			add(ns, "rule", fmt.Sprintf("%s %s %s %s", tool, pick(n, "-A", "-I"), chain, n.drops(chain)))
			if ns == "detour" { // replies without their requests come here
				add(ns, "invalid", "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP")
			}
			jump := pick(n, "CUSTOM", "KUBE-FIREWALL", "no_entry")
			add(ns, "jump", fmt.Sprintf("iptables -N %s; iptables -A %s -j DROP; iptables %s %s -p icmp -j %s", jump, jump, pick(n, "-A", "-I"), chain, jump))
		}
	}
	return spots
}

func policies(n *network) (spots []spot) {
	for _, ns := range n.way {
		for _, chain := range n.chainsOf(ns) {
			text := "iptables -P " + chain + " DROP"
			spots = append(spots, spot{
				kind: "policy", name: "policy: " + ns + " " + text, at: []string{ns}, codes: []cause.Code{cause.Filtered},
				commands: []command{{ns, text}}, deep: true, // the fix lets one direction pass
			})
		}
	}
	return spots
}

// foreignChains are native nf_tables rules.
func foreignChains(n *network) (spots []spot) {
	for _, ns := range n.way {
		for _, chain := range append(n.chainsOf(ns), "PREROUTING", "POSTROUTING") {
			if ns == "switch" {
				continue
			}
			hook := strings.ToLower(chain)
			match := pick(n, "icmp type echo-request drop", "icmp type echo-reply drop", "ip protocol icmp drop",
				fmt.Sprintf("ip daddr %s drop", n.dest), fmt.Sprintf("ip saddr %s counter drop", n.dest),
				"meta l4proto { icmp, 132 } drop", "ip ttl < 70 ip protocol icmp reject")
			if strings.HasSuffix(match, "reject") && strings.HasSuffix(hook, "routing") {
				match = "icmp type echo-request drop"
			}
			family := pick(n, "ip", "inet")
			text := fmt.Sprintf("nft 'add table %[1]s mine; add chain %[1]s mine c { type filter hook %[2]s priority %[3]d; }; add rule %[1]s mine c %[4]s'",
				family, hook, pick(n, -10, 0, 5, 300), match)
			spots = append(spots, spot{
				kind: "nft", name: "nft: " + ns + " " + text, at: []string{ns}, codes: []cause.Code{cause.Filtered},
				deep:     true, // the fix lets one direction pass
				commands: []command{{ns, text}},
			})
		}
	}
	return spots
}

// ends are faults of the two ends themselves.
func ends(n *network) (spots []spot) {
	if n.from == n.to {
		spots = append(spots, spot{
			kind: "lo down", name: "lo down: " + n.from, codes: []cause.Code{device.LoopbackDown}, at: []string{n.from},
			commands: []command{{n.from, "ip link set lo down"}},
		})
	}
	if n.family == "way-out" {
		s := n.ends[0]
		spots = append(spots, spot{
			kind: "no masquerade", name: "no masquerade: " + s.ns, codes: []cause.Code{cause.NotMasqueraded, cause.NoReturnRoute},
			commands: []command{{s.ns, "iptables -t nat -F POSTROUTING"}},
		})
		return spots
	}
	absent := n.dest
	for range 77 {
		absent = absent.Next()
	}
	spots = append(spots, spot{
		kind: "destination absent", name: "destination absent: " + absent.String(),
		codes:  append([]cause.Code{cause.ForwardingOff, service.NotTranslated}, lostWay...), // it may be one of a service's range
		deep:   true,                                                                         // whoever is given the address may lack more
		before: func() { n.dest, n.real, n.to, n.warm = absent, absent, "", false },
	})
	return spots
}

func bridgePorts(n *network) (spots []spot) {
	add := func(ns, dev, text string, deep bool) {
		spots = append(spots, spot{
			kind: "bridge", name: "bridge: " + ns + " " + text, codes: append([]cause.Code{"unknown"}, lostWay...), deep: deep,
			commands: []command{{ns, text}},
		})
	}
	for _, s := range n.nodes {
		if s.style != "bridge" {
			continue
		}
		if n.passes(s.ns) {
			add(s.ns, s.bridge, "ip link set "+s.bridge+" down", true)
		}
		for _, p := range s.pods {
			if n.passes(p.ns) {
				add(s.ns, p.veth, "ip link set "+p.veth+" nomaster", false)
				add(s.ns, p.veth, "bridge link set dev "+p.veth+" state 0", false)
				add(s.ns, p.veth, "ip link set "+p.veth+" down", false)
				add(s.ns, p.veth, fmt.Sprintf("bridge link set dev %s isolated on; bridge link set dev %s isolated on", s.pods[0].veth, s.pods[1].veth), true)
			}
		}
	}
	for i := range n.nodes {
		port := fmt.Sprintf("port%d", i+1)
		if n.passes("switch") {
			add("switch", port, "ip link set "+port+" nomaster", false)
			add("switch", port, "ip link set "+port+" down", false)
			add("switch", port, "bridge link set dev "+port+" state 0", false)
		}
	}
	if n.passes("switch") {
		add("switch", "lan", "ip link set lan down", false)
	}
	return spots
}

func duplicate(n *network) (spots []spot) {
	for _, s := range n.ends {
		if s.style != "bridge" || len(s.pods) < 3 {
			continue
		}
		third := s.pods[2]
		spots = append(spots, spot{
			kind: "duplicate", name: "duplicate: " + third.ns, codes: []cause.Code{"duplicate-address"},
			commands: []command{{third.ns, fmt.Sprintf("ip addr add %s/24 dev %s", s.pods[0].addr, third.dev)}},
		})
	}
	return spots
}
