package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// segment is one wire of a line of routers.
type segment struct {
	left, right         end
	leftAddr, rightAddr netip.Addr
	net                 netip.Prefix
}

// line connects namespaces in a row.
func (n *network) line(spaces ...string) []segment {
	segments := make([]segment, len(spaces)-1)
	second := 16 + n.IntN(15)
	for i := range segments {
		left, right := fmt.Sprintf("to-%s", spaces[i+1]), fmt.Sprintf("to-%s", spaces[i])
		c := n.cable(spaces[i], left, spaces[i+1], right)
		bits := pick(n, 24, 29, 30, 31)
		net := prefix("172.%d.%d.0/%d", second, i+1, bits)
		first := 1
		if bits == 31 {
			first = 0
		}
		s := segment{c.a, c.b, nth(net, first), nth(net, first+1), net}
		n.addr(spaces[i], left, s.leftAddr, bits)
		n.addr(spaces[i+1], right, s.rightAddr, bits)
		segments[i] = s
	}
	n.row, n.rowLine = spaces, segments
	return segments
}

// rightwards gives each namespace of a line a route to what is behind its right end.
func (n *network) rightwards(spaces []string, line []segment, dst netip.Prefix) {
	for i, s := range line {
		if s.net != dst {
			n.route(spaces[i], dst, "via %s dev %s", s.rightAddr, s.left.dev)
		}
	}
}

// leftwards is rightwards for the other end.
func (n *network) leftwards(spaces []string, line []segment, dst netip.Prefix) {
	for i, s := range line {
		if s.net != dst {
			n.route(spaces[i+1], dst, "via %s dev %s", s.leftAddr, s.right.dev)
		}
	}
}

// fabric connects the nodes: by a cable, a switch, or a row of routers.
func (n *network) fabric() {
	kind := "switch"
	if len(n.nodes) == 2 {
		kind = pick(n, "cable", "switch", "routers", "routers")
	}
	switch kind {
	case "routers":
		n.routers()
		return
	case "cable":
		a, b := n.nodes[0], n.nodes[1]
		a.uplink, b.uplink = "eth0", pick(n, "eth0", "ens3")
		n.cable(a.ns, a.uplink, b.ns, b.uplink)
	default:
		n.wall()
	}
	net := prefix("192.168.%d.0/24", n.IntN(250))
	for i, s := range n.nodes {
		s.addr = nth(net, 10+i)
		n.addr(s.ns, s.uplink, s.addr, 24)
		n.do(s.ns, "sysctl -qw net.ipv4.conf.%s.forwarding=1", s.uplink)
	}
	n.via = func(_, to *site) netip.Addr { return to.addr }
}

// wall is a switch that all nodes are plugged into.
func (n *network) wall() {
	lan := n.netns("switch")
	_, options := n.device(lan, "lan")
	n.links = append(n.links, command{lan, fmt.Sprintf("ip link add %s type bridge", options)})
	n.do(lan, "ip link set lan up")
	for i, s := range n.nodes {
		s.uplink = pick(n, "eth0", "ens3", "enp1s0")
		port := fmt.Sprintf("port%d", i+1)
		n.cable(s.ns, s.uplink, lan, port)
		n.do(lan, "ip link set %s master lan", port)
	}
	n.between = []string{lan}
}

// routers connects two nodes by one to four routers.
func (n *network) routers() {
	a, b := n.nodes[0], n.nodes[1]
	spaces := []string{a.ns}
	for i := range 1 + n.IntN(4) {
		r := n.netns(fmt.Sprintf("r%d", i+1))
		n.do(r, "sysctl -qw net.ipv4.ip_forward=1")
		spaces = append(spaces, r)
		n.between = append(n.between, r)
	}
	spaces = append(spaces, b.ns)
	line := n.line(spaces...)
	last := line[len(line)-1]
	a.uplink, a.addr = line[0].left.dev, line[0].leftAddr
	b.uplink, b.addr = last.right.dev, last.rightAddr
	n.rightwards(spaces, line, last.net)
	n.leftwards(spaces, line, line[0].net)
	if n.family == "nodes" {
		n.rightwards(spaces, line, b.subnet)
		n.leftwards(spaces, line, a.subnet)
	}
	for _, s := range n.nodes {
		n.do(s.ns, "sysctl -qw net.ipv4.conf.%s.forwarding=1", s.uplink)
	}
}

// hostRoutes tells each node where the pods of the others are.
func (n *network) hostRoutes() {
	if n.via == nil {
		return // a line of routers has them already
	}
	for _, s := range n.nodes {
		for _, t := range n.nodes {
			if s != t {
				n.route(s.ns, t.subnet, "via %s dev %s", n.via(s, t), s.uplink)
			}
		}
	}
}

