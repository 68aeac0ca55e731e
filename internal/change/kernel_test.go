package change_test

import (
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/diag/netfilter"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

const host, inet = lab.Host, lab.Inet

var (
	router   = netip.MustParseAddr("192.168.6.1")
	stranger = netip.MustParseAddr("192.168.6.77")
	wide     = netip.MustParsePrefix("10.50.0.0/16")
	mac      = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x99}
	far6     = netip.MustParseAddr("fd00:6::77")
	wide6    = netip.MustParsePrefix("fd00:50::/64")
)

// with6 turns IPv6 on, which a lab has off, and gives the host an address at once.
var with6 = []change.Change{
	change.Sysctl{Netns: host, Path: "net/ipv6/conf/eth0/accept_dad", Value: "0"},
	change.Sysctl{Netns: host, Path: "net/ipv6/conf/eth0/disable_ipv6", Value: "0"},
	change.AddrAdd{Netns: host, Addr: "fd00:6::160/64", Dev: "eth0"},
}

// Whether that address is used for the source of what begins.
var (
	preferred6  = change.AddrPrefer{Netns: host, Addr: "fd00:6::160/64", Dev: "eth0"}
	deprecated6 = change.AddrPrefer{Netns: host, Addr: "fd00:6::160/64", Dev: "eth0", Deprecated: true}
)

// with6and has lines of nft as well.
func with6and(lines ...string) []change.Change {
	all := slices.Clone(with6)
	for _, line := range lines {
		all = append(all, nftLine(line))
	}
	return all
}

// sample is a change, and what has to be there before it.
type sample struct {
	name   string
	start  []change.Change
	change change.Change
	unseen bool // no table shows it
	final  bool // it cannot be undone
	rules  bool // it is one of the packet filter
}

func port(settings ...change.PortSetting) change.PortSet {
	return change.PortSet{Netns: host, Dev: "cable0", Settings: settings}
}

func line(words string) change.IPTables {
	return change.IPTables{Netns: host, Words: strings.Fields(words)}
}

func line6(words string) change.IPTables {
	rule := line(words)
	rule.V6 = true
	return rule
}

func lookup(to netip.Prefix) change.PolicyAdd {
	rule := change.Lookup(100, 50)
	rule.Dst = to
	return change.PolicyAdd{Netns: host, Rule: rule}
}

// nftLine is a line of nft for the host.
func nftLine(words string) change.Change { return change.NFTLine(host, words) }

// services are a table with a chain for what arrives, one for each of two backends,
// and a map of services.
func services() []change.Change {
	return []change.Change{
		nftLine("add table ip svc"),
		nftLine("add chain ip svc pre { type nat hook prerouting priority dstnat; policy accept; }"),
		nftLine("add chain ip svc ep-b"), nftLine("add chain ip svc ep-c"),
		nftLine("add map ip svc ips { type ipv4_addr . inet_proto . inet_service : verdict; }"),
	}
}

