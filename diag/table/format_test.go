package table_test

import (
	"net"
	"net/netip"
	"testing"

	"nstutor/diag/table"
)

func snapMAC(s string) net.HardwareAddr {
	mac, err := net.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return mac
}

func snapIP(s string) netip.Addr       { return netip.MustParseAddr(s) }
func snapPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

var broadcastMAC = snapMAC("ff:ff:ff:ff:ff:ff")

// The expected lines are those that ip 6.1 printed for such devices.
func TestLinkLineIsTheOneOfIP(t *testing.T) {
	veth := table.Link{
		Index: 607, Name: "veth-ns1", Peer: "if608", Type: "ether", MTU: 1500, Qdisc: "noqueue", State: "UP",
		Mode: "DEFAULT", Group: "default", QLen: 1000, Flags: []string{"BROADCAST", "MULTICAST", "UP", "LOWER_UP"},
		MAC: snapMAC("b6:58:7b:0e:35:b3"), Broadcast: broadcastMAC, PeerNetnsID: 0, PeerNetns: "ns1",
	}
	numbered, port := veth, veth
	numbered.PeerNetns, numbered.PeerNetnsID = "", 3
	port.Peer, port.PeerNetns, port.PeerNetnsID, port.Master = "pod", "", table.NetnsHere, "br0"
	port.Flags = []string{"NO-CARRIER", "BROADCAST", "MULTICAST", "UP", "M-DOWN"}
	port.State, port.PermMAC = "LOWERLAYERDOWN", snapMAC("02:00:00:00:00:01")
	tests := map[string]struct {
		link          table.Link
		line, address string
	}{
		"veth into a named namespace": {veth,
			"607: veth-ns1@if608: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000",
			"link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff link-netns ns1"},
		"veth into a namespace without a name": {numbered,
			"607: veth-ns1@if608: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000",
			"link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff link-netnsid 3"},
		"bridge port whose peer is down": {port,
			"607: veth-ns1@pod: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500 qdisc noqueue master br0 state LOWERLAYERDOWN mode DEFAULT group default qlen 1000",
			"link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff permaddr 02:00:00:00:00:01"},
		"IPIP tunnel": {
			table.Link{Index: 3, Name: "mustang.tun0", Peer: "NONE", Type: "ipip", MTU: 1480, Qdisc: "noop", State: "DOWN", Mode: "DEFAULT",
				Group: "default", QLen: 1000, Flags: []string{"POINTOPOINT", "NOARP"}, PeerNetnsID: table.NetnsHere,
				MAC: net.HardwareAddr{10, 57, 4, 20}, Broadcast: net.HardwareAddr{10, 57, 4, 21}},
			"3: mustang.tun0@NONE: <POINTOPOINT,NOARP> mtu 1480 qdisc noop state DOWN mode DEFAULT group default qlen 1000",
			"link/ipip 10.57.4.20 peer 10.57.4.21"},
		"tun device, which has no address": {
			table.Link{Index: 4, Name: "tun0", Type: "none", MTU: 1500, State: "DOWN", PeerNetnsID: table.NetnsHere},
			"4: tun0: <> mtu 1500 state DOWN", "link/none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			snapEqual(t, test.link.Line(), test.line)
			snapEqual(t, test.link.AddressLine(), test.address)
		})
	}
}

