package cause_test

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"nstutor/diag/conntrack"
	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/cause/ipv6"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/ipvs"
	"nstutor/diag/obstacle"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/farend"
	"nstutor/diag/linkstat"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/diag/netfilter/tally"
	"nstutor/diag/probe"
	"nstutor/diag/socket"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// What the samples are made of.
var (
	here       = cause.At("ns1")
	loopback   = netip.MustParseAddr("127.0.0.1")
	one, two   = netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.2.0.2")
	near, wide = netip.MustParsePrefix("10.1.0.2/24"), netip.MustParsePrefix("10.1.0.1/16")
	mac        = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	veth       = table.Link{Name: "eth0", Kind: "veth", MTU: 1500, MAC: mac, Port: &table.BridgePort{State: "blocking"}}
	bridge     = table.Link{Name: "br0", Kind: "bridge", Bridge: &table.Bridge{STP: true}}
	fromPrefix = table.Route{Type: "unicast", Dst: netip.MustParsePrefix("::/0"), From: netip.MustParsePrefix("fd00:6:1::/64"), Dev: "eth0"}
	vxlan      = table.Link{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 7, DstPort: 4789}}
	grouped    = table.Link{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 7, DstPort: 4789, Remote: netip.MustParseAddr("239.1.1.1")}}
	port       = cause.Device{"host", veth}
	tcp        = flows.Flow{Proto: 6, Src: one, Dst: two, SrcPort: 40000, DstPort: 80}
	flow       = flows.Flow{Proto: 1, Src: one, Dst: two}
	lookup     = cause.Lookup{two, machine.RouteAnswer{Err: syscall.ENETUNREACH}}
	tracked    = conntrack.Tuple{Proto: 6, Src: netip.AddrPortFrom(one, 40000), Dst: netip.AddrPortFrom(two, 80)}
	taken      = source.Taken{At: here, Src: netip.MustParseAddr("fd00::2"), Dst: netip.MustParseAddr("2001:db8::1"), Dev: "eth0", Lookup: lookup}
	preferred  = func(flags ...string) table.Addr {
		return table.Addr{Dev: "eth0", Prefix: netip.MustParsePrefix("2001:db8::2/64"), Flags: flags}
	}
	proof   = []string{"a line of the kernel's"}
	path    = remedy.Way{Netns: "ns1", Dst: two, Dev: "eth0", Via: one, Onlink: true}
	rewrite = remedy.Rewrite{Netns: "ns1", Route: table.Route{Type: "unicast", Dst: netip.PrefixFrom(two, 32), Via: one, Dev: "eth0", Table: 254}}
	stray   = remedy.Turn{Stray: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth1", Table: 254}}
	turn    = remedy.Turn{Way: path}
	address = remedy.Address{Netns: "ns1", Prefix: near, Dev: "eth0"}
	entry   = remedy.TunnelEntry{Netns: "ns1", Dev: "vxlan0", MAC: mac, Dst: two}
	reject  = cause.Rejection{At: here, Lookup: proof, Exemption: remedy.Exemption{Netns: "ns1", Dst: two, Kind: machine.KindBlackhole, Entry: table.Route{
		Type: "blackhole", Dst: netip.PrefixFrom(two, 32), Table: 100,
	}}}
	policy        = cause.Rejection{At: here, Lookup: proof, Exemption: remedy.Exemption{Netns: "ns1", Dst: two, Rule: table.PolicyRule{Action: "blackhole", Priority: 7}}}
	hop           = cause.NextHop{"ns1", "eth0", two, table.Neighbour{Dst: two, Dev: "eth0", MAC: mac, State: "STALE"}}
	unknown       = cause.NextHop{Asker: "ns1", Dev: "eth0", Addr: two}
	contradiction = against.Contradiction{At: here, Seen: []say.Text{say.Quote("seen")}}
	beyond        = cause.Beyond{here, "eth0", one, flow, []say.Text{say.Quote("seen")}, false, false, farend.End{}, false, eval.Place{}}
	listening     = socket.Socket{Proto: socket.TCP, Local: netip.MustParseAddrPort("127.0.0.1:80"), Waiting: 6, Room: 5, Inode: 7}
	served        = []tally.Service{{Dst: two, Proto: 6, Port: 443, To: []string{"10.2.0.9:8443"}}}
	stations      = []cause.Station{{Netns: "ns2", Dev: "eth0", Addrs: []netip.Prefix{near}}}
	notracking    = eval.Place{
		Table: &netfilter.Table{Family: "ip", Name: "t"}, Chain: &netfilter.Chain{Name: "pre"},
		Rule: &netfilter.Rule{Handle: 4, Effects: []netfilter.Effect{{Field: "meta notrack"}}},
	}
	limiting = eval.Place{
		Table: &netfilter.Table{Family: "ip", Name: "nat"}, Chain: &netfilter.Chain{Name: "POSTROUTING"},
		Rule: &netfilter.Rule{IPTables: true, Verdict: netfilter.Verdict{Kind: netfilter.VerdictMasquerade, Port: netfilter.PortRange{Min: 40000, Max: 40001}}},
	}
	sourcing = eval.Place{
		Table: &netfilter.Table{Family: "ip", Name: "t"}, Chain: &netfilter.Chain{Name: "post"},
		Rule: &netfilter.Rule{Handle: 5, Verdict: netfilter.Verdict{Kind: netfilter.VerdictSNAT, Addr: netfilter.AddrRange{Min: two, Max: two}}},
	}
	redirecting = eval.Place{
		Table: &netfilter.Table{Family: "ip", Name: "nat"}, Chain: &netfilter.Chain{Name: "OUTPUT"},
		Rule: &netfilter.Rule{Handle: 6, Verdict: netfilter.Verdict{Kind: netfilter.VerdictRedirect, Port: netfilter.PortRange{Min: 15001, Max: 15001}}},
	}
	meeting = []socket.Connection{{Local: tracked.Src, Peer: tracked.Dst}, {Local: listening.Local, Peer: tracked.Src}}
	losses  = device.Losses{Sent: 10, Answered: 6, Spots: []device.Spot{{Echoes: 4, After: device.Passed{Netns: "ns1", Dev: "eth0", Out: true}, Before: device.Passed{Netns: "ns2", Dev: "eth0"}}}}
	queue   = device.Counted{Netns: "ns1", Moved: linkstat.Moved{Counter: linkstat.Counter{Dev: "eth0", Of: "tbf", What: "dropped"}, By: 4}}
	drops   = []device.DropCount{{KernelDrop: against.KernelDrop{Where: say.Quote("ns1"), Dev: "eth0", Reason: "NETFILTER_DROP", Function: "nft_do_chain"}, Times: 4}}
	dropped = eval.Result{
		At: "ip filter FORWARD", Rule: "-j DROP", Table: &netfilter.Table{Family: "ip", Name: "filter"}, Chain: &netfilter.Chain{Name: "FORWARD"},
	}
)

