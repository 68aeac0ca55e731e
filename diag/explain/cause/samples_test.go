package cause

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/farend"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/probe"
	"nstutor/diag/socket"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// What the samples are made of.
var (
	here       = At("ns1")
	one, two   = netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.2.0.2")
	near, wide = netip.MustParsePrefix("10.1.0.2/24"), netip.MustParsePrefix("10.1.0.1/16")
	mac        = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	veth       = table.Link{Name: "eth0", Kind: "veth", MTU: 1500, MAC: mac, Port: &table.BridgePort{State: "blocking"}}
	bridge     = table.Link{Name: "br0", Kind: "bridge", Bridge: &table.Bridge{STP: true}}
	vxlan      = table.Link{Name: "vxlan0", Kind: "vxlan", VXLAN: &table.VXLAN{VNI: 7, DstPort: 4789}}
	port       = Device{"host", veth}
	tcp        = flows.Flow{Proto: 6, Src: one, Dst: two, SrcPort: 40000, DstPort: 80}
	flow       = flows.Flow{Proto: 1, Src: one, Dst: two}
	lookup     = Lookup{two, machine.RouteAnswer{Err: syscall.ENETUNREACH}}
	proof      = []string{"a line of the kernel's"}
	path       = remedy.Way{Netns: "ns1", Dst: two, Dev: "eth0", Via: one, Onlink: true}
	rewrite    = remedy.Rewrite{Netns: "ns1", Route: table.Route{Type: "unicast", Dst: netip.PrefixFrom(two, 32), Via: one, Dev: "eth0", Table: 254}}
	turn       = remedy.Turn{Way: path}
	address    = remedy.Address{Netns: "ns1", Prefix: near, Dev: "eth0"}
	entry      = remedy.TunnelEntry{Netns: "ns1", Dev: "vxlan0", MAC: mac, Dst: two}
	reject     = Rejection{here, proof, remedy.Exemption{Netns: "ns1", Dst: two, Kind: machine.KindBlackhole, Entry: table.Route{
		Type: "blackhole", Dst: netip.PrefixFrom(two, 32), Table: 100,
	}}}
	policy        = Rejection{here, proof, remedy.Exemption{Netns: "ns1", Dst: two, Rule: table.PolicyRule{Action: "blackhole", Priority: 7}}}
	hop           = NextHop{"ns1", "eth0", two, table.Neighbour{Dst: two, Dev: "eth0", MAC: mac, State: "STALE"}}
	unknown       = NextHop{Asker: "ns1", Dev: "eth0", Addr: two}
	contradiction = Contradiction{here, []say.Text{say.Quote("seen")}}
	beyond        = Beyond{here, "eth0", one, flow, []say.Text{say.Quote("seen")}, false, farend.End{}}
	listening     = socket.Socket{Proto: socket.TCP, Local: netip.MustParseAddrPort("127.0.0.1:80"), Waiting: 6, Room: 5, Inode: 7}
	stations      = []Station{{"ns2", "eth0", []netip.Prefix{near}}}
	dropped       = eval.Result{
		At: "ip filter FORWARD", Rule: "-j DROP", Table: &netfilter.Table{Family: "ip", Name: "filter"}, Chain: &netfilter.Chain{Name: "FORWARD"},
	}
)