// overlay carries the pods' packets from node to node in VXLAN.
func (n *network) overlay() {
	flannel := n.chance(50)
	vni, port := 1+n.IntN(5000), pick(n, 4789, 8472)
	macs := map[*site]string{}
	n.tunnel = "flannel.1"
	if !flannel {
		n.tunnel = pick(n, "vxlan0", "vx-overlay")
	}
	learning := ""
	if flannel {
		learning = " nolearning"
	}
	for _, s := range n.nodes {
		e, options := n.device(s.ns, n.tunnel)
		macs[s] = e.mac
		n.links = append(n.links, command{s.ns, fmt.Sprintf("ip link add %s type vxlan id %d local %s dstport %d%s", options, vni, s.addr, port, learning)})
		n.timers(e)
		n.do(s.ns, "ip link set %s up", n.tunnel)
		n.addr(s.ns, n.tunnel, s.subnet.Addr(), 32)
		n.do(s.ns, "sysctl -qw net.ipv4.conf.%s.forwarding=1", key(n.tunnel))
	}
	for _, s := range n.nodes {
		for _, t := range n.nodes {
			if s == t {
				continue
			}
			n.route(s.ns, t.subnet, "via %s dev %s onlink", t.subnet.Addr(), n.tunnel)
			mac := "00:00:00:00:00:00"
			if flannel {
				mac = macs[t]
				n.do(s.ns, "ip neigh add %s lladdr %s dev %s nud permanent", t.subnet.Addr(), mac, n.tunnel)
			}
			n.do(s.ns, "bridge fdb append %s dev %s dst %s self permanent", mac, n.tunnel, t.addr)
			n.remotes = append(n.remotes, remote{s, t, mac, t.subnet.Addr(), flannel})
		}
	}
	n.vni, n.port = vni, port
}

// remote is what one node knows of another's end of the tunnel.
type remote struct {
	at, of  *site
	mac     string
	addr    netip.Addr
	flannel bool
}

// across lets a node or pod ping another node's pod or a node.
func (n *network) across() {
	order := n.Perm(len(n.nodes))
	s, t := n.nodes[order[0]], n.nodes[order[1]]
	n.ends = []*site{s, t}
	between := slices.Clone(n.between)
	if s != n.nodes[0] {
		slices.Reverse(between)
	}
	way := append(append([]string{s.ns}, between...), t.ns)
	p, q := s.pods[0], t.pods[0]
	switch n.IntN(6) {
	case 0:
		n.ping(s.ns, netip.Addr{}, q.ns, q.addr, way[1:]...)
	case 1:
		// A tunnel carries the pods' packets only: no node answers by it.
		if n.family == "nodes" {
			n.ping(p.ns, p.addr, t.ns, t.addr, way...)
			break
		}
		fallthrough
	default:
		n.ping(p.ns, p.addr, q.ns, q.addr, way...)
	}
}

// chain is two hosts with one to five routers between them. The replies may
// come back by another router.
func (n *network) chain() {
	spaces := []string{n.netns("alice")}
	for i := range 1 + n.IntN(5) {
		spaces = append(spaces, n.netns(fmt.Sprintf("r%d", i+1)))
	}
	spaces = append(spaces, n.netns("bob"))
	for _, r := range spaces[1 : len(spaces)-1] {
		n.do(r, "sysctl -qw net.ipv4.ip_forward=1")
	}
	line := n.line(spaces...)
	last := line[len(line)-1]
	source, dest := line[0].leftAddr, last.rightAddr
	target := last.net
	if n.chance(40) {
		dest = netip.MustParseAddr("198.51.100.7")
		n.addr("bob", "lo", dest, 32)
		target = single(dest)
	}
	if n.chance(50) {
		target = everything // the routers know the way to everything, but the way back in detail
	}
	n.rightwards(spaces, line, target)
	detour := len(spaces) >= 5 && n.chance(50)
	back := line[0].net
	if !detour {
		n.leftwards(spaces, line, back)
	} else {
		n.detour(spaces, line, back, target)
	}
	n.ping("alice", source, "bob", dest, spaces[1:len(spaces)-1]...)
	if detour {
		n.way = append(n.way, "detour")
	}
}

// detour leads the replies from the third router to the first by another one.
func (n *network) detour(spaces []string, line []segment, back, target netip.Prefix) {
	x := n.netns("detour")
	n.do(x, "sysctl -qw net.ipv4.ip_forward=1")
	n.cable(spaces[1], "to-detour", x, "to-r1")
	n.cable(x, "to-r3", spaces[3], "to-detour")
	n.addr(spaces[1], "to-detour", netip.MustParseAddr("172.31.1.1"), 30)
	n.addr(x, "to-r1", netip.MustParseAddr("172.31.1.2"), 30)
	n.addr(x, "to-r3", netip.MustParseAddr("172.31.3.1"), 30)
	n.addr(spaces[3], "to-detour", netip.MustParseAddr("172.31.3.2"), 30)
	for i, s := range line[1:] {
		if i == 1 {
			n.route(spaces[3], back, "via 172.31.3.1 dev to-detour")
			continue
		}
		n.route(spaces[i+2], back, "via %s dev %s", s.leftAddr, s.right.dev)
	}
	n.route(x, back, "via 172.31.1.1 dev to-r1")
	n.route(x, target, "via 172.31.3.2 dev to-r3")
	if n.chance(40) { // the requests may take either way
		s := line[1]
		n.setup[spaces[1]] = slices.DeleteFunc(n.setup[spaces[1]], func(text string) bool {
			return strings.HasPrefix(text, fmt.Sprintf("ip route add %s ", target))
		})
		n.do(spaces[1], "ip route add %s nexthop via %s dev %s nexthop via 172.31.1.2 dev to-detour", target, s.rightAddr, s.left.dev)
		n.routes = slices.DeleteFunc(n.routes, func(p path) bool { return p.ns == spaces[1] && p.dst == target })
	}
}
