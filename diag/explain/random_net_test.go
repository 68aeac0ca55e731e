package explain_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// network is a random network: the commands that build it, and what the
// generator must remember of it to break it.
type network struct {
	*rand.Rand
	family string
	spaces []string
	cables []cable
	routes []path
	nodes  []*site
	links  []command           // devices, which are made first
	setup  map[string][]string // of each namespace, in order
	from   string
	source netip.Addr // what the ping is expected to have as its source
	dest   netip.Addr // what is pinged
	real   netip.Addr // the same, or the pod that a service's address stands for
	to     string     // the namespace that has dest; empty when none has
	way    []string   // the namespaces that the ping passes, from and to themselves too
	proto  string     // what is asked about: "icmp", or "tcp" or "udp" of randomPort
	size   int        // bytes of the ping's payload; 0 is what ping sends
	df     bool       // the ping may not be fragmented
	broken []spot     // the faults of this seed
	v6     bool       // it is of IPv6
	warm   bool       // a ping has filled the caches before the faults came

	// What the families remember of themselves.
	via       func(from, to *site) netip.Addr // how nodes reach each other; nil by routers
	between   []string                        // the namespaces between the nodes
	ends      []*site                         // the nodes that the ping passes, in order
	row       []string                        // namespaces in a row of routers, and its wires
	rowLine   []segment
	tunnel    string // the VXLAN device, called the same everywhere
	vni, port int
	dnat      string // the rule of a service, but for the pod
	remotes   []remote
	index     int // of the last device
}

// command is one line that a person could type.
type command struct{ netns, text string }

// String is the command as it is typed from outside the namespace.
func (c command) String() string {
	for _, tool := range []string{"ip", "bridge"} {
		if rest, ok := strings.CutPrefix(c.text, tool+" "); ok && !strings.ContainsAny(c.text, ";|&") {
			return fmt.Sprintf("%s -n %s %s", tool, c.netns, rest)
		}
	}
	return fmt.Sprintf("ip netns exec %s sh -c '%s'", c.netns, strings.ReplaceAll(c.text, "'", `'\''`))
}

// end is a device.
type end struct{ ns, dev, mac string }

// cable is a veth pair.
type cable struct{ a, b end }

// path is a route that somebody needs.
type path struct {
	ns   string
	dst  netip.Prefix
	rest string
}

// site is a node with its pods.
type site struct {
	ns, style, uplink string
	addr              netip.Addr   // on the underlay
	subnet            netip.Prefix // of the pods
	gateway           netip.Addr
	bridge            string
	pods              []*pod
}

// pod is a namespace behind a node.
type pod struct {
	ns, dev, veth string
	mac, vethMAC  string
	addr          netip.Addr
	bits          int
}

// newNetwork makes the network of a seed. The same seed makes the same one.
func newNetwork(seed uint64) *network {
	n := healthyNetwork(seed)
	if !*randomHealthy {
		n.breakIt()
	}
	return n
}

// healthyNetwork is the network of a seed before it is broken.
func healthyNetwork(seed uint64) *network {
	n := &network{proto: *randomProto, Rand: rand.New(rand.NewPCG(seed, 0x6e73)), setup: map[string][]string{}, index: 10}
	if n.proto == "" {
		n.proto = []string{"icmp", "tcp", "udp"}[seed%3]
	}
	n.choose()
	if n.chance(25) {
		n.size, n.df = pick(n, 500, 1372, 1400, 1472), n.chance(50)
	}
	if n.proto != "icmp" {
		n.size, n.df = 0, false
	}
	n.noise()
	return n
}

// pick is one of the choices.
func pick[T any](n *network, choices ...T) T { return choices[n.IntN(len(choices))] }

// chance is true in so many percent of cases.
func (n *network) chance(percent int) bool { return n.IntN(100) < percent }

// netns adds a namespace.
func (n *network) netns(name string) string {
	n.spaces = append(n.spaces, name)
	// A namespace without any address would ask for none: it takes every
	// neighbour for a broadcast address (inet_addr_type without a local table).
	if strings.HasPrefix(name, "node") || n.chance(75) {
		n.do(name, "ip link set lo up")
	}
	return name
}