// samples are findings of every type, in each of its variants.
var samples = []cause.Finding{
	cause.DeviceDown{here, veth},
	device.Lossy{At: here, Losses: losses},
	device.Lossy{At: here, Losses: device.Losses{Sent: 10, Answered: 6, Spots: []device.Spot{{Echoes: 4, Reply: true, After: device.Passed{Netns: "ns2", Dev: "eth0", Out: true}}}}},
	device.Lossy{At: here, Losses: losses, Culprit: queue},
	device.Lossy{At: here, Losses: losses, Left: "eth0"},
	device.Lossy{At: here, Losses: device.Losses{Sent: 10, Answered: 6, Dropped: drops}},
	device.Lossy{At: here, Losses: device.Losses{Sent: 10, Answered: 6, Dropped: drops, Spots: losses.Spots, Suspects: []say.Text{say.Quote("a rule")}}},
	device.Lossy{At: here, Losses: device.Losses{Sent: 10, Answered: 6, Grown: []device.Counted{queue}}},
	device.TakenAway{At: here, What: obstacle.Obstacle{Kind: obstacle.TC, Name: "u32", Dev: "eth0", Side: obstacle.Ingress, Takes: true, To: "ifb0"}, To: veth},
	device.TakenAway{At: here, What: obstacle.Obstacle{Kind: obstacle.TC, Name: "u32", Dev: "eth0", Side: obstacle.Ingress, Takes: true}},
	device.BondIdle{At: here, Link: table.Link{Name: "bond0"}},
	device.BondIdle{At: here, Link: table.Link{Name: "bond0", Backup: true}, Slaves: []table.Link{veth}},
	device.TunnelRefused{Beyond: beyond, Carrier: "VXLAN", By: two, Port: 4789, Proof: "a frame"},
	device.Swallowed{Beyond: beyond, Length: 1500, Small: 84},
	device.TunnelRefused{Beyond: beyond, Carrier: "IPIP", By: two, Proof: "a frame"},
	device.RouteSpent{At: here, Entry: table.Route{Type: "unicast", Dst: netip.PrefixFrom(two, 32), Dev: "eth0", Table: machine.MainTable, Proto: "boot", Scope: "link", Metrics: "hoplimit 1"}, Spent: "ns2"},
	device.EndpointInTunnel{At: here, Link: table.Link{Name: "vxlan0"}, Endpoint: netip.AddrPortFrom(two, 0), Line: "default dev vxlan0"},
	device.TunnelSpent{At: here, Link: table.Link{Name: "gre1", Kind: "gre", Tunnel: &table.Tunnel{TTL: 1}}, Spent: "ns2"},
	unmatched(), unmatched(table.Tunnel{Remote: one}), unmatched(table.Tunnel{Local: two}), unmatched(table.Tunnel{InKey: 7}), unmatched(table.Tunnel{External: true}),
	device.Withdrawn{At: here, Link: veth, Asker: "ns2", Lookup: lookup, Net: near},
	device.Withdrawn{At: here, Link: veth, Asker: "ns2", Lookup: lookup, Net: near, Announced: true},
	device.Withdrawn{At: here, Link: table.Link{Name: "eth0", Flags: []string{"NO-CARRIER", "UP"}}, Asker: "ns2", Lookup: lookup, Net: near},
	device.Unleased{At: here, Links: []table.Link{veth}, Lookup: lookup},
	device.Unleased{At: here, Links: []table.Link{veth}, Lookup: lookup, Awaits: cause.Awaited{Dev: "eth0"}},
	device.Unnumbered{At: here, Link: veth, Lookup: lookup, Address: remedy.Address{Netns: "ns1", Prefix: near, Dev: "eth0"}, Way: path},
	device.Closed{At: here, Lookup: lookup, As: cause.NoRoute, Bridge: "br0", Proof: "a rule"},
	device.Closed{At: here, Lookup: lookup, As: cause.NoRoute, Network: "closed", Bridge: "podman1", Proof: "a file"},
	device.Closed{At: here, Lookup: lookup, As: cause.ForwardingOff, Network: "closed", Bridge: "podman1", Proof: "a file"},
	device.Hidden{NextHop: hop, Seen: cause.Device{"ns1", veth}, MAC: mac},
	device.Hidden{NextHop: hop, Seen: cause.Device{"ns1", veth}, MAC: mac, Port: port},
	device.Hidden{NextHop: hop, Seen: cause.Device{"ns1", veth}, MAC: mac, Port: port, Told: hop.Entry},
	device.ARPOff{NextHop: hop, Station: cause.Device{"ns1", veth}},
	device.Unasking{Beyond: beyond, Link: veth},
	device.Flapping{At: here, Losses: losses, Dev: "eth0", Switched: linkstat.Switched{Off: 3}},
	device.Flapping{At: here, Losses: losses, Dev: "eth0", Switched: linkstat.Switched{Lost: 1}},
	device.Flapping{At: here, Losses: losses, Dev: "eth0", Switched: linkstat.Switched{Gone: 1}},
	cause.RoutesDown{At: here, Link: veth, Lookup: lookup},
	cause.RoutesDown{here, veth, lookup, remedy.Way{Netns: "ns1", Dev: "eth0", Via: one}, address},
	cause.RouteDown{At: here, Link: veth, Way: turn},
	cause.RouteDown{At: here, Link: veth, Way: turn, Lost: address},
	cause.RouteDown{At: here, Link: veth, Way: remedy.Turn{Way: remedy.Way{Netns: "ns1", Dst: one, Net: netip.MustParsePrefix("10.1.0.0/16"), Dev: "eth0", Via: two}}, Filed: []string{"/etc/network/interfaces: up ip route add 10.1.0.0/16 via 10.2.0.2"}},
	cause.PeerDown{here, veth, veth},
	cause.DeadLeg{At: here, Dst: two, Dead: one, Line: proof[0], Behind: cause.Swallowed{reject}, Rewrite: rewrite},
	cause.WrongGateway{hop, proof[0], port, rewrite, stations, "", remedy.Way{}},
	cause.WrongGateway{NextHop: unknown, Line: "default via 10.1.0.77 dev eth0", Instead: "ns3", Near: remedy.Way{Netns: "ns1", Dst: two, Dev: "eth0"}},
	cause.WrongGateway{NextHop: unknown, Line: "default via 10.1.0.77 dev eth0", Near: remedy.Way{Netns: "ns1", Dst: two, Dev: "eth0"}},
	cause.WrongGateway{hop, proof[0], port, rewrite, stations, "ns2", remedy.Way{}},
	cause.GatewayNameless{At: here, Link: bridge, Address: address},
	cause.GatewayNameless{here, bridge, address, netip.MustParsePrefix("10.1.0.0/16")},
	cause.WrongWire{NextHop: hop, Way: path, Stray: stray, Stations: stations},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Stray: stray},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Mark: 7, Marked: proof[0]},
	cause.Unforwarded{here, two, "eth0", proof, true},
	device.LoopbackUnrouted{At: here, Lookup: lookup}, device.LoopbackUnrouted{At: here, Lookup: lookup, Up: true},
	device.LoopbackPassed{At: here, Lo: table.Link{Name: "lo"}},
	cause.Unrouted{here, lookup, path, nil},
	cause.Unrouted{here, lookup, path, []string{"net.ipv6.conf.eth0.accept_ra = 1"}},
	ipv6.Unadvertised{At: here, Lookup: lookup, Dev: "eth0", Settings: proof, Deaf: true},
	ipv6.Unadvertised{At: here, Lookup: lookup, Dev: "eth0", Settings: proof, Off: true},
	ipv6.Unadvertised{At: here, Lookup: lookup, Dev: "eth0", Settings: proof},
	ipv6.Unadvertised{At: here, Lookup: lookup, Dev: "eth0", Settings: proof, Net: near.Masked()},
	cause.Thrown{Rejection: reject},
	cause.Thrown{Rejection: policy, Reply: true},
	cause.Missed{At: here, Way: turn, Dev: "eth1", Line: proof[0]},
	cause.SentBack{Beyond: beyond},
	device.InPieces{At: here, Length: 3028, MTU: 1500, Seen: []say.Text{say.Quote("seen")}},
	device.InPieces{At: here, Length: 3028, MTU: 1500, Rule: "ip frag-off drop", Seen: []say.Text{say.Quote("seen")}},
	source.Untold{At: here, Dst: two, Line: proof[0], Route: table.Route{Type: "unicast", Dst: wide.Masked(), Dev: "eth1", Table: 100}},
	cause.Missed{At: here, Way: remedy.Turn{Way: path, To: near.Masked(), Before: 7}, Dev: "eth1", Line: proof[0]},
	cause.Missed{At: here, Way: remedy.Turn{Way: path, To: near.Masked(), Before: 7}, Dev: "eth1", Line: proof[0], Net: "10.1.0.0/16"},
	cause.Swallowed{reject},
	cause.LoopbackRoute{At: here, Dst: two, Line: proof[0], Way: turn},
	cause.LoopbackRoute{At: here, Dst: two, Passed: true, Line: proof[0], Way: turn},
	cause.Refused{reject},
	cause.Refused{cause.Rejection{At: here, Lookup: proof, Exemption: reject.Exemption, By: change.Lookup(200, 100)}},
	cause.Refused{cause.Rejection{At: here, Lookup: proof, Exemption: reject.Exemption, By: change.VRFs(4), VRF: "red"}},
	cause.Forbidden{policy},
	cause.NoWayBack{At: here, Lookup: lookup, Way: path},
	cause.NoWayBack{At: here, Lookup: lookup, Way: path, VRF: table.Link{Name: "blue", VRF: 10}, In: "eth0"},
	cause.Astray{At: here, Dst: two, Dev: "eth1", Line: proof[0], Way: turn},
	cause.Astray{At: here, Dst: two, Dev: "eth1", Line: proof[0], Way: turn, Own: near},
	cause.Astray{At: here, Dst: two, Dev: "eth1", Line: proof[0], Way: turn, From: remedy.Origin{Src: one, Way: remedy.Way{Netns: "ns1", Dev: "eth0", Via: two, Table: 100}}},
	cause.Astray{At: here, Dst: two, Dev: "eth1", Line: proof[0], Way: turn, Own: near, Came: "eth0"},
	cause.Astray{At: here, Dst: two, Dev: "eth1", Line: proof[0], Way: turn, By: change.Lookup(200, 100)},
	cause.Unmasqueraded{here, one, near.Masked(), "eth0", proof[0], lookup, cause.Exempt{}},
	cause.Unmasqueraded{here, one, near.Masked(), "eth0", proof[0], lookup, cause.Exempt{Docker: []change.Change{path.Commands()[0]}}},
	source.Straight{At: here, Src: one, Net: near.Masked(), Out: "eth0", Line: proof[0], Stop: dropped, Exempt: cause.Exempt{Unruled: true}},
	cause.Untranslated{here, one, netip.Prefix{}, "eth0", proof[0], cause.Exempt{}},
	cause.Unmasqueraded{here, one, near.Masked(), "eth0", proof[0], lookup, cause.Exempt{Place: notracking, Translated: true}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Place: notracking, Translated: false}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Place: sourcing, LetBy: true, Dst: two}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Near: eval.Near{Place: sourcing, Field: "ip daddr", Has: "10.2.0.9"}}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Near: eval.Near{Place: sourcing, Field: "ip daddr", Has: "10.2.0.9"}, Dst: two}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Near: eval.Near{Place: sourcing, Field: "ip saddr", Has: "10.2.0.9"}}},
	cause.Untranslated{here, one, near.Masked(), "eth0", proof[0], cause.Exempt{Unruled: true}},
	cause.Mistranslated{here, two, veth, sourcing},
	device.KeptApart{NextHop: hop, Link: veth, Other: port},
	device.Enslaved{NextHop: hop, Port: veth, Bridge: bridge, Own: []netip.Prefix{near}, Routes: []table.Route{{Type: "unicast", Dst: netip.PrefixFrom(two, 32), Via: one, Dev: "eth0", Table: machine.MainTable}}},
	device.Overlaid{At: here, Dst: two, Own: stray.Stray, Over: stray.Stray, Way: stray},
	cause.BehindRouter{NextHop: cause.NextHop{Asker: "ns1", Dev: "eth0", Addr: netip.MustParseAddr("fd00::2")}, Router: port, Proof: proof},
	cause.Addressless{At: here, Lookup: lookup, Free: address, Awaits: cause.Awaited{Dev: "eth0"}},
	cause.Addressless{At: here, Lookup: lookup, Free: address, Awaits: cause.Awaited{Dev: "eth0", Told: true}},
	cause.Addressless{At: here, Lookup: lookup, Free: address, Awaits: cause.Awaited{Dev: "eth0", Told: true, Heeds: true, Asked: 3}},
	cause.Addressless{At: here, Lookup: lookup, Free: address, Awaits: cause.Awaited{Dev: "eth0", Told: true, Heeds: true, Asked: 3, Heard: 2}},
	cause.Addressless{here, lookup, address, true, path, cause.Awaited{}},
	device.Bare{At: here, Lookup: lookup},
	device.Bare{At: here, Lookup: lookup, Docker: "web"},
	cause.Addressless{At: here, Lookup: lookup, Free: remedy.Address{Netns: "ns1", Prefix: address.Prefix, Dev: "eth0", Shut: machine.ShutBySetting}},
	cause.Sourceless{here, flow, syscall.EINVAL, address},
	cause.Nameless{here, veth, near},
	cause.NotHere{here, veth, two, false},
	cause.NotHere{here, veth, two, true},
	device.WrongWire{NextHop: hop, Route: stray.Stray, Next: rewrite.Route},
	cause.DeadGateway{NextHop: hop, Route: stray.Stray, Next: stray.Stray, Stations: stations},
	cause.Unproxied{At: here, Dev: "eth0", Addr: two, Sender: one, Proof: proof},
	cause.Unproxied{At: here, Dev: "eth0", Addr: netip.MustParseAddr("fd00::2"), Sender: netip.MustParseAddr("fd00::1"), Proof: proof},
	cause.NobodyHas{NextHop: hop, Stations: stations, Bits: 24},
	cause.NobodyHas{NextHop: hop, Stations: stations, Serving: stations, Bits: 24},
	cause.NobodyHas{NextHop: hop, Stations: stations, Bits: 24, Overlap: table.Route{Type: "unicast", Dst: near, Dev: "eth1", Proto: "kernel"}},
	cause.NobodyHas{NextHop: hop, Stations: stations, Bits: 24, Led: redirecting},
	cause.NobodyHas{NextHop: hop, Stations: stations, Bound: stations[:1], Bits: 24},
	cause.NobodyHas{NextHop: hop, Stations: stations, Sent: cause.SentThere{Place: redirecting, Netns: "ns1", Next: "10.2.0.9:80"}},
	cause.NobodyHas{NextHop: unknown, Stations: stations, OnTheWay: true, Bits: 24},
	cause.NobodyHas{NextHop: unknown, Stations: append(stations, cause.Station{Netns: "ns3", Dev: "eth0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.9.0.2/24")}}), OnTheWay: true, Bits: 24},
	cause.NobodyHas{NextHop: unknown, Stations: []cause.Station{{Netns: "ns3", Dev: "eth0"}}, OnTheWay: true, Bits: 24},
	cause.NobodyHas{NextHop: unknown, Stations: []cause.Station{{Netns: "ns3", Dev: "eth0", Shut: machine.ShutBySetting}}, OnTheWay: true, Bits: 24},
	cause.Redirected{NextHop: hop, Dst: two, Route: "default via 10.0.0.1 dev eth0"},
	cause.NobodyAnswered{NextHop: hop},
	cause.NobodyAnswered{NextHop: hop, OnTheWay: true},
	cause.NobodyAnswered{NextHop: hop, To: farend.End{Datapath: "ovs-system", Number: 3}},
	cause.NobodyAnswered{NextHop: hop, OnTheWay: true, Carrier: "VXLAN", Far: []netip.Addr{one, two}},
	cause.Unforwarded{here, two, "eth0", proof, false},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Loose: true},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Back: "eth1", Loose: true},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Back: "eth1", Sent: cause.EchoOff{here, true}},
	cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Way: path},
	cause.OtherWayBack{At: here, Src: one, Dev: "tunl0", Lookup: proof, Loose: true, Own: address},
	cause.AskerElsewhere{cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Stray: turn}, hop},
	cause.AskerElsewhere{cause.OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Loose: true}, hop},
	cause.ImpossibleSource{At: here, Flow: flow, Dev: "eth0", Lookup: proof, Service: &here},
	cause.ImpossibleSource{At: here, Flow: flow, Dev: "eth0", Lookup: proof, Own: address},
	cause.ImpossibleSource{At: here, Flow: flows.Flow{Proto: 1, Src: netip.MustParseAddr("127.0.0.1"), Dst: two}, Dev: "eth0", Lookup: proof},
	cause.OwnSender{here, one, hop, proof, address},
	cause.Circle{At: here, Flow: flow, Line: proof[0], Way: turn},
	cause.Circle{At: here, Flow: flow, Line: proof[0], Way: remedy.Turn{Way: path, Stray: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth0"}}},
	cause.Circle{At: here, Flow: flow, Line: proof[0], Way: remedy.Turn{Way: path, To: near.Masked(), Before: 7}},
	cause.Circle{At: here, Flow: flow, Line: proof[0], Tunnel: entry},
	cause.Circle{At: here, Flow: flow, Line: proof[0], Tunnel: entry, Into: vxlan, Own: one},
	cause.TTLSpent{At: here, Set: "1", By: "net/ipv4/ip_default_ttl", Spent: "ns2"},
	cause.TTLArrived{At: here, Dev: "eth0", Src: one},
	cause.TTLSet{At: here, TTL: 1, By: notracking, Spent: "ns2"},
	cause.EchoOff{here, false},
	cause.EchoOff{here, true},
	full.TableFull{At: here, Use: table.ConntrackUse{Count: 8, Max: 8}, Raisable: true},
	full.TableFull{At: here, Use: table.ConntrackUse{Count: 8, Max: 8}, Raisable: false},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Past: "ns2"},
	cause.Stopped{At: here, Flow: flow, Hook: "prerouting", Result: dropped, Look: eval.Look{Direct: true, Late: notracking, Others: proof}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Look: eval.Look{Near: []eval.Near{{Place: notracking, Field: "meta mark", Has: "0x00000001"}}}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Look: eval.Look{Near: []eval.Near{{Place: notracking, Field: "tcp dport", Has: "80"}}}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Look: eval.Look{Near: []eval.Near{{Place: notracking, Back: []string{"eth1"}}}}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Look: eval.Look{Near: []eval.Near{{Place: notracking}}}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped, Untracked: []eval.Place{notracking}},
	cause.Stopped{At: here, Flow: flow, Hook: "forward", Result: eval.Result{Table: dropped.Table, Chain: dropped.Chain, Decided: dropped.Decided, Packet: eval.Packet{CTState: eval.CTUntracked}}, Untracked: []eval.Place{notracking}},
	cause.Stopped{At: here, Flow: flows.Flow{Proto: 17, Src: one, Dst: two, DstPort: 4789}, Hook: "forward", Result: dropped},
	cause.Stopped{At: here, Flow: flows.Flow{Proto: 6, Src: two, Dst: one, SrcPort: 80, DstPort: 40000, Reply: true}, Hook: "postrouting", Result: dropped},
	service.Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one, Unseen: true},
	service.ServerWithout{At: here, Flow: tcp, By: "director", Dev: "lo", Asked: "eth0"},
	service.ServerWithout{At: here, Flow: tcp, By: "director", Dev: "lo", Silent: true},
	service.ServerWithout{At: here, Flow: tcp, By: "director", Dev: "tunl0", Asked: "eth0", Tunnelled: true},
	device.TunnelUnmatched{At: here, Link: table.Link{Name: "ip_vs", Kind: "ipip", Tunnel: &table.Tunnel{Remote: two}}, Sender: "director", Carrier: "IPIP", From: one, To: two, Virtual: true},
	full.NoOwnPort{At: here, Flow: tcp, Range: "50001 50001"},
	full.NoOwnPort{At: here, Flow: tcp, Range: "1024 65535"},
	service.Serverless{At: here, Flow: tcp, Service: ipvs.Service{Proto: 6, Addr: netip.AddrPortFrom(two, 80), Scheduler: "rr"}},
	service.Serverless{At: here, Flow: tcp, Service: ipvs.Service{Proto: 6, Addr: netip.AddrPortFrom(two, 80), Scheduler: "rr", Servers: []ipvs.Server{{Addr: netip.AddrPortFrom(one, 80), Forward: ipvs.Masq}}}},
	service.Unheld{At: here, Flow: tcp, Service: ipvs.Service{Proto: 6, Addr: netip.AddrPortFrom(two, 80), Scheduler: "rr"}, Dev: "kube-ipvs0"},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}, Stopped: "web"},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}, Near: []socket.Near{{Socket: listening, Why: socket.LoopbackOnly}}},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}, Left: table.Route{Type: "local", Dst: netip.PrefixFrom(two, 32), Dev: "lo", Table: machine.LocalTable, Proto: "boot", Scope: "host"}},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}, VRF: "mgmt", Near: []socket.Near{{Socket: listening, Why: socket.OtherVRF}}},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 17, Src: one, Dst: two, DstPort: 80}, Near: []socket.Near{{Socket: listening, Why: socket.OtherProto}}},
	service.Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 81}, Others: []socket.Socket{listening},
		Elsewhere: []service.ListensElsewhere{{Netns: "ns2", Socket: listening}}, Owners: map[uint32]socket.Process{7: {PID: 12, Comm: "nginx"}}},
	service.MeetsItself{At: here, Meant: tracked.Dst, Takes: listening, By: redirecting},
	service.MeetsItself{At: here, Meant: tracked.Dst, Takes: listening, Owner: socket.Process{PID: 12, Comm: "envoy"}, By: redirecting, Seen: meeting, Sender: change.Sender{Mark: 1337}},
	service.MeetsItself{At: here, Meant: tracked.Dst, Takes: listening, Owner: socket.Process{PID: 12, Comm: "envoy"}, By: redirecting, Seen: meeting, Sender: change.Sender{UID: 1337}},
	service.MeetsItself{At: here, Meant: tracked.Dst, Takes: listening, Owner: socket.Process{PID: 12, Comm: "envoy"}, By: redirecting, Seen: meeting},
	service.QueueFull{At: here, Flow: flow, Socket: listening},
	service.QueueFull{At: here, Flow: flow, Socket: socket.Socket{Proto: socket.UDP, Local: listening.Local, Waiting: 4000, Room: 4096}},
	cause.Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictReject, At: dropped.At, Rule: "-j REJECT", Table: dropped.Table, Chain: dropped.Chain}},
	service.Endless{Stopped: cause.Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictReject, At: dropped.At, Rule: "-j REJECT", Table: dropped.Table, Chain: dropped.Chain, In: "KUBE-SERVICES"}}},
	cause.ImpossibleSource{At: here, Flow: tcp, Dev: "eth0", Lookup: proof, Service: &here},
	service.KernelChosen{At: here, Flow: tcp, Source: one, Line: proof[0], Local: "0.0.0.0:53"},
	service.Unnamed{At: here, Name: "db", Server: "10.96.0.10:53", Why: say.Quote("why"), Proof: []say.Text{say.Quote("proof")}, Mends: []change.Change{change.Up("ns1", "eth0")}},
	service.Unlooked{At: here, Name: "db", Addr: two, Line: "dns"},
	service.OverLimit{Stopped: counting("connlimit"), Counts: "connlimit"}, service.OverLimit{Stopped: counting("match quota"), Counts: "quota"},
	service.OverLimit{Stopped: counting("limit"), Counts: "limit", Lets: "-m limit -j ACCEPT"}, service.OverLimit{Stopped: counting("match hashlimit"), Counts: "hashlimit"}, service.OverLimit{Stopped: counting("match recent"), Counts: "recent"},
	service.Unlooked{At: here, Name: "db", Addr: two, Line: "dns [!UNAVAIL=return] files", By: "dns"},
	service.Unknowing{At: here, Name: "db", Server: "10.96.0.10:53", Said: "REFUSED"},
	service.Unknowing{At: here, Name: "db", Server: "10.96.0.10:53", Said: "NOERROR"},
	service.Unknowing{At: here, Name: "db", Server: "10.96.0.10:53", Said: "SERVFAIL"},
	service.Unknowing{At: here, Name: "db", Server: "10.96.0.10:53", Said: "NOTIMP"},
	service.Unknowing{At: here, Name: "db", Server: "10.96.0.10:53", Said: "SERVFAIL", Asks: "9.9.9.9:53", Why: say.Quote("why"), Mends: []change.Change{change.Up("ns1", "eth0")}},
	service.Unnamed{At: here, Name: "db", Server: "10.96.0.10:53", Why: say.Quote("why"), Proof: []say.Text{say.Quote("proof")}, Mends: []change.Change{change.Up("ns1", "eth0")}, Wait: 10, Timeout: 5, Attempts: 2, Besides: []string{"resolve"}},
	cause.SolicitationStopped{here, two, "forward", eval.NeighbourRequest(one, two), dropped, false},
	cause.SolicitationStopped{here, two, "forward", eval.NeighbourRequest(one, two), dropped, true},
	service.SomeBackends{At: here, Of: service.NotListening, Service: "10.96.0.10:80", Backend: "10.2.0.2:80", Good: 1, All: 2, Why: say.Quote("why"), Proof: []say.Text{say.Quote("proof")}, Mends: []change.Change{change.Up("ns1", "eth0")}},
	service.SomeBackends{At: here, Of: cause.Filtered, Service: "10.96.0.10:80", Backend: "", Good: 1, All: 2, Why: say.Quote("why"), Proof: []say.Text{say.Quote("proof")}, Mends: []change.Change{change.Up("ns1", "eth0")}},
	service.SomeBackends{At: here, Of: cause.NotKnown, Service: "10.96.0.10:80", Backend: "10.2.0.2:80", All: 2, Untold: 2, Why: say.Quote("why"), Proof: []say.Text{say.Quote("proof")}, Mends: []change.Change{change.Up("ns1", "eth0")}},
	service.Sometimes{At: here, Service: "10.96.0.10:80", Answered: 2, Asked: 3, Said: say.Quote("timed out"), Backends: []string{"10.2.0.2:80", "10.2.0.3:80"}},
	cause.NoHairpin{here, "eth0", "br0", tcp},
	service.BlackHole{At: here, Length: 1500, Lost: cause.OverDevice{At: here, Length: 1500, Link: veth, Transit: true}, Why: say.Quote("why"), Proof: proof,
		Mends: []change.Change{change.MTU("ns1", "eth0", 1500)}, Clamp: change.ClampMSS{Netns: "ns1"}, Tested: say.Quote("tried")},
	service.BlackHole{At: here, Length: 1500, Lost: cause.OverDevice{At: here, Length: 1500, Link: veth, Transit: true}, Why: say.Quote("why"), Proof: proof, Clamp: change.ClampMSS{Netns: "ns1", V6: true}},
	service.ResetBy{At: here, Flow: tcp, Dev: "eth0", Out: true, Itself: true},
	service.ResetBy{At: here, Flow: tcp, Dev: "eth0", Out: true},
	service.ResetBy{At: here, Flow: tcp, Dev: "eth0", Seen: []say.Text{say.Quote("seen")}},
	service.Unknown{At: here, Flow: flow, Emptied: "KUBE-SERVICES"},
	service.Unknown{At: here, Flow: flow, Declared: true, Told: container.Told{PID: 7, Variable: "WEB_SERVICE_HOST"}},
	service.Unknown{At: here, Flow: flow, Declared: true, Told: container.Told{PID: 7}, Domain: "svc.cluster.local"},
	service.Unknown{At: here, Flow: flow, Declared: true, Domain: "svc.cluster.local"},
	service.Unknown{At: here, Flow: flow, Has: served},
	service.Unknown{At: here, Flow: tcp, Has: served},
	service.Unknown{At: here, Flow: tcp, Has: []tally.Service{{Dst: two}}},
	service.Unknown{At: here, Flow: tcp, Has: served, There: "node2"},
	service.Unknown{At: here, Flow: tcp, Has: served, There: "node2", Past: "net1", Way: remedy.Way{Netns: "ns1", Dst: two, Via: one, Dev: "eth0"}},
	service.Unknown{At: here, Flow: tcp, Among: served},
	service.Unknown{At: here, Flow: tcp, Hollow: "KUBE-SVC-WEB"},
	service.Unknown{At: here, Flow: tcp, Among: []tally.Service{{Dst: two, Port: 80, Chain: "web", Map: "ips"}}},
	ipv6.Contested{At: here, Hop: hop, Dev: "eth0", Addr: table.Addr{Prefix: netip.MustParsePrefix("fd00::2/64"), Flags: []string{"dadfailed"}}},
	ipv6.Contested{At: here, Dev: "eth0", Addr: table.Addr{Prefix: netip.MustParsePrefix("fd00::2/64"), Flags: []string{"dadfailed"}}, Other: port, Free: address},
	ipv6.Tentative{Contested: ipv6.Contested{At: here, Hop: hop, Dev: "eth0", Addr: table.Addr{Prefix: netip.MustParsePrefix("fd00::2/64"), Flags: []string{"tentative"}}}},
	cause.OverDevice{At: here, Length: 1500, Link: veth, Transit: true, Learned: &cause.Learner{At: here, IPv6: true}},
	ipv6.OutOfScope{At: here, Src: netip.MustParseAddr("fe80::1"), Dst: netip.MustParseAddr("fd00::2"), Dev: "eth0", Addrs: []table.Addr{{Prefix: netip.MustParsePrefix("fe80::1/64")}}, Router: "node1", Free: address},
	source.Deprecated{Taken: taken, Better: preferred("deprecated")},
	source.Deprecated{Taken: source.Taken{At: here, Src: taken.Src, Dst: taken.Dst, Dev: "eth0", Masqueraded: true}, Better: preferred("deprecated", "noprefixroute")},
	source.Advertised{Deprecated: source.Deprecated{Taken: taken, Better: preferred("deprecated", "dynamic")}},
	source.Named{Taken: taken, Better: preferred(), Line: "default via fe80::1 dev eth0", ByRoute: true, Route: rewrite},
	source.Named{Taken: taken, Better: preferred(), Line: "default via fe80::1 dev eth0", Route: rewrite},
	source.Homeless{Taken: taken, Addrs: []table.Addr{preferred()}, Free: address},
	ipv6.OtherLink{NextHop: cause.NextHop{Asker: "ns1", Dev: "eth0", Addr: netip.MustParseAddr("fe80::2")}, Behind: "eth1", Line: veth.Line()},
	full.NoPortLeft{At: here, Flow: tcp, Min: 40000, Max: 40001, By: limiting, Taken: conntrack.Entry{Original: tracked, Reply: tracked}, Failed: 3},
	full.NoPortAtAll{NoPortLeft: full.NoPortLeft{At: here, Flow: tcp, Min: 1024, Max: 65535, By: sourcing, Taken: conntrack.Entry{Original: tracked, Reply: tracked}}},
	service.OtherAddress{At: here, Flow: tcp, Served: []netip.Addr{two}, To: "10.2.0.9:80", Foreign: true},
	service.OtherAddress{At: here, Flow: tcp, Served: []netip.Addr{one, two}, To: "10.3.0.2:80", Rule: "-j DNAT"},
	service.OtherAddress{At: here, Flow: flows.Flow{Proto: tcp.Proto, Src: loopback, Dst: loopback, DstPort: 80}, Served: []netip.Addr{one, two, one, two}, To: "10.3.0.2:80", Rule: "-j DNAT", KubeProxyNft: true},
	service.Unallocated{Stopped: cause.Stopped{At: here, Flow: tcp, Result: eval.Result{Verdict: eval.VerdictReject, Rule: "reject", Table: dropped.Table, Chain: dropped.Chain, In: "cluster-ips-check"}}},
	service.Unallocated{Stopped: cause.Stopped{At: here, Flow: tcp, Result: eval.Result{Verdict: eval.VerdictDrop, Rule: "drop", Table: dropped.Table, Chain: dropped.Chain, In: "cluster-ips-check"}}},
	service.OutOfRanges{Stopped: cause.Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictDrop, At: dropped.At, Rule: "-j DROP", Table: dropped.Table, Chain: dropped.Chain, In: "KUBE-PROXY-FIREWALL"}},
		Ranges: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/25")}},
	service.Endless{Stopped: cause.Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictDrop, At: dropped.At, Rule: "-j DROP", Table: dropped.Table, Chain: dropped.Chain, In: "KUBE-SERVICES"}}},
	cause.LoopbackLeaves{At: here, Flow: flows.Flow{Proto: tcp.Proto, Src: loopback, Dst: two, DstPort: 80}, Dev: "eth0", Lookup: proof},
	cause.LoopbackOutside{At: here, Flow: flows.Flow{Proto: tcp.Proto, Src: loopback, Dst: two, DstPort: 80}, Out: "cni0", Line: proof[0]},
	service.WrongHook{At: here, Flow: tcp, To: tcp, Used: "output", Has: "prerouting", Rule: "-j DNAT"},
	service.WrongHook{At: here, Flow: tcp, To: tcp, Used: "prerouting", Has: "output", Rule: "-j DNAT"},
	service.Undelivered{At: here, Flow: tcp, Port: 15001, Lookup: lookup},
	service.Undelivered{At: here, Flow: tcp, Port: 15001, Mark: 1, Table: 100, Lookup: lookup},
	service.Undelivered{At: here, Flow: tcp, Port: 15001, Mark: 1, Table: 133, Local: true, Lookup: lookup},
	service.Undelivered{At: here, Flow: tcp, Port: 15001, Mark: 1, Table: 133, Rule: change.Lookup(133, 99), Lookup: lookup},
	service.Unassigned{At: here, Flow: tcp, Port: 15001, Bridge: "br0"},
	service.Unassigned{At: here, Flow: tcp, Port: 15001, Bridge: "br0", Passed: true},
	service.OtherZone{At: here, Flow: flow, Zones: eval.Zones{Asked: 5, By: notracking}},
	cause.Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictDrop, At: dropped.At, Rule: "-j DROP", Table: dropped.Table, Chain: dropped.Chain, In: "DOCKER-FORWARD",
		Decided: &netfilter.Rule{}, Packet: eval.Packet{IIF: "br1", OIF: "br1"}}, Other: cause.OtherRoute{Entry: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth0"}}},
	service.Unforwarded{At: here, Flow: tcp, Zone: "public", Kept: firewalld.Forward{File: "/etc/firewalld/zones/public.xml", Port: "80", To: netip.MustParseAddrPort("10.2.0.3:8080"), Asks: "port=80:proto=tcp:toport=8080:toaddr=10.2.0.3"}},
	service.Demanding{At: here, By: "bgpd", PID: 378, Bound: "0.0.0.0:179", Reason: "TCP_MD5NOTFOUND", Line: say.Quote(proof[0])},
	service.Demanding{At: here, Bound: "0.0.0.0:179", Reason: "TCP_MINTTL", Line: say.Quote(proof[0])},
	service.KeptOnly{At: here, Flow: tcp, By: "conmon", PID: 378, For: "web", Bound: "0.0.0.0:80", Podman: true},
	service.KeptOnly{At: here, Flow: tcp, By: "dockerd", PID: 378, For: "web", To: netip.MustParseAddrPort("10.2.0.2:80"), Bound: "0.0.0.0:80", Deaf: true, Rules: path.Commands()},
	service.KeptOnly{At: here, Flow: tcp, By: "dockerd", PID: 378, Bound: "0.0.0.0:80", Deaf: true},
	service.KeptOnly{At: here, Flow: tcp, By: "keeper", PID: 378, Bound: "0.0.0.0:80", Deaf: true},
	service.KeptOnly{At: here, Flow: tcp, By: "docker-proxy", PID: 378, For: "web", Bound: "0.0.0.0:80", Met: cause.Stopped{At: here, Flow: tcp, Hook: "input", Result: dropped}, Rules: path.Commands()},
	service.PassedOn{Finding: service.Unheard{At: here, Flow: tcp}, By: "docker-proxy", PID: 378, To: netip.MustParseAddrPort("172.17.0.2:80")},
	service.Untracked{At: here, Flow: tcp, To: tcp, By: sourcing},
	service.Unjumped{At: here, Flow: tcp, To: tcp, Used: "output", Table: sourcing.Table, Base: &netfilter.Chain{Name: "OUTPUT"}, Chain: "SERVICES", Like: *sourcing.Rule},
	service.Unjumped{At: here, Flow: tcp, To: tcp, Used: "output", Table: sourcing.Table, Base: &netfilter.Chain{Name: "OUTPUT"}, Chain: "SERVICES", Like: *sourcing.Rule, None: true},
	service.Unlisted{At: here, Flow: tcp, To: tcp, Table: &netfilter.Table{Family: "ip", Name: "svc"}, Map: "ips", Key: []fields.Name{"ip daddr", "meta l4proto", "th dport"}, Chains: []string{"web"}},
	service.Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one},
	service.UntakenBack{At: here, Flow: tcp, Client: one, Kept: notracking},
	service.Renewed{At: here, Flow: tcp, Asked: tcp, Kept: notracking},
	service.Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one, Bridge: true},
	service.Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one, Kept: sourcing},
	service.Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one, Past: proof[0]},
	source.Scoped{At: here, Lookup: cause.Lookup{Dst: one, Answer: machine.RouteAnswer{Entry: table.Route{Type: "unicast", Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: two, Dev: "eth0", Table: machine.MainTable}}}, Addr: table.Addr{Dev: "eth0", Prefix: netip.PrefixFrom(two, 24), Scope: "host"}},
	source.ForOthers{At: here, Lookup: lookup, Src: two, Routes: []table.Route{fromPrefix}},
	source.ForOthers{At: here, Lookup: lookup, Src: two, Reply: true, Routes: []table.Route{fromPrefix, fromPrefix}},
	source.ForOthers{At: here, Lookup: cause.Lookup{Dst: one, Answer: machine.RouteAnswer{Kind: machine.KindUnreachable}}, Routes: []table.Route{fromPrefix}},
	source.Unasked{At: here, Src: one, Line: proof[0], Back: true, Route: table.Route{Type: "unicast", Dst: near, Via: two, Dev: "eth1", Table: 100, Proto: "boot", Scope: "global"}},
	cause.OtherWayBack{At: here, Src: two, Dev: "eth1", Back: "eth0", Lookup: proof, Sent: source.Unasked{At: here, Src: one, Line: proof[0], Back: true, Route: table.Route{Type: "unicast", Dst: near, Via: two, Dev: "eth1", Table: 100, Proto: "boot", Scope: "global"}}},
	source.Unasked{At: here, Src: one, Net: near.Masked(), Out: "eth0", Line: proof[0], Route: table.Route{Type: "unicast", Via: two, Dev: "eth1", Table: 100}},
	source.InVRF{At: here, Lookup: lookup, VRF: table.Link{Name: "red", VRF: 100}, Route: stray.Stray, Way: path},
	source.InVRF{At: here, Lookup: lookup, VRF: table.Link{Name: "red", VRF: 100}, Route: stray.Stray, Way: path, Back: path, Gone: true, Deaf: &change.Sysctl{Netns: "ns1", Path: "net/ipv4/tcp_l3mdev_accept", Value: "1"}},
	source.VRFUnasked{At: here, Lookup: lookup, Dev: "eth0", VRF: table.Link{Name: "red", VRF: 10}},
	source.VRFUnasked{At: here, Lookup: lookup, Dev: "eth0", VRF: table.Link{Name: "red", VRF: 10}, Reply: true},
	source.Unruled{At: here, Lookup: lookup, Main: table.Route{Type: "unicast", Table: machine.MainTable, Dev: "eth0"}, Rules: []table.PolicyRule{change.Lookup(255, 0)}},
	source.Unruled{At: here, Lookup: lookup, Main: table.Route{Type: "unicast", Table: machine.MainTable, Dev: "eth0"}, Reply: true},
	service.Outdated{At: here, Flow: tcp, Entry: conntrack.Entry{Original: tracked, Reply: tracked}, Now: "10.3.0.2", From: true, Why: say.T("why", "为何")},
	service.Outdated{At: here, Flow: tcp, Entry: conntrack.Entry{Original: tracked, Reply: tracked}, Now: "10.3.0.2:80", Why: say.T("why", "为何")},
	service.Outdated{At: here, Flow: tcp, Entry: conntrack.Entry{Original: tracked, Reply: tracked}, Why: say.T("why", "为何")},
	service.Gap{At: here, Service: "10.96.0.10:80", Share: 0.3, Rules: proof},
	service.SegmentsLost{At: here, Length: 1500, Segment: 1200, Message: "curl: (28) Operation timed out"},
	service.SegmentsLost{At: here, Length: 1500, Segment: 1200, Narrow: veth, Clamp: change.ClampMSS{Netns: "ns1"}, Message: "curl: (28) Operation timed out"},
	service.Unreplying{At: here, Flow: tcp, Socket: socket.Socket{Proto: socket.UDP, Local: netip.MustParseAddrPort("0.0.0.0:53")}, By: "named", PID: 378},
	service.Unreplying{At: here, Flow: tcp, Socket: socket.Socket{Proto: socket.UDP, Local: netip.MustParseAddrPort("0.0.0.0:53"), Waiting: 768}},
	service.OpensOnly{At: here, Message: "curl: (28) Operation timed out"},
	device.ARPStopped{At: here, Target: two, Hook: eval.LinkHook{Family: "arp", Hook: "input", IIF: "eth0"}, Packet: eval.ARPRequest(one, two), Result: dropped},
	cause.OverRoute{here, 1600, machine.RouteAnswer{Line: proof[0], Entry: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth0", MTU: 1400}}, &cause.Learner{At: here}},
	cause.OverDevice{At: here, Length: 1600, Link: veth},
	cause.OverDevice{At: here, Length: 1600, Link: veth, Transit: true, Learned: &cause.Learner{At: here}},
	cause.OverDevice{At: here, Length: 1600, Link: veth, Transit: true, Learned: &cause.Learner{At: here}, Untold: cause.Untold{Why: say.Quote("a rule"), Proof: proof}},
	cause.OverPeer{here, 1600, veth},
	cause.Remembered{here, two, 1400, proof[0]}, cause.RememberedBeyond{cause.Remembered{here, two, 1400, proof[0]}, "eth0"},
	device.TooWide{NextHop: hop, Own: wide, Far: near, FarDev: "eth0", NoDefault: true},
	device.TooNarrow{At: here, Dst: two, Own: near, Dev: "eth0", Far: wide, FarDev: "eth0"},
	cause.ProxyUnforwarding{here, "eth0", hop, proof, false},
	cause.ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Exemption: reject.Exemption},
	cause.ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Way: path},
	cause.ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Address: address},
	cause.MACOfAnother{NextHop: hop, Wrong: port, Right: port},
	cause.MACOfNobody{hop},
	cause.MACIgnored{NextHop: hop, Right: port},
	cause.MACIgnored{NextHop: hop, Right: port, Silent: true},
	cause.MACIgnored{NextHop: hop, Right: port, Unasking: true},
	cause.WrongAnswer{At: here, Hop: hop, Right: port, Wrong: port, Own: address},
	cause.WrongAnswer{At: here, Hop: hop, Right: port, Wrong: port, Own: remedy.Address{Netns: "ns1", Prefix: netip.PrefixFrom(two, 32), Dev: "lo"}},
	full.NoRoom{NextHop: unknown, Table: machine.NeighbourTable{NeighbourUse: table.NeighbourUse{Entries: 1024, Max: 1024, Overflows: 7}, Seen: true}},
	device.EndpointInTunnel{At: here, Link: table.Link{Name: "wg0", Kind: "wireguard"}, Endpoint: netip.AddrPortFrom(two, 51820), Line: "default dev wg0"},
	cause.Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true}},
	cause.Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true, Allowed: []netip.Prefix{near}}},
	cause.Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true, Peer: farend.Peer{Key: "key"}}},
	cause.Unplugged{here, table.Link{Name: "tap0", Kind: "tun"}},
	cause.Unplugged{here, table.Link{Name: "eth0"}},
	device.Held{At: here, Link: table.Link{Name: "eth0", ProtoDown: table.ProtoDown{On: true}}},
	device.LoopbackFromOutside{At: here, Lookup: lookup},
	device.Held{At: here, Link: table.Link{Name: "eth0", ProtoDown: table.ProtoDown{On: true, Reasons: 1}}},
	cause.Untried{Beyond: handed(farend.End{Programs: []farend.Program{{PID: 378, Name: "qemu"}}})},
	cause.Untried{Beyond: handed(farend.End{WireGuard: true, Peer: farend.Peer{Key: "key", Endpoint: netip.AddrPortFrom(one, 51820)}})},
	cause.SilentBeyond{handed(farend.End{WireGuard: true, Peer: farend.Peer{Key: "key", Endpoint: netip.AddrPortFrom(one, 51820), Handshake: time.Unix(1, 0)}}), time.Second},
	cause.SilentBeyond{handed(farend.End{Datapath: "ovs-system"}), time.Second},
	cause.Rivals{here, two, port, port, address},
	cause.SharedMAC{NextHop: hop, Chosen: port, Other: cause.Device{"ns1", veth}},
	cause.SharedMAC{NextHop: hop, Chosen: port, Other: cause.Device{"ns1", veth}, Led: true},
	cause.SharedMAC{NextHop: hop, Chosen: cause.Device{"ns1", veth}, Other: port, Own: true},
	cause.Impostor{At: here, Addr: two, Having: []table.Addr{{Prefix: near, Dev: "eth0"}}, Own: address},
	cause.Impostor{At: here, Addr: two, Parted: &cause.Parting{proof[0], turn}},
	cause.Impostor{At: here, Addr: two, Own: address, Hop: &hop},
	cause.ARPFiltered{NextHop: hop, Sender: one, Station: port, Proof: proof, Way: path},
	cause.ARPFiltered{NextHop: hop, Sender: one, Station: port, Proof: proof, Way: path, Own: remedy.Origin{Src: two, Way: path}},
	cause.ARPIgnored{NextHop: hop, Station: port, Proof: proof},
	cause.ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 1},
	cause.ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 2, Here: true, Sender: two},
	cause.ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 8, Own: 2, Here: true},
	cause.LocalLate{NextHop: hop, Station: port, Rule: change.Lookup(254, 32766), Gone: true, Proof: proof},
	cause.LocalLate{NextHop: hop, Station: port, Rule: change.Lookup(200, 100), Proof: proof},
	cause.BehindRouter{NextHop: hop, Router: port, Proof: proof},
	cause.BehindRouter{NextHop: hop, Router: port, Proof: proof, Way: turn.Way},
	cause.WrongWire{NextHop: hop, Way: path, Line: proof[0], Stations: stations},
	cause.WrongWire{NextHop: hop, Way: path, Line: proof[0], Stations: stations, Overlap: table.Route{Type: "unicast", Dst: near, Dev: "eth1", Proto: "kernel"}},
	cause.EmptyWire{unknown, proof[0]},
	cause.NoRouter{hop, address, stations, proof},
	cause.NoRouter{hop, remedy.Address{Netns: "ns2", Prefix: netip.MustParsePrefix("fd00::1/64"), Dev: "eth0", Shut: machine.ShutBySetting}, stations, proof},
	device.NoPort{NextHop: hop, Owner: "ns2", Cable: port, Bridge: cause.Device{"host", bridge}},
	device.PortWaiting{At: here, Port: port, Bridge: cause.Device{"host", bridge}},
	device.PortUnflooded{At: here, Port: port, Bridge: "br0"},
	device.PortUnflooded{At: here, Port: port, Bridge: "br0", Multicast: true},
	device.PortUnlearning{At: here, Port: port, Bridge: "br0"},
	device.PortLocked{At: here, Port: port, Bridge: "br0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 10}},
	device.PortsIsolated{At: here, From: port, To: port, Bridge: "br0"},
	device.WrongPort{NextHop: hop, MAC: mac, Bridge: cause.Device{"host", bridge}, Entry: &table.FDBEntry{MAC: mac, Dev: "eth1", NetnsID: -1}},
	device.WrongPort{NextHop: hop, MAC: mac},
	device.TunnelElsewhere{NextHop: hop, Dev: "vxlan0", Remote: one, Entries: []table.FDBEntry{{MAC: mac, Dst: one}}, Right: entry},
	device.TunnelVoid{NextHop: hop, Link: vxlan, Right: entry},
	device.Untagged{NextHop: hop, There: port, Tag: 7},
	device.Untagged{NextHop: hop, There: port, Tag: 7, Other: "eth0.7"},
	device.Untagged{NextHop: hop, There: port, Tag: 7, Service: true, Other: "eth0.7"},
	device.Unswitched{NextHop: hop, Cable: cause.Device{"ns1", veth}, Datapath: "ovs-system"},
	device.BelowIPvlan{NextHop: hop, Owner: port, Lower: "eth0", Way: path},
	cause.Beneath{NextHop: hop, Link: veth, Lower: port, Shim: "shim0", Other: one},
	cause.Beneath{NextHop: hop, Link: veth, Lower: port, Shim: "shim0", Other: one, Own: near},
	device.GroupUnjoined{At: here, Link: grouped},
	device.MarkUnknown{At: here, Link: vxlan, Sender: cause.Device{Netns: "ns2", Link: vxlan}, Mark: 0x55},
	device.Unlisted{At: here, Owner: cause.Device{Netns: "ns2", Link: table.Link{Name: "mv0", Kind: "macvlan", Sharing: "source"}}, Sender: net.HardwareAddr{2, 0, 0, 0, 0, 1}},
	device.GroupUnjoined{At: here, Link: grouped, There: []cause.Device{{Netns: "ns2", Link: grouped}}},
	device.GroupUnjoined{At: here, Link: grouped, There: []cause.Device{{Netns: "ns2", Link: table.Link{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 7, DstPort: 4789, Remote: netip.MustParseAddr("239.1.1.2")}}}}},
	device.GroupUnjoined{At: here, Link: grouped, There: []cause.Device{{Netns: "ns2", Link: vxlan}}},
	device.TunnelUnopened{At: here, Link: vxlan, Landed: "ns2"},
	device.TunnelUnopened{At: here, Link: vxlan, Landed: "ns2", There: []table.Link{{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 8, DstPort: 4789}}}},
	device.TunnelUnopened{At: here, Link: vxlan, Landed: "ns2", There: []table.Link{{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 7, DstPort: 8472}}}},
	against.Unpredicted{Contradiction: contradiction, Predicted: cause.NoRoute, Message: "Destination Host Unreachable"},
	against.LostBehind{Contradiction: contradiction, Dev: "eth0"},
	against.NeverLeft{Contradiction: contradiction, Dev: "eth0"},
	device.OtherVLAN{At: here, NextHop: one, Port: "v1", Bridge: "br0", Has: 10, VLAN: 1, Out: "eth0", Proof: proof},
	device.NotCarried{At: here, Port: "eth0", Bridge: "br0", VLAN: 7, Self: false, Bare: false, Shared: false},
	device.NotCarried{At: here, Port: "br0", Bridge: "br0", VLAN: 7, Self: true, Bare: true, Shared: false},
	device.NotCarried{At: here, Port: "br0", Bridge: "br0", VLAN: 7, Self: true, Bare: true, Shared: true},
	device.NoPVID{At: here, Port: "eth0", Bridge: "br0", VLAN: 0},
	device.NoPVID{At: here, Port: "eth0", Bridge: "br0", VLAN: 7},
	cause.Claimed{here, flow, machine.Policy{Src: near, Dst: wide, Dir: "out", Unkept: true}},
	cause.Claimed{here, flow, machine.Policy{Src: near, Dst: wide, Dir: "in", Unkept: true}},
	cause.Claimed{here, flow, machine.Policy{Src: near, Dst: wide, Dir: "out", Block: true}},
	cause.Broadcast{At: here, Dst: two, Lookup: proof},
	device.QueueDropped{Contradiction: contradiction, KernelDrop: against.KernelDrop{Where: say.Quote("host"), Dev: "eth0", Reason: "QDISC_DROP", Function: "__dev_queue_xmit"}, Qdisc: "tbf"},
	against.KernelDropped{Contradiction: contradiction, KernelDrop: against.KernelDrop{Where: say.Quote("host"), Dev: "eth0", Reason: "NETFILTER_DROP", Function: "nf_hook_slow"}, Decides: true},
	against.KernelDropped{Contradiction: contradiction, KernelDrop: against.KernelDrop{Where: say.Quote("host"), Reason: "SOCKET_RCVBUFF", Function: "sock_queue_rcv_skb"}},
	cause.Untried{beyond, say.Quote("why")},
	cause.RefusedBeyond{beyond, one, probe.HostUnreachable},
	cause.SilentBeyond{beyond, time.Second},
	cause.SilentBeyond{cause.Beyond{At: here, Dev: "eth0", NextHop: one, Flow: flow, Seen: beyond.Seen, Unsure: true, Blind: true}, time.Second},
	cause.RefusedBeyond{cause.Beyond{At: here, Dev: "eth0", NextHop: one, Flow: flow, Seen: beyond.Seen, Unsure: true, Blind: true}, one, probe.HostUnreachable},
	cause.SilentBeyond{cause.Beyond{At: here, Dev: "eth0", NextHop: one, Flow: tcp, Seen: beyond.Seen, Astray: true}, time.Second},
	cause.SilentBeyond{cause.Beyond{At: here, Dev: "eth0", NextHop: one, Flow: flow, Seen: beyond.Seen, Spared: sourcing}, time.Second},
	device.Pinned{Beyond: beyond, Entry: hop.Entry, Waited: time.Second},
	device.Suppressed{At: here, Bridge: "br0", Port: "vxlan1", Entry: hop.Entry, Asks: hop, Right: cause.Device{Netns: "ns2", Link: table.Link{Name: "eth0"}}},
	cause.AnsweredAs{beyond, two},
	device.Unsent{Beyond: beyond, Outcome: probe.NoBufferSpace, Length: 4028, MTU: 9000},
	device.Unsent{Beyond: beyond, Outcome: probe.NotPermitted, Length: 84, MTU: 1500},
	device.Disallowed{At: here, Flow: tcp, Dir: "out"},
	cause.MACNotOurs{beyond, one, mac, mac, mac},
	cause.SilentTunnel{beyond, "VXLAN", time.Second},
}