// samples are findings of every type, in each of its variants.
var samples = []Finding{
	DeviceDown{here, veth},
	RoutesDown{At: here, Link: veth, Lookup: lookup},
	RoutesDown{here, veth, lookup, remedy.Way{Netns: "ns1", Dev: "eth0", Via: one}},
	RouteDown{At: here, Link: veth, Way: turn},
	PeerDown{here, veth, veth},
	DeadLeg{At: here, Dst: two, Dead: one, Line: proof[0], Behind: Swallowed{reject}, Rewrite: rewrite},
	WrongGateway{hop, proof[0], port, rewrite, stations, ""},
	WrongGateway{hop, proof[0], port, rewrite, stations, "ns2"},
	LoopbackUnrouted{here, lookup},
	LoopbackPassed{here, table.Link{Name: "lo"}},
	Unrouted{here, lookup, path},
	Thrown{Rejection: reject},
	Thrown{Rejection: policy, Reply: true},
	Missed{At: here, Way: turn, Dev: "eth1", Line: proof[0]},
	Swallowed{reject},
	Refused{reject},
	Forbidden{policy},
	NoWayBack{here, lookup, path},
	Astray{here, two, "eth1", proof[0], turn},
	Unmasqueraded{here, one, near.Masked(), "eth0", proof[0], lookup},
	Untranslated{here, one, netip.Prefix{}, "eth0", proof[0]},
	Addressless{here, lookup, address, true, path},
	Sourceless{here, flow, syscall.EINVAL, address},
	Nameless{here, veth, two},
	NotHere{here, veth, two},
	NobodyHas{hop, stations, false},
	NobodyHas{unknown, stations, true},
	NobodyAnswered{hop, false},
	NobodyAnswered{hop, true},
	Unforwarded{here, two, "eth0", proof, false},
	Unforwarded{here, two, "eth0", proof, true},
	OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Loose: true},
	OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Way: path},
	OtherWayBack{At: here, Src: one, Dev: "eth0", Lookup: proof, Stray: remedy.Turn{Stray: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth1", Table: 254}}},
	AskerElsewhere{here, one, "eth0", hop, proof, turn},
	ImpossibleSource{At: here, Flow: flow, Dev: "eth0", Lookup: proof, Service: &here},
	ImpossibleSource{At: here, Flow: flow, Dev: "eth0", Lookup: proof, Own: address},
	ImpossibleSource{At: here, Flow: flows.Flow{Proto: 1, Src: netip.MustParseAddr("127.0.0.1"), Dst: two}, Dev: "eth0", Lookup: proof},
	OwnSender{here, one, hop, proof, address},
	Circle{At: here, Flow: flow, Line: proof[0], Way: turn},
	Circle{At: here, Flow: flow, Line: proof[0], Way: remedy.Turn{Way: path, Stray: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth0"}}},
	Circle{At: here, Flow: flow, Line: proof[0], Way: remedy.Turn{Way: path, To: near.Masked(), Before: 7}},
	Circle{At: here, Flow: flow, Line: proof[0], Tunnel: entry},
	TTLSpent{At: here, TTL: 1, Spent: "ns2"},
	EchoOff{here, false},
	EchoOff{here, true},
	TableFull{here, table.ConntrackUse{Count: 8, Max: 8}, true},
	TableFull{here, table.ConntrackUse{Count: 8, Max: 8}, false},
	Stopped{At: here, Flow: flow, Hook: "forward", Result: dropped},
	Stopped{At: here, Flow: flows.Flow{Proto: 17, Src: one, Dst: two, DstPort: 4789}, Hook: "forward", Result: dropped},
	Stopped{At: here, Flow: flows.Flow{Proto: 6, Src: two, Dst: one, SrcPort: 80, DstPort: 40000, Reply: true}, Hook: "postrouting", Result: dropped},
	Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}},
	Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 80}, Near: []socket.Near{{Socket: listening, Why: socket.LoopbackOnly}}},
	Unheard{At: here, Flow: flows.Flow{Proto: 17, Src: one, Dst: two, DstPort: 80}, Near: []socket.Near{{Socket: listening, Why: socket.OtherProto}}},
	Unheard{At: here, Flow: flows.Flow{Proto: 6, Src: one, Dst: two, DstPort: 81}, Others: []socket.Socket{listening},
		Elsewhere: []ListensElsewhere{{"ns2", listening}}, Owners: map[uint32]socket.Process{7: {PID: 12, Comm: "nginx"}}},
	QueueFull{here, flow, listening},
	QueueFull{here, flow, socket.Socket{Proto: socket.UDP, Local: listening.Local, Waiting: 4000, Room: 4096}},
	Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictReject, At: dropped.At, Rule: "-j REJECT", Table: dropped.Table, Chain: dropped.Chain}},
	Endless{Stopped{At: here, Flow: tcp, Hook: "forward", Result: eval.Result{Verdict: eval.VerdictReject, At: dropped.At, Rule: "-j REJECT", Table: dropped.Table, Chain: dropped.Chain, In: "KUBE-SERVICES"}}},
	ImpossibleSource{At: here, Flow: tcp, Dev: "eth0", Lookup: proof, Service: &here},
	KernelChosen{here, tcp, one, proof[0], "0.0.0.0:53"},
	Unnamed{here, "db", "10.96.0.10:53", say.Quote("why"), []say.Text{say.Quote("proof")}, path.Commands()},
	SolicitationStopped{here, two, "forward", eval.NeighbourRequest(one, two), dropped},
	SomeBackends{here, NotListening, "10.96.0.10:80", "10.2.0.2:80", 1, 2, say.Quote("why"), []say.Text{say.Quote("proof")}, path.Commands()},
	SomeBackends{here, Filtered, "10.96.0.10:80", "", 1, 2, say.Quote("why"), []say.Text{say.Quote("proof")}, path.Commands()},
	NoHairpin{here, "eth0", "br0", tcp},
	WrongHook{here, tcp, tcp, "output", "prerouting", "-j DNAT"},
	WrongHook{here, tcp, tcp, "prerouting", "output", "-j DNAT"},
	Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one},
	Bypassed{At: here, Flow: tcp, Asked: tcp, Client: one, Bridge: true},
	OpensOnly{here, "curl: (28) Operation timed out"},
	ARPStopped{here, two, eval.LinkHook{Family: "arp", Hook: "input", IIF: "eth0"}, eval.ARPRequest(one, two), dropped},
	OverRoute{here, 1600, machine.RouteAnswer{Line: proof[0], Entry: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth0", MTU: 1400}}, &here},
	OverDevice{here, 1600, veth, false, nil},
	OverDevice{here, 1600, veth, true, &here},
	OverPeer{here, 1600, veth},
	Remembered{here, two, 1400, proof[0]},
	TooWide{NextHop: hop, Own: wide, Far: near, FarDev: "eth0", NoDefault: true},
	TooNarrow{At: here, Dst: two, Own: near, Dev: "eth0", Far: wide, FarDev: "eth0"},
	ProxyUnforwarding{here, "eth0", hop, proof, false},
	ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Exemption: reject.Exemption},
	ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Way: path},
	ProxyUnrouted{At: here, Dev: "eth0", Hop: hop, Proof: proof, Address: address},
	MACOfAnother{NextHop: hop, Wrong: port, Right: port},
	MACOfNobody{hop},
	WrongWire{NextHop: hop, Way: path, Stray: remedy.Turn{Stray: table.Route{Type: "unicast", Dst: near.Masked(), Dev: "eth1", Table: 254}}, Stations: stations},
	GatewayNameless{here, bridge, address},
	MACIgnored{NextHop: hop, Right: port},
	MACIgnored{NextHop: hop, Right: port, Silent: true},
	MACIgnored{NextHop: hop, Right: port, Unasking: true},
	WrongAnswer{At: here, Hop: hop, Right: port, Wrong: port, Own: address},
	NoRoom{unknown, machine.NeighbourTable{NeighbourUse: table.NeighbourUse{Entries: 1024, Max: 1024, Overflows: 7}, Seen: true}},
	Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true}},
	Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true, Allowed: []netip.Prefix{near}}},
	Unpeered{here, table.Link{Name: "wg0", Kind: "wireguard"}, two, farend.End{WireGuard: true, Peer: farend.Peer{Key: "key"}}},
	Unplugged{here, table.Link{Name: "tap0", Kind: "tun"}},
	Unplugged{here, table.Link{Name: "eth0"}},
	Untried{Beyond: handed(farend.End{Programs: []farend.Program{{PID: 378, Name: "qemu"}}})},
	Untried{Beyond: handed(farend.End{WireGuard: true, Peer: farend.Peer{Key: "key", Endpoint: netip.AddrPortFrom(one, 51820)}})},
	SilentBeyond{handed(farend.End{WireGuard: true, Peer: farend.Peer{Key: "key", Endpoint: netip.AddrPortFrom(one, 51820), Handshake: time.Unix(1, 0)}}), time.Second},
	SilentBeyond{handed(farend.End{Datapath: "ovs-system"}), time.Second},
	Rivals{here, two, port, port, address},
	SharedMAC{NextHop: hop, Chosen: port, Other: Device{"ns1", veth}},
	SharedMAC{NextHop: hop, Chosen: port, Other: Device{"ns1", veth}, Led: true},
	SharedMAC{NextHop: hop, Chosen: Device{"ns1", veth}, Other: port, Own: true},
	Impostor{At: here, Addr: two, Having: []table.Addr{{Prefix: near, Dev: "eth0"}}, Own: address},
	Impostor{At: here, Addr: two, Parted: &Parting{proof[0], turn}},
	Impostor{At: here, Addr: two, Own: address, Hop: &hop},
	ARPFiltered{hop, one, port, proof, path},
	ARPIgnored{NextHop: hop, Station: port, Proof: proof},
	ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 1},
	ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 2, Here: true},
	ARPIgnored{NextHop: hop, Station: port, Proof: proof, All: 2, Own: 2, Here: true},
	BehindRouter{hop, port, proof},
	WrongWire{NextHop: hop, Way: path, Stations: stations},
	EmptyWire{unknown, proof[0]},
	NoRouter{hop, address, stations, proof},
	NoPort{NextHop: hop, Owner: "ns2", Cable: port, Bridge: "br0"},
	PortWaiting{here, port, Device{"host", bridge}},
	PortUnflooded{here, port, "br0"},
	PortUnlearning{here, port, "br0"},
	PortsIsolated{here, port, port, "br0"},
	WrongPort{hop, mac, Device{"host", bridge}, &table.FDBEntry{MAC: mac, Dev: "eth1", NetnsID: -1}},
	WrongPort{NextHop: hop, MAC: mac},
	TunnelElsewhere{NextHop: hop, Dev: "vxlan0", Remote: one, Entries: []table.FDBEntry{{MAC: mac, Dst: one}}, Right: entry},
	TunnelVoid{NextHop: hop, Link: vxlan, Right: entry},
	Untagged{NextHop: hop, There: port, Tag: 7},
	BelowIPvlan{NextHop: hop, Owner: port, Lower: "eth0", Way: path},
	Beneath{NextHop: hop, Link: veth, Lower: port, Shim: "shim0", Other: one},
	TunnelUnopened{here, vxlan, "ns2", nil},
	TunnelUnopened{here, vxlan, "ns2", []table.Link{vxlan}},
	Unpredicted{contradiction, NoRoute, "Destination Host Unreachable"},
	LostBehind{contradiction, "eth0"},
	NeverLeft{contradiction, "eth0"},
	NotCarried{here, "eth0", "br0", 7, false},
	NoPVID{here, "eth0", "br0"},
	Claimed{here, flow, machine.Policy{Src: near, Dst: wide, Unkept: true}},
	Claimed{here, flow, machine.Policy{Src: near, Dst: wide, Block: true}},
	Broadcast{certain{}, here, two, proof},
	KernelDropped{contradiction, KernelDrop{say.Quote("host"), "eth0", "NETFILTER_DROP", "nf_hook_slow"}, true},
	KernelDropped{contradiction, KernelDrop{say.Quote("host"), "", "SOCKET_RCVBUFF", "sock_queue_rcv_skb"}, false},
	Untried{beyond, say.Quote("why")},
	RefusedBeyond{beyond, one, probe.HostUnreachable},
	SilentBeyond{beyond, time.Second},
	SilentTunnel{beyond, 4789, time.Second},
}

// unmended are findings of which nobody can tell what would mend them: there is
// more than one way, or it is elsewhere.
var unmended = []string{"NobodyHas", "NobodyAnswered", "EmptyWire", "WrongPort", "TunnelUnopened", "Untagged",
	"Unpredicted", "LostBehind", "NeverLeft", "Untried", "RefusedBeyond", "SilentBeyond", "SilentTunnel", "KernelDropped", "NoPVID", "Broadcast",
	"Unheard", "Endless", "KernelChosen", "QueueFull", "OpensOnly",
	"Unpeered", "Unplugged"}

// handed is a packet that left to somebody who is known.
func handed(to farend.End) Beyond {
	left := beyond
	left.To = to
	return left
}