// nftSamples are the lines of nft that are understood.
func nftSamples() (all []sample) {
	for name, line := range map[string]string{
		"a table": "add table ip own", "a chain": "add chain ip svc plain", "a hooked chain": "add chain ip svc out { type nat hook output priority -100; }",
		"a chain that drops": "add chain ip svc fw { type filter hook forward priority filter; policy drop; }",
		"a map":              "add map ip svc more { type ipv4_addr . inet_proto . inet_service : verdict; }",
		"an element":         "add element ip svc ips { 10.96.0.100 . tcp . 80 : goto ep-b, 10.96.0.100 . udp . 53 : jump ep-c }",
		"a counter":          "add rule ip svc pre counter",
		"dnat":               "add rule ip svc pre ip daddr 10.96.0.100 counter dnat to 10.244.1.11",
		"dnat to a port":     "add rule ip svc pre ip saddr != 10.244.0.0/16 ip daddr 10.96.0.100 tcp dport 80 counter dnat to 10.244.1.11:8080",
		"dnat of a protocol": "insert rule ip svc ep-b meta l4proto udp dnat to 10.244.1.11:53",
		"dnat by lot":        "insert rule ip svc pre ip daddr 10.96.0.100 dnat to numgen random mod 2 map { 0 : 10.244.1.11, 1 : 10.244.1.12 }",
		"a node's port":      "add rule ip svc pre fib daddr type local tcp dport 30080 counter dnat to 10.244.1.11:80",
		"known connections":  "insert rule ip svc ep-b ct state established,related counter accept",
		"new connections":    "add rule ip svc ep-b ip saddr 10.244.1.10 ct state new counter drop",
		"a verdict by lot":   "add rule ip svc pre numgen inc mod 2 vmap { 0 : goto ep-b, 1 : goto ep-c }",
		"a map of services":  "add rule ip svc pre ip daddr . meta l4proto . th dport vmap @ips",
		"a set of clients":   "add set ip svc aff { type ipv4_addr; flags dynamic,timeout; timeout 3h; }; add element ip svc aff { 10.244.1.10, 10.244.1.12 }",
		"a memory of them":   "add set ip svc aff { type ipv4_addr; flags dynamic,timeout; timeout 3h; }; add rule ip svc ep-b update @aff { ip saddr }",
		"a question for it":  "add set ip svc aff { type ipv4_addr; flags dynamic,timeout; timeout 3h; }; insert rule ip svc pre ip saddr @aff goto ep-b",
		"a jump":             "add rule ip svc pre iifname veth-pod-a udp sport 53 jump ep-b",
		"a mark":             "add rule ip svc pre ip saddr 10.244.1.11 meta mark set mark or 0x4000",
		"drop":               "add rule ip svc ep-b meta mark & 0x4000 == 0x4000 counter drop",
		"two at once":        "add chain ip svc post { type nat hook postrouting priority srcnat; }; add rule ip svc post meta mark & 0x4000 == 0x4000 masquerade fully-random",
		"a marked one":       "insert rule ip svc pre meta mark 1337 counter accept",
		"an unmarked one":    "insert rule ip svc pre meta mark != 0x7 tcp dport 80 counter accept",
		"a trace":            "insert rule ip svc pre ip daddr 10.96.0.100 meta nftrace set 1",
		"redirection":        "add chain ip svc out { type nat hook output priority -100; }; add rule ip svc out meta skuid != 1337 tcp dport 80 counter redirect to :15001",
		"tproxy":             "add chain ip svc m { type filter hook prerouting priority mangle; }; add rule ip svc m tcp dport 80 tproxy to :15001 meta mark set 1 counter accept",
		"reject":             "add chain ip svc fw { type filter hook forward priority 0; }; add rule ip svc fw oifname eth0 counter reject",
	} {
		all = append(all, sample{name: "nft: " + name, start: services(), change: nftLine(line), rules: true, unseen: name == "a table"})
	}
	element := "ip svc ips { 10.96.0.100 . tcp . 80 : goto ep-b }"
	filled := append(services(), nftLine("add element "+element), nftLine("add rule ip svc ep-b counter"))
	return append(all, sample{name: "nft: an element away", start: filled, change: nftLine("delete element " + element), rules: true},
		sample{name: "nft: rules flushed", start: filled, change: nftLine("flush chain ip svc ep-b"), rules: true, final: true})
}

