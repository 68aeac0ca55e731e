package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
)

// The families of networks. Some are there twice because they have more ways
// to be built.
var families = []string{"pods", "pods", "bridge", "nodes", "nodes", "chain", "way-out", "vxlan"}

// choose builds a network of a random family and decides who pings whom.
func (n *network) choose() {
	n.family = pick(n, families...)
	n.warm = n.chance(30)
	switch n.family {
	case "pods", "bridge", "way-out":
		s := n.site(0, n.style())
		if n.family == "way-out" || s.style == "proxy" || s.style == "published" || n.chance(40) {
			n.outside(s)
		} else {
			n.addr(s.ns, "lo", aloneAddr, 32)
		}
		n.within(s)
	case "nodes", "vxlan":
		count := 2 + n.IntN(2)
		for i := range count {
			n.nodes = append(n.nodes, n.site(i, n.style()))
		}
		n.fabric()
		if n.family == "vxlan" {
			n.overlay()
		} else {
			n.hostRoutes()
		}
		n.defaults()
		n.across()
	case "chain":
		n.chain()
	}
	if n.chance(25) {
		n.service()
	}
}

// style is how the pods of a node reach it.
func (n *network) style() string {
	switch n.family {
	case "bridge":
		return "bridge"
	case "pods":
		return pick(n, "proxy", "address", "static", "published")
	}
	return pick(n, "proxy", "address", "static", "published", "bridge", "bridge")
}

// site builds a node with its pods.
func (n *network) site(i int, style string) *site {
	s := &site{ns: n.netns(fmt.Sprintf("node%d", i+1)), style: style}
	s.subnet = prefix("10.%d.%d.0/24", 200+n.IntN(40), i+1)
	s.gateway = nth(s.subnet, 1)
	if style == "proxy" || style == "static" || style == "published" {
		s.gateway = pick(n, s.gateway, netip.MustParseAddr("169.254.1.1"))
	}
	if style == "bridge" {
		s.bridge = pick(n, "cni0", "br0", "docker0", "kube-bridge")
		e, options := n.device(s.ns, s.bridge)
		n.links = append(n.links, command{s.ns, fmt.Sprintf("ip link add %s type bridge", options)})
		n.timers(e)
		n.do(s.ns, "ip link set %s up", s.bridge)
		n.addr(s.ns, s.bridge, s.gateway, 24)
	}
	for j := range 2 + n.IntN(2) {
		n.pod(s, j)
	}
	n.do(s.ns, "sysctl -qw net.ipv4.ip_forward=1")
	if n.family != "nodes" && n.family != "vxlan" {
		n.nodes = append(n.nodes, s)
	}
	return s
}

// pod adds a pod to a node.
func (n *network) pod(s *site, j int) *pod {
	ns := n.netns(fmt.Sprintf("pod%d%c", len(n.nodes)+1, 'a'+j))
	p := &pod{ns: ns, dev: pick(n, "eth0", "eth0", "net1", ns+"-eth0"), veth: n.name(ns)}
	c := n.cable(s.ns, p.veth, ns, p.dev)
	p.vethMAC, p.mac = c.a.mac, c.b.mac
	p.addr, p.bits = nth(s.subnet, 10+j+n.IntN(40)*5), 32
	switch s.style {
	case "bridge":
		p.bits = 24
		n.do(s.ns, "ip link set %s master %s", p.veth, s.bridge)
	case "proxy":
		p.bits = pick(n, 24, 32)
		n.do(s.ns, "sysctl -qw net.ipv4.conf.%s.proxy_arp=1", p.veth)
	case "address":
		n.addr(s.ns, p.veth, s.gateway, 32)
	case "published":
		n.do(s.ns, "ip neigh add proxy %s dev %s", s.gateway, p.veth)
	case "static":
		n.do(ns, "ip neigh add %s lladdr %s dev %s nud permanent", s.gateway, p.vethMAC, p.dev)
	}
	n.addr(ns, p.dev, p.addr, p.bits)
	if s.style != "bridge" {
		n.route(s.ns, single(p.addr), "dev %s", p.veth)
	}
	onlink := " onlink"
	if netip.PrefixFrom(p.addr, p.bits).Contains(s.gateway) {
		onlink = ""
	}
	n.route(ns, everything, "via %s dev %s%s", s.gateway, p.dev, onlink)
	s.pods = append(s.pods, p)
	return p
}

// outside adds the world behind a node, which knows the node but not its pods.
func (n *network) outside(s *site) {
	out, up := n.netns("outside"), pick(n, "eth0", "ens3", "uplink")
	n.cable(s.ns, up, out, "node")
	net := prefix("192.168.%d.0/%d", n.IntN(250), pick(n, 24, 29, 30))
	s.uplink, s.addr = up, nth(net, 2)
	n.addr(out, "node", nth(net, 1), net.Bits())
	n.addr(s.ns, up, s.addr, net.Bits())
	n.route(s.ns, everything, "via %s dev %s", nth(net, 1), up)
	n.do(out, "ip addr add 203.0.113.10/32 dev lo")
	n.do(s.ns, "iptables -t nat -A POSTROUTING -s %s %s -j MASQUERADE", s.subnet,
		pick(n, "-o "+up, fmt.Sprintf("! -d %s", s.subnet)))
}

// within lets two of one node ping each other, or a pod the outside.
func (n *network) within(s *site) {
	n.ends = []*site{s}
	a, b := s.pods[0], s.pods[1]
	if n.family == "way-out" {
		n.ping(a.ns, a.addr, "outside", pick(n, netip.MustParseAddr("203.0.113.10"), s.addr.Prev()), s.ns)
		return
	}
	switch n.IntN(7) {
	case 0:
		n.ping(a.ns, a.addr, s.ns, n.nodeAddr(s))
	case 1:
		n.ping(s.ns, netip.Addr{}, a.ns, a.addr)
	case 2:
		n.do(a.ns, "ip link set lo up")
		n.ping(a.ns, a.addr, a.ns, a.addr)
	default:
		n.ping(a.ns, a.addr, b.ns, b.addr, s.ns)
	}
}

// nodeAddr is an address of the node that its pods can reach.
func (n *network) nodeAddr(s *site) netip.Addr {
	switch {
	case s.style == "bridge", s.style == "address":
		return s.gateway
	case s.addr.IsValid():
		return s.addr
	}
	return aloneAddr
}

// aloneAddr is the address of a node that has no uplink.
var aloneAddr = netip.MustParseAddr("192.0.2.1")

// ping says who pings whom, and by which namespaces.
func (n *network) ping(from string, source netip.Addr, to string, dest netip.Addr, between ...string) {
	n.from, n.source, n.to, n.dest, n.real = from, source, to, dest, dest
	n.way = append([]string{from}, between...)
	if !slices.Contains(n.way, to) {
		n.way = append(n.way, to)
	}
}

// defaults gives nodes a default route, without which they would answer for no
// gateway: by the next namespace, whether it knows the way or not.
func (n *network) defaults() {
	for i, s := range n.nodes {
		if s.style != "proxy" && s.style != "published" && !n.chance(30) {
			continue
		}
		via := n.nodes[(i+1)%len(n.nodes)].addr
		if n.via == nil {
			line := n.rowLine
			via = []netip.Addr{line[0].rightAddr, line[len(line)-1].leftAddr}[i]
		}
		n.route(s.ns, everything, "via %s dev %s", via, s.uplink)
	}
}