// do adds a line to the set-up of a namespace.
func (n *network) do(ns, format string, args ...any) {
	n.setup[ns] = append(n.setup[ns], fmt.Sprintf(format, args...))
}

// device gives the next device its index and its MAC address. No index is the
// same in two namespaces: the carrier of a veth whose peer has its own index is
// told up to a second late (linkwatch_urgent_event).
func (n *network) device(ns, name string) (end, string) {
	n.index++
	e := end{ns, name, fmt.Sprintf("02:%02x:00:00:00:%02x", n.IntN(256), n.index)}
	return e, fmt.Sprintf("name %s index %d address %s", name, n.index, e.mac)
}

// timers makes a neighbour that does not answer FAILED after 0.18 s.
func (n *network) timers(e end) {
	n.do(e.ns, "ip ntable change name arp_cache dev %s retrans 60 proxy_delay 0 delay_probe 1000", e.dev)
}

// cable connects two namespaces and sets both ends up.
func (n *network) cable(a, devA, b, devB string) cable {
	endA, optionsA := n.device(a, devA)
	endB, optionsB := n.device(b, devB)
	n.links = append(n.links, command{a, fmt.Sprintf("ip link add %s type veth peer %s netns %s", optionsA, optionsB, b)})
	c := cable{endA, endB}
	n.cables = append(n.cables, c)
	for _, e := range []end{endA, endB} {
		n.timers(e)
		n.do(e.ns, "ip link set %s up", e.dev)
	}
	return c
}

// addr gives a device an address.
func (n *network) addr(ns, dev string, addr netip.Addr, bits int) {
	n.do(ns, "ip addr add %s/%d dev %s", addr, bits, dev)
}

// route adds a route that may be taken away.
func (n *network) route(ns string, dst netip.Prefix, format string, args ...any) {
	rest := fmt.Sprintf(format, args...)
	n.do(ns, "ip route add %s %s", dst, rest)
	n.routes = append(n.routes, path{ns, dst, rest})
}

// name is a device name in the manner of one CNI or another.
func (n *network) name(stem string) string {
	n.index++
	switch n.IntN(4) {
	case 0:
		return fmt.Sprintf("cali%07x%04d", n.IntN(1<<28), n.index)
	case 1:
		return fmt.Sprintf("veth%06x%d", n.IntN(1<<24), n.index)
	case 2:
		return fmt.Sprintf("lxc-%s-%d", stem, n.index)
	}
	return fmt.Sprintf("v-%s%d", stem, n.index)
}

// script is the whole network as a person would type it.
func (n *network) script() string {
	var b strings.Builder
	for _, ns := range n.spaces {
		fmt.Fprintf(&b, "ip netns add %s\n", ns)
	}
	for _, c := range n.commands() {
		fmt.Fprintln(&b, c)
	}
	if n.warm {
		fmt.Fprintln(&b, n.typed())
	}
	for _, s := range n.broken {
		fmt.Fprintf(&b, "# fault: %s\n", s.name)
		for _, c := range s.commands {
			fmt.Fprintln(&b, c)
		}
	}
	fmt.Fprintln(&b, n.typed())
	return b.String()
}

// typed is the ping as it is typed.
func (n *network) typed() string {
	options := ""
	if n.size > 0 {
		options += fmt.Sprintf(" -s %d", n.size)
	}
	if n.df {
		options += " -M do"
	}
	return fmt.Sprintf("ip netns exec %s ping -c1%s %s", n.from, options, n.dest)
}

// commands build the network, once its namespaces are there.
func (n *network) commands() []command {
	all := slices.Clone(n.links)
	for _, ns := range n.spaces {
		for _, text := range n.setup[ns] {
			all = append(all, command{ns, text})
		}
	}
	return all
}

// next is the address so many behind the first of a prefix.
func nth(p netip.Prefix, i int) netip.Addr {
	addr := p.Masked().Addr()
	for range i {
		addr = addr.Next()
	}
	return addr
}

func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

var everything = netip.MustParsePrefix("0.0.0.0/0")

func prefix(format string, args ...any) netip.Prefix {
	return netip.MustParsePrefix(fmt.Sprintf(format, args...)).Masked()
}

// key is a device's name in a key of sysctl(8).
func key(dev string) string { return strings.ReplaceAll(dev, ".", "/") }