func samples() []sample {
	veth := change.LinkAdd{Netns: host, Name: "cable0", Kind: "veth", Peer: "cable1"}
	bridge := change.LinkAdd{Netns: host, Name: "br0", Kind: "bridge"}
	vxlan := change.LinkAdd{Netns: host, Name: "vx0", Kind: "vxlan", VNI: 7, Local: "192.168.6.160", Port: 4789, MTU: 1450}
	bridged := []change.Change{veth, bridge, change.Master(host, "cable0", "br0"), change.Up(host, "br0"), change.Up(host, "cable0"), change.Up(host, "cable1")}
	direct := change.Route{Netns: host, Verb: change.RouteAdd, Route: change.To(wide, netip.Addr{}, "eth0", false)}
	replaced, gone, several := direct, direct, direct
	replaced.Verb, replaced.Route = change.RouteReplace, change.To(wide, router, "eth0", false)
	replaced.MTU, replaced.Metrics = 1400, "advmss 1200"
	gone.Verb = change.RouteDel
	several.Route = change.To(wide, netip.Addr{}, "", false)
	several.Nexthops = []table.Nexthop{{Via: router, Dev: "eth0", Weight: 1}, {Via: stranger, Dev: "eth0", Weight: 3}}
	hole := direct
	hole.Route = change.To(wide, netip.Addr{}, "", false)
	hole.Type, hole.Table = "blackhole", 100
	neigh := change.NeighSet{Netns: host, Dst: stranger, MAC: mac, Dev: "eth0", State: change.Permanent}
	fdb := change.FDB{Netns: host, Verb: change.FDBAppend, MAC: change.Flooded, Dev: "vx0", Dst: router}
	unled, released := fdb, fdb
	unled.Verb, released.Verb = change.FDBDel, change.FDBReplace
	policy6 := lookup(wide6)
	policy6.Rule.Family = 6
	marked, bits := change.PolicyAdd{Netns: host, Rule: change.Lookup(100, 0)}, policy6
	marked.Rule.Mark, marked.Rule.Mask = 0x10, ^uint32(0)
	bits.Rule.Mark, bits.Rule.Mask = 0x10, 0xff
	vrfs := change.PolicyAdd{Netns: host, Rule: change.VRFs(4)}
	vrfs6 := change.PolicyAdd{Netns: host, Rule: change.VRFs(6)}
	hand := direct
	hand.Route = change.To(netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.Addr{}, "lo", false)
	hand.Type, hand.Scope, hand.Table = "local", "host", 100
	neigh6 := change.NeighSet{Netns: host, Dst: far6, MAC: mac, Dev: "eth0", State: change.Permanent}
	route6, default6, replaced6 := direct, direct, replaced
	route6.Route = change.To(wide6, far6, "eth0", false)
	replaced6.Route = change.To(wide6, netip.MustParseAddr("fd00:6::78"), "eth0", false)
	default6.Route = change.To(netip.PrefixFrom(netip.IPv6Unspecified(), 0), far6, "eth0", false)
	direct6, hole6, gone6 := direct, hole, gone
	direct6.Dst, hole6.Dst, gone6.Dst = default6.Dst, default6.Dst, default6.Dst
	instead6 := direct6
	instead6.Verb = change.RouteReplace
	flow := change.ConntrackAdd{Netns: host, Proto: "udp", Src: netip.MustParseAddrPort("10.244.1.10:40000"), Dst: netip.AddrPortFrom(stranger, 53), To: router}
	filter := []change.Change{line("-A FORWARD -p tcp -j DROP")}
	return append(nftSamples(), []sample{
		{name: "up", start: []change.Change{veth}, change: change.Up(host, "cable0")},
		{name: "loopback up", start: []change.Change{change.NetnsAdd{Name: "p"}}, change: change.Up("p", "lo")},
		{name: "down, with routes", start: []change.Change{direct}, change: change.Down(host, "eth0")},
		{name: "mtu", change: change.MTU(host, "eth0", 1300)},
		{name: "address", change: change.MAC(host, "eth0", mac.String())},
		{name: "promisc", change: change.Promisc(host, "eth0")},
		{name: "master", start: []change.Change{veth, bridge}, change: change.Master(host, "cable0", "br0")},
		{name: "nomaster", start: bridged, change: change.Master(host, "cable0", "")},
		{name: "arp", start: []change.Change{change.LinkSet{Netns: host, Dev: "eth0", Attr: "arp", Value: "off"}}, change: change.ARP(host, "eth0")},
		{name: "stp", start: bridged, change: change.LinkSet{Netns: host, Dev: "br0", Attr: "type bridge stp_state", Value: "1"}, unseen: true},
		{name: "move", start: []change.Change{veth}, change: change.LinkMove{Netns: host, Dev: "cable0", To: inet, Rename: "eth7"}},
		{name: "veth", change: veth},
		{name: "veth between namespaces", change: change.LinkAdd{Netns: host, Name: "a0", Kind: "veth", Index: 500, MAC: mac.String(), MTU: 1400, QLen: 500,
			Peer: "b0", PeerMAC: "02:00:00:00:00:98", PeerNetns: inet}},
		{name: "bridge", change: bridge},
		{name: "vxlan", change: vxlan},
		{name: "held down", start: []change.Change{change.LinkAdd{Netns: host, Name: "mv0", Kind: "macvlan", Lower: "eth0", Mode: "bridge"}, change.Up(host, "mv0")}, change: change.ProtoDown(host, "mv0", true)},
		{name: "macvlan", change: change.LinkAdd{Netns: host, Name: "mv0", Kind: "macvlan", Lower: "eth0", Mode: "bridge"}},
		{name: "link away", start: []change.Change{bridge}, change: change.LinkDel{Netns: host, Dev: "br0"}, final: true},
		{name: "an address", change: change.AddrAdd{Netns: host, Addr: "10.9.0.1/24", Dev: "eth0", Broadcast: true}},
		{name: "an address away, with routes", change: change.AddrDel{Netns: host, Addr: "192.168.6.160/24", Dev: "eth0"}},
		{name: "a direct route", change: direct},
		{name: "a route in place of another", start: []change.Change{direct}, change: replaced},
		{name: "a route away", start: []change.Change{direct}, change: gone},
		{name: "a route of several ways", change: several},
		{name: "a route of another table that rejects", change: hole},
		{name: "a policy rule", change: lookup(wide)},
		{name: "the policy rule of VRFs", change: vrfs},
		{name: "that of IPv6 away", start: []change.Change{vrfs6}, change: change.PolicyDel(vrfs6)},
		{name: "a policy rule away", start: []change.Change{lookup(wide)}, change: change.PolicyDel(lookup(wide))},
		{name: "an address of IPv6", start: with6[:2], change: with6[2]},
		{name: "an address of IPv6 preferred", start: append(with6[:3:3], deprecated6), change: preferred6},
		{name: "an address of IPv6 deprecated", start: with6, change: deprecated6},
		{name: "a route of IPv6", start: with6, change: route6},
		{name: "a route of IPv6 in place of another", start: append(with6[:3:3], route6), change: replaced6},
		{name: "a default route of IPv6", start: with6, change: default6},
		{name: "a default route of IPv6 by a device", start: with6, change: direct6},
		{name: "a hole for all of IPv6", start: with6, change: hole6},
		{name: "another default route of IPv6", start: append(with6, default6), change: instead6},
		{name: "no default route of IPv6", start: append(with6, direct6), change: gone6},
		{name: "a policy rule of IPv6", change: policy6},
		{name: "a policy rule for a mark", change: marked},
		{name: "a policy rule for some bits of the mark away", start: []change.Change{bits}, change: change.PolicyDel(bits)},
		{name: "what has a mark is delivered", change: hand},
		{name: "a policy rule of IPv6 away", start: []change.Change{policy6}, change: change.PolicyDel(policy6)},
		{name: "a neighbour of IPv6", start: with6, change: neigh6},
		{name: "a neighbour of IPv6 away", start: append(with6[:3:3], neigh6), change: change.NeighDel{Netns: host, Dst: far6, Dev: "eth0"}},
		{name: "an exemption by its mark", change: change.IPTables{Netns: host, Words: strings.Fields("-t nat -I OUTPUT -m mark --mark 1337 -j ACCEPT")}, rules: true},
		{name: "what is for the node itself", change: change.IPTables{Netns: host, Words: strings.Fields("-t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -p tcp --dport 80 -j RETURN")}, rules: true},
		{name: "a redirection", change: change.IPTables{Netns: host, Words: strings.Fields("-t nat -A OUTPUT -p tcp --dport 80 -m owner --uid-owner 0 -j REDIRECT --to-ports 15001")}, rules: true},
		{name: "a rule of IPv6", start: []change.Change{line6("-A FORWARD -p udp -j DROP")}, change: line6("-A FORWARD -p tcp -j DROP")},
		{name: "a neighbour", change: neigh},
		{name: "a proxy of IPv6", start: with6, change: change.NeighProxy{Netns: host, Dst: far6, Dev: "eth0"}, unseen: true},
		{name: "a neighbour away", start: []change.Change{neigh}, change: change.NeighDel{Netns: host, Dst: stranger, Dev: "eth0"}},
		{name: "an entry of a tunnel", start: []change.Change{vxlan}, change: fdb, unseen: true},
		{name: "an entry of a tunnel away", start: []change.Change{vxlan, fdb}, change: unled, unseen: true},
		{name: "an entry of a tunnel replaced", start: []change.Change{vxlan}, change: func() change.FDB { f := released; f.MAC = mac; return f }(), unseen: true, final: true},
		{name: "how a port is treated", start: bridged, change: port(change.PortSetting{Name: "isolated", Value: "on"}, change.PortSetting{Name: "flood", Value: "off"},
			change.PortSetting{Name: "bcast_flood", Value: "off"}, change.PortSetting{Name: "mcast_flood", Value: "off"}, change.PortSetting{Name: "learning", Value: "off"}, change.PortSetting{Name: "hairpin", Value: "on"}), unseen: true},
		{name: "the state of a port", start: bridged, change: port(change.PortSetting{Name: "state", Value: "4"}), unseen: true},
		{name: "a setting", change: change.Conf(host, "eth0", "proxy_arp", "1")},
		{name: "forwarding", change: change.Sysctl{Netns: host, Path: "net/ipv4/ip_forward", Value: "1"}},
		{name: "a namespace", change: change.NetnsAdd{Name: "p"}, unseen: true},
		{name: "a namespace away", start: []change.Change{change.NetnsAdd{Name: "p"}}, change: change.NetnsDel{Name: "p"}, unseen: true, final: true},
		{name: "what was learned of paths", change: change.FlushCache{Netns: host}, unseen: true},
		{name: "what was learned of paths of IPv6", change: change.FlushCache{Netns: host, V6: true}, unseen: true},
		{name: "a connection", change: flow, unseen: true},
		{name: "one connection forgotten", start: []change.Change{flow}, change: change.ConntrackDel{Netns: host, Proto: "udp", Dst: stranger, Src: flow.Src.Addr(), SrcPort: 40000}, unseen: true, final: true},
		{name: "connections forgotten", start: []change.Change{flow}, change: change.ConntrackDel{Netns: host, Proto: "udp", Dst: stranger}, unseen: true, final: true},
		{name: "a rule", change: line("-t nat -A POSTROUTING -s 10.1.0.0/16 ! -d 10.1.0.0/16 -j MASQUERADE"), rules: true},
		{name: "a policy", start: filter, change: line("-P FORWARD DROP"), rules: true},
		{name: "a rule away", start: filter, change: line("-D FORWARD -p tcp -j DROP"), rules: true},
		{name: "a chain", start: filter, change: line("-N PODS"), rules: true},
		{name: "masquerade", change: change.Masquerade{Netns: host, Src: change.Only(stranger), Dst: router, Out: "eth+"}, rules: true},
		{name: "masquerade before all others", start: []change.Change{change.Masquerade{Netns: host, Out: "eth0"}}, change: change.Masquerade{Netns: host, Src: change.Only(stranger), Out: "eth0", First: true}, rules: true},
		{name: "masquerade a network", change: change.Masquerade{Netns: host, Src: netip.MustParsePrefix("10.1.0.0/16"), Out: "eth0"}, rules: true},
		{name: "a service", change: change.Translate{Netns: host, Hook: "output", Dst: stranger, Kind: change.Kind{Proto: "tcp", DstPort: 80}, To: router, ToPort: 8080}, rules: true},
		{name: "accept a ping", start: filter, change: change.Accept{Netns: host, Family: "ip", Table: "filter", Chain: "FORWARD", IPTables: true,
			Src: change.Only(stranger), Dst: router, Kind: change.Kind{Proto: "icmp", ICMPType: "echo-request"}}, rules: true},
		{name: "accept a port", start: filter, change: change.Accept{Netns: host, Family: "ip", Table: "filter", Chain: "FORWARD",
			Src: change.Only(stranger), Dst: router, Kind: change.Kind{Proto: "tcp", DstPort: 80}}, rules: true},
		{name: "masquerade IPv6", start: with6, change: change.Masquerade{Netns: host, Src: netip.PrefixFrom(far6, 64).Masked(), Out: "eth*"}, rules: true},
		{name: "a service of IPv6", start: with6, change: change.Translate{Netns: host, Hook: "prerouting", Dst: far6, Kind: change.Kind{Proto: "udp", DstPort: 53}, To: netip.MustParseAddr("fd00:6::78"), ToPort: 5353}, rules: true},
		{name: "accept a solicitation", start: with6and("add table ip6 f", "add chain ip6 f in { type filter hook input priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "ip6", Table: "f", Chain: "in", Src: netip.PrefixFrom(far6, 64).Masked(), Kind: change.Kind{Proto: "icmpv6", ICMPType: "nd-neighbor-solicit"}}, rules: true},
		{name: "accept in a table of both", start: with6and("add table inet f", "add chain inet f fwd { type filter hook forward priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "inet", Table: "f", Chain: "fwd", Src: change.Only(stranger), Dst: router, Kind: change.Kind{Proto: "udp", SrcPort: 53}}, rules: true},
		{name: "accept IPv6 in a table of both", start: with6and("add table inet f", "add chain inet f fwd { type filter hook forward priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "inet", Table: "f", Chain: "fwd", Dst: far6, Kind: change.Kind{Proto: "tcp", DstPort: 443}}, rules: true},
		{name: "accept in a bridge", start: with6and("add table bridge f", "add chain bridge f fwd { type filter hook forward priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "bridge", Table: "f", Chain: "fwd", Dst: router, Kind: change.Kind{Proto: "icmp", ICMPType: "echo-reply"}}, rules: true},
		{name: "accept ARP in a bridge", start: with6and("add table bridge f", "add chain bridge f fwd { type filter hook forward priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "bridge", Table: "f", Chain: "fwd", Dst: router, Kind: change.Kind{Proto: "arp"}}, rules: true},
		{name: "accept ARP", start: with6and("add table arp f", "add chain arp f in { type filter hook input priority filter; policy drop; }"),
			change: change.Accept{Netns: host, Family: "arp", Table: "f", Chain: "in", Dst: router, Kind: change.Kind{Proto: "arp"}}, rules: true},
		{name: "a rule of IPv6", start: with6, change: change.IPTables{Netns: host, V6: true, Words: strings.Fields("-A FORWARD ! -s fd00:6::/64 -i cali+ -p tcp --dport 80 -m conntrack --ctstate NEW -j REJECT")}, rules: true},
		{name: "a rule of many words", change: line("-I FORWARD -i eth0 ! -o veth+ -p icmp --icmp-type fragmentation-needed -j DROP"), rules: true},
		{name: "a source", change: line("-t nat -A POSTROUTING -p udp --sport 53 -j SNAT --to-source 192.168.6.160:5353"), rules: true},
		{name: "segments clamped", change: change.ClampMSS{Netns: host}, rules: true},
		{name: "segments of IPv6 clamped", start: with6, change: change.ClampMSS{Netns: host, V6: true}, rules: true},
		{name: "a rule by the name of its backend", change: change.IPTables{Netns: host, NFT: true, Words: strings.Fields("-t filter -I FORWARD -s 10.0.0.1 -p icmp --icmp-type echo-request -j ACCEPT")}, rules: true},
		{name: "one of IPv6", start: with6, change: change.IPTables{Netns: host, V6: true, NFT: true, Words: strings.Fields("-t filter -I FORWARD -s fd00:6::1 -j ACCEPT")}, rules: true},
		{name: "segments clamped, in the words of iptables", change: line("-t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"), rules: true},
		{name: "accept what has begun", start: filter, change: change.Accept{Netns: host, Family: "ip", Table: "filter", Chain: "FORWARD", Established: true}, rules: true},
	}...)
}

// state is what the two namespaces have, once the links and the addresses have settled.
func state(t *testing.T, l *lab.Lab) (b change.Before) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b = change.Before{}
		for _, netns := range l.Names() {
			if err := b.Read(t.Context(), l, netns, l.Namespaces()); err != nil {
				t.Fatal(err)
			}
		}
		waiting := func(link table.Link) bool {
			return link.Has("UP") && link.Has("LOWER_UP") == link.Has("NO-CARRIER")
		}
		tentative := func(a table.Addr) bool { return slices.Contains(a.Flags, "tentative") }
		settled := !slices.ContainsFunc(slices.Concat(b.Netns[host].Links, b.Netns[inet].Links), waiting) && !slices.ContainsFunc(b.Netns[host].Addrs, tentative)
		if settled || time.Now().After(deadline) {
			return b
		}
	}
}

// differences are those that somebody made: not what the kernel has learned, nor
// what it gives a device when it comes up for the first time.
func differences(a, b change.Before) (all []string) {
	for netns := range a.Netns {
		if b.Netns[netns] == nil {
			all = append(all, netns+" is gone")
			continue
		}
		for _, c := range table.Diff(made(a.Netns[netns]), made(b.Netns[netns])) {
			all = append(all, netns+": "+c.Before+" → "+c.After)
		}
		if before, after := ruleLines(a.Rules[netns]), ruleLines(b.Rules[netns]); !slices.Equal(before, after) {
			all = append(all, netns+": "+strings.Join(before, "; ")+" → "+strings.Join(after, "; "))
		}
	}
	return all
}

func ruleLines(set *netfilter.RuleSet) []string { return set.Lines() }

func made(s *table.Snapshot) *table.Snapshot {
	copied := *s
	copied.Links = slices.Clone(s.Links)
	for i := range copied.Links {
		copied.Links[i].Qdisc = ""
	}
	copied.Neighbours = slices.DeleteFunc(slices.Clone(s.Neighbours), func(n table.Neighbour) bool { return n.State != "PERMANENT" })
	copied.Routes = slices.DeleteFunc(slices.Clone(s.Routes), func(r table.Route) bool { return r.Family() == 6 && r.Proto != "boot" })
	copied.Addrs = slices.DeleteFunc(slices.Clone(s.Addrs), func(a table.Addr) bool { return a.Prefix.Addr().Is6() && a.Prefix.Addr().IsLinkLocalUnicast() })
	return &copied
}

// TestChangesAreMadeAndUndone makes each on the kernel, with the programs that are
// installed and without any, and takes it back.
func TestChangesAreMadeAndUndone(t *testing.T) {
	labtest.Slow(t)
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) { s.try(t, l) })
		if s.rules {
			t.Run(s.name+", without programs", func(t *testing.T) {
				t.Setenv("PATH", "")
				s.try(t, l)
			})
		}
	}
}

func (s sample) try(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range s.start {
		if err := c.Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", c.Command(), err)
		}
	}
	was := state(t, l)
	if err := s.change.Apply(t.Context(), l); err != nil {
		t.Fatalf("%s: %v", s.change.Command(), err)
	}
	if changed := differences(was, state(t, l)); len(changed) == 0 && !s.unseen {
		t.Errorf("%s has changed nothing", s.change.Command())
	}
	err := s.change.Undo(t.Context(), l, was)
	if s.final {
		if err == nil {
			t.Errorf("%s is said to be undone", s.change.Command())
		}
		return
	}
	if err != nil {
		t.Fatalf("undo %s: %v", s.change.Command(), err)
	}
	if left := differences(was, state(t, l)); len(left) > 0 {
		t.Errorf("undo of %s leaves %q", s.change.Command(), left)
	}
}

// TestACommandIsReadAsItsChange: what a change has for its command means that
// change again, and no command is known that no change here has.
func TestACommandIsReadAsItsChange(t *testing.T) {
	tried := append(samples(), sample{change: change.FlushConntrack{Netns: host}},
		sample{change: change.IPsecDel{Netns: host, Src: wide, Dst: wide, Dir: "in"}}, sample{change: change.VLANAdd{Netns: host, Dev: "br0", VID: 7, Self: true}})
	var shown []string
	for _, s := range tried {
		switch s.change.(type) {
		case change.Masquerade, change.Accept, change.Translate, change.ClampMSS:
			continue // `nstutor apply` has options of its own for these
		}
		command := s.change.Command()
		shown = append(shown, strings.Join(command.Argv, " "))
		if got, err := change.Parse(command.Netns, command.Argv...); err != nil || !reflect.DeepEqual(got, s.change) {
			t.Errorf("%s is read as %#v, %v\nwant %#v", command, got, err, s.change)
		}
	}
	for _, known := range change.Known() {
		if !slices.ContainsFunc(shown, func(line string) bool { return strings.HasPrefix(line+" ", known+" ") }) {
			t.Errorf("no change here has the command %s", known)
		}
	}
}

func TestWhatIsNoChangeIsNotUnderstood(t *testing.T) {
	for _, words := range []string{
		"", "ip", "ip route", "ip route add", "ip route add nonsense", "ip route add default via", "ip route add default by eth0", "ip route show",
		"ip link set", "ip link set eth0", "ip link set eth0 up down", "ip link set eth0 mtu", "ip link add a type dummy", "ip addr add", "ip rule add from x", "ip -6 rule", "ip -6 rule show", "ip6tables",
		"ip neigh replace x", "ip neigh del", "bridge fdb append x", "bridge fdb append 02:00:00:00:00:01 dev a", "bridge link set dev a b c", "bridge vlan add vid x",
		"sysctl -w a", "conntrack -F x", "conntrack -D", "conntrack -D -p udp", "conntrack -D -p x -d 10.0.0.1", "conntrack -I -p icmp -s 10.0.0.1 -d 10.0.0.2", "ip route flush all", "ip xfrm policy add", "ip netns add", "iptables", "rm -rf x",
		"nft", "nft list ruleset", "nft add", "nft add table", "nft add chain ip t", "nft add chain ip t c {", "nft add chain ip t c { type nat hook nowhere priority 0; }",
		"nft add chain ip t c { type nat hook output; }", "nft add chain ip t c { policy maybe; }", "nft add rule ip t c", "nft add rule ip t c ip daddr x", "nft add rule ip t c ip ttl 3",
		"nft add rule ip t c dnat to 10.0.0.1:80", "nft add rule ip t c dnat to", "nft add rule ip t c tcp dport http", "nft add rule ip t c tcp flags fin", "nft add rule ip t c meta skuid root", "nft add rule ip t c redirect to :80", "nft add rule ip t c tcp dport 80 redirect to 80", "nft add rule ip t c tcp dport 80 tproxy to x", "nft add rule ip t c meta nftrace set 2",
		"nft add rule ip t c numgen random mod 0 vmap { 0 : accept }", "nft add rule ip t c numgen random mod 2 vmap 0 : accept", "nft add rule ip t c numgen random mod 2 vmap { 0 accept }",
		"nft add rule ip t c ip daddr . meta l4proto . th dport vmap ips", "nft add rule ip t c meta mark x", "nft add rule ip t c ct state", "nft add rule ip t c ct state old", "nft add rule ip t c ct mark 7", "nft add rule ip t c meta mark set x", "nft add rule ip t c iifname",
		"nft add element ip t m { 10.0.0.1 : accept }", "nft add element ip t s { x }", "nft add set ip t s", "nft add set ip t s { type ipv4_addr; }", "nft add set ip t s { type ipv4_addr; flags dynamic,timeout; timeout never; }",
		"nft add rule ip t c update @s { ip daddr }", "nft add rule ip t c update s { ip saddr }", "nft add rule ip t c ip saddr @", "nft add rule ip t c ip daddr @s drop", "nft add element ip t m { 10.0.0.1 . tcp . 80 }", "nft add map ip t m { type ipv4_addr : verdict; }", "nft add rule ip t c nonsense",
	} {
		if c, err := change.Parse("", strings.Fields(words)...); err == nil {
			t.Errorf("%q is read as %#v", words, c)
		}
	}
}
