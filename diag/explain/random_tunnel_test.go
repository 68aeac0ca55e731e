package explain_test

import (
	"fmt"
	"strings"
)

// tunnels are the faults that VXLAN can have.
func tunnels(n *network) (spots []spot) {
	for _, r := range n.remotes {
		if !n.passes(r.at.ns) || !n.passes(r.of.ns) {
			continue
		}
		add := func(kind, text string) {
			spots = append(spots, spot{kind: kind, name: kind + ": " + r.at.ns + " " + text, commands: []command{{r.at.ns, text}}})
		}
		add("fdb", fmt.Sprintf("bridge fdb del %s dev %s dst %s self", r.mac, n.tunnel, r.of.addr))
		if r.flannel {
			add("fdb", fmt.Sprintf("bridge fdb replace %s dev %s dst 192.0.2.77 self permanent", r.mac, n.tunnel))
			add("vtep", fmt.Sprintf("ip neigh del %s dev %s", r.addr, n.tunnel))
		}
		add("tunnel down", fmt.Sprintf("ip link set %s down", n.tunnel))
		spots[len(spots)-1].deep = true
		add("tunnel filter", fmt.Sprintf("iptables -A INPUT -p udp --dport %d -j DROP", n.port))
		add("tunnel filter", fmt.Sprintf("iptables -A OUTPUT -p udp --dport %d -j DROP", n.port))
		at := r.at.ns
		spots = append(spots,
			spot{kind: "vni", name: "vni: " + at, before: func() { n.rebuild(at, fmt.Sprintf(" id %d ", n.vni), fmt.Sprintf(" id %d ", n.vni+1)) }},
			spot{kind: "vxlan port", name: "vxlan port: " + at, before: func() { n.rebuild(at, fmt.Sprintf("dstport %d", n.port), "dstport 4790") }},
		)
	}
	return spots
}

// rebuild makes the tunnel of a namespace another one.
func (n *network) rebuild(ns, old, new string) {
	n.warm = false
	for i, c := range n.links {
		if c.netns == ns && strings.Contains(c.text, " type vxlan ") {
			n.links[i].text = strings.Replace(c.text, old, new, 1)
		}
	}
}