// unmended are findings of which nobody can tell what would mend them: there is
// more than one way, or it is elsewhere.
var unmended = []string{"NotHere", "MarkUnknown", "Demanding", "GroupUnjoined", "RememberedBeyond", "Hidden", "Unknowing", "Closed", "Bare", "Pinned", "MeetsItself", "NobodyHas", "NobodyAnswered", "EmptyWire", "WrongPort", "TunnelUnopened", "Untagged",
	"Unpredicted", "LostBehind", "NeverLeft", "SentBack", "InPieces", "Untried", "RefusedBeyond", "SilentBeyond", "SilentTunnel", "AnsweredAs", "MACNotOurs", "TTLArrived", "Unreplying", "KernelDropped", "NoPVID", "NotCarried", "Unleased", "Unswitched", "Swallowed", "Broadcast",
	"Unheard", "Serverless", "ServerWithout", "Unheld", "PassedOn", "KeptOnly", "Endless", "KernelChosen", "QueueFull", "OpensOnly", "SegmentsLost", "Gap", "Unknown", "OtherAddress", "Unallocated", "OutOfRanges", "NoPortAtAll", "OtherLink", "Tentative", "Advertised", "ResetBy",
	"Unadvertised", "Unpeered", "EndpointInTunnel", "Unplugged", "Held", "LoopbackFromOutside", "QueueDropped", "Lossy", "Flapping", "Withdrawn", "TunnelUnmatched", "TunnelRefused", "BondIdle", "ForOthers", "Unsent", "Disallowed", "Undelivered", "NoOwnPort", "Unlooked", "OverLimit", "TakenAway", "Sometimes"}

// counting is a packet that a rule stops by a condition that cannot be read.
func counting(condition string) cause.Stopped {
	rule := &netfilter.Rule{Matches: []netfilter.Match{{Text: condition, Unread: &netfilter.Expr{Name: condition}}}}
	return cause.Stopped{At: here, Flow: tcp, Hook: "input", Result: eval.Result{Verdict: eval.VerdictReject, At: dropped.At, Rule: condition, Table: dropped.Table, Chain: dropped.Chain, Decided: rule}}
}

// handed is a packet that left to somebody who is known.
func handed(to farend.End) cause.Beyond {
	left := beyond
	left.To = to
	return left
}

// unmatched is a packet of a tunnel that comes to such devices.
func unmatched(there ...table.Tunnel) cause.Finding {
	f := device.TunnelUnmatched{
		At: here, Link: table.Link{Name: "gre1", Kind: "gre", Tunnel: &table.Tunnel{}}, Sender: "ns2", Carrier: "GRE",
		From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("192.0.2.2"),
	}
	for _, tunnel := range there {
		f.There = append(f.There, table.Link{Name: "gre2", Kind: "gre", Tunnel: &tunnel})
	}
	return f
}