func TestRouteLineIsTheOneOfIP(t *testing.T) {
	via := table.Route{Type: "unicast", Dst: snapPrefix("0.0.0.0/0"), Via: snapIP("172.20.1.1"), Dev: "eth0", Table: 254, Proto: "boot", Scope: "global"}
	edit := func(change func(r *table.Route)) table.Route { r := via; change(&r); return r }
	reject := func(kind string) table.Route {
		return table.Route{Type: kind, Dst: snapPrefix("10.1.0.0/16"), Table: 254, Proto: "boot", Scope: "global"}
	}
	tests := map[string]table.Route{
		"default via 172.20.1.1 dev eth0":                                via,
		"default via 172.20.1.1 dev eth0 proto static metric 100":        edit(func(r *table.Route) { r.Proto, r.Metric = "static", 100 }),
		"default via 172.20.1.1 dev eth0 onlink":                         edit(func(r *table.Route) { r.Onlink = true }),
		"default via 172.20.1.1 dev eth0 dead linkdown":                  edit(func(r *table.Route) { r.Dead, r.Linkdown = true, true }),
		"default via 172.20.1.1 dev eth0 dead onlink linkdown":           edit(func(r *table.Route) { r.Dead, r.Linkdown, r.Onlink = true, true, true }),
		"default via 172.20.1.1 dev eth0 table 100":                      edit(func(r *table.Route) { r.Table = 100 }),
		"default via 172.20.1.1 dev eth0 mtu lock 1400 advmss 1360":      edit(func(r *table.Route) { r.MTU, r.MTULocked, r.Metrics = 1400, true, "advmss 1360" }),
		"default tos 0x04 via 172.20.1.1 dev eth0":                       edit(func(r *table.Route) { r.TOS = 4 }),
		"default via inet6 fe80::1 dev eth0":                             edit(func(r *table.Route) { r.Via = snapIP("fe80::1") }),
		"172.20.1.10 dev veth-ns1 scope link":                            {Type: "unicast", Dst: snapPrefix("172.20.1.10/32"), Dev: "veth-ns1", Table: 254, Proto: "boot", Scope: "link"},
		"172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10": {Type: "unicast", Dst: snapPrefix("172.20.1.0/24"), Dev: "eth0", Table: 254, Proto: "kernel", Scope: "link", Src: snapIP("172.20.1.10")},
		"local 172.20.1.10 dev eth0 table local proto kernel scope host src 172.20.1.10": {
			Type: "local", Dst: snapPrefix("172.20.1.10/32"), Dev: "eth0", Table: 255, Proto: "kernel", Scope: "host", Src: snapIP("172.20.1.10")},
		"blackhole 10.1.0.0/16":   reject("blackhole"),
		"unreachable 10.1.0.0/16": reject("unreachable"),
		"prohibit 10.1.0.0/16":    reject("prohibit"),
		"fe80::/64 dev eth0 proto kernel metric 256 pref medium": {
			Type: "unicast", Dst: snapPrefix("fe80::/64"), Dev: "eth0", Table: 254, Proto: "kernel", Scope: "global", Metric: 256, Pref: "medium"},
		"10.9.0.0/24 proto static \\\tnexthop via 10.0.0.2 dev eth0 weight 1 \\\tnexthop via 10.0.0.3 dev eth0 weight 2 onlink": {
			Type: "unicast", Dst: snapPrefix("10.9.0.0/24"), Table: 254, Proto: "static", Scope: "global", Nexthops: []table.Nexthop{
				{Via: snapIP("10.0.0.2"), Dev: "eth0", Weight: 1}, {Via: snapIP("10.0.0.3"), Dev: "eth0", Weight: 2, Onlink: true}}},
	}
	for want, route := range tests {
		t.Run(want, func(t *testing.T) { snapEqual(t, route.Line(), want) })
	}
}

func TestNeighbourLineIsTheOneOfIP(t *testing.T) {
	mac := snapMAC("b6:58:7b:0e:35:b3")
	tests := map[string]table.Neighbour{
		"172.20.1.1 dev eth0 lladdr b6:58:7b:0e:35:b3 REACHABLE":             {Dst: snapIP("172.20.1.1"), Dev: "eth0", MAC: mac, State: "REACHABLE"},
		"172.20.1.1 dev eth0 FAILED":                                         {Dst: snapIP("172.20.1.1"), Dev: "eth0", State: "FAILED"},
		"172.20.1.1 dev eth0 INCOMPLETE":                                     {Dst: snapIP("172.20.1.1"), Dev: "eth0", State: "INCOMPLETE"},
		"172.20.1.1 dev eth0 proxy":                                          {Dst: snapIP("172.20.1.1"), Dev: "eth0", Proxy: true},
		"fe80::1 dev eth0 lladdr b6:58:7b:0e:35:b3 router STALE proto zebra": {Dst: snapIP("fe80::1"), Dev: "eth0", MAC: mac, State: "STALE", Router: true, Proto: "zebra"},
	}
	for want, neighbour := range tests {
		t.Run(want, func(t *testing.T) { snapEqual(t, neighbour.Line(), want) })
	}
}

func TestAddrLineIsTheOneOfIP(t *testing.T) {
	tests := map[string]table.Addr{
		"inet 172.20.1.10/24 scope global eth0":                                   {Prefix: snapPrefix("172.20.1.10/24"), Scope: "global", Label: "eth0"},
		"inet 10.0.0.1/24 metric 50 brd 10.0.0.255 scope global secondary eth0:1": {Prefix: snapPrefix("10.0.0.1/24"), Broadcast: snapIP("10.0.0.255"), Scope: "global", Label: "eth0:1", Metric: 50, Flags: []string{"secondary"}},
		"inet 10.0.0.1 peer 10.0.0.2/32 scope global eth0":                        {Prefix: snapPrefix("10.0.0.1/32"), Peer: snapIP("10.0.0.2"), Scope: "global", Label: "eth0"},
		"inet6 fe80::1/64 scope link tentative":                                   {Prefix: snapPrefix("fe80::1/64"), Scope: "link", Flags: []string{"tentative"}},
	}
	for want, addr := range tests {
		t.Run(want, func(t *testing.T) {
			addr.Index, addr.Dev = 2, "eth0"
			snapEqual(t, addr.Inet(), want)
			snapEqual(t, addr.Line(), "2: eth0    "+want)
		})
	}
}

func snapEqual(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
