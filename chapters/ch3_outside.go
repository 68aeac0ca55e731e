package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/gateway"
	. "nstutor/steps/process"
)

// toWeb is the ping of chapter 3: from the pod to a server outside.
var toWeb = Watch{Netns: ns1, Ping: webIP}

// web promises what that ping says.
func web(want probe.Outcome) []Ping { return []Ping{{From: ns1, To: webIP, Want: want}} }

// forward and masquerade are the two changes that the way out needs; the
// chapter makes them in both orders.
var (
	forward    = Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}
	masquerade = Masquerade{Netns: host, Src: podIP}

	betweenPods = Masquerade{Netns: host, Src: "172.20.1.0/24", NotTo: "172.20.1.0/24"}
)

// What the texts of chapter 3 take for granted: both ends know the way, there and back,
// and how far the node forwards.
var (
	podToWeb  = RouteGet{Netns: ns1, Dst: webIP, Via: gateway, Dev: "ns1-eth0"}
	nodeToWeb = RouteGet{Netns: host, Dst: webIP, Via: routerIP, Dev: "eth0"}
)

// wayOut claims the two ways, the way back to the pod, and the node's ip_forward.
func wayOut(forward string) []Claim {
	return []Claim{podToWeb, nodeToWeb, podsWay, SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: forward}}
}

// What an echo looks like on the node's uplink, with the pod's own source and
// with the node's.
var (
	unNATed  = FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Src: podIP, Dst: webIP}
	natted   = FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Src: nodeIP, Dst: webIP}
	answered = FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo reply", Src: webIP, Dst: nodeIP}
)

// outside is chapter 3: from the pod to the rest of the world.
func outside() Chapter {
	return Chapter{
		ID: "3",
		Steps: []Step{
			{
				ID: "3.1", From: "2.B1",
				Action: forward,
				Before: Promise{
					Pings: web(probe.Silent),
					Claims: append(wayOut("0"),
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
						AddrIs{Netns: host, Dev: "veth-ns1", Addr: "172.20.1.1/24"},
						Made{Action: masquerade, Not: true},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Dst: webIP, None: true},
						Counted{Netns: host, Counter: "IpInAddrErrors", Min: 1}),
				},
				After: Promise{
					Pings:  web(probe.Silent),
					Claims: []Claim{unNATed, Counted{Netns: host, Counter: "IpForwDatagrams", Min: 1}},
				},
				Watch: toWeb,
			},
			{
				ID:     "3.2",
				Action: masquerade,
				Before: Promise{Pings: web(probe.Silent), Claims: append(wayOut("1"), unNATed)},
				After: Promise{
					Pings: []Ping{{From: ns1, To: webIP, Want: probe.Replied, TTL: 63}},
					Claims: []Claim{
						natted,
						Tracked{Netns: host, Src: podIP, Dst: webIP, ReplySrc: webIP, ReplyDst: nodeIP},
					},
				},
				Watch: toWeb,
			},
			{
				ID: "3.A1", From: "2.11",
				Action: masquerade,
				Before: Promise{
					Pings:  web(probe.Silent),
					Claims: append(wayOut("0"), SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "1"}, unNATed),
				},
				After: Promise{
					Pings: web(probe.Silent),
					Claims: []Claim{
						natted, answered,
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo reply", None: true},
						Counted{Netns: host, Counter: "IpInAddrErrors", Min: 1},
					},
				},
				Watch: toWeb,
			},
			{
				ID:     "3.A2",
				Action: forward,
				Before: Promise{
					Pings: web(probe.Silent),
					Claims: append(wayOut("0"),
						Made{Action: masquerade},
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "1"},
						SysctlIs{Netns: host, Key: "net.ipv4.conf.eth0.forwarding", Value: "0"},
						natted, answered),
				},
				After: Promise{
					Pings:  []Ping{{From: ns1, To: webIP, Want: probe.Replied, TTL: 63}},
					Claims: []Claim{natted, answered},
				},
				Watch: toWeb,
			},
			{
				ID:     "3.3",
				Setup:  secondPod,
				Action: Narrow{Netns: host, Was: masquerade, Now: betweenPods},
				Before: Promise{
					Gets: []Get{{From: ns1, URL: "http://" + pod2IP, Client: nodeIP}},
					Claims: append(wayOut("1"),
						Made{Action: masquerade},
						AddrIs{Netns: ns2, Dev: "ns2-eth0", Addr: "172.20.1.20/24"},
						RouteGet{Netns: host, Dst: pod2IP, Dev: "veth-ns2"},
						ProcessIn{Name: "web-ns2", Netns: ns2}),
				},
				After: Promise{
					Pings: []Ping{{From: ns1, To: webIP, Want: probe.Replied, TTL: 63}},
					Gets:  []Get{{From: ns1, URL: "http://" + pod2IP, Client: podIP}},
				},
				Watch: Watch{Netns: ns1, Ping: pod2IP},
			},
			{
				ID:     "3.4",
				Action: Resolver{Netns: ns1, Server: "203.0.113.53"},
				Before: Promise{
					Pings:  []Ping{{From: ns1, To: webName, Want: probe.NoResolver}},
					Claims: append(wayOut("1"), Made{Action: betweenPods}),
				},
				After: Promise{Pings: []Ping{{From: ns1, To: webName, Want: probe.Replied, TTL: 63}}},
				Watch: Watch{Netns: ns1, Ping: webName},
			},
		},
	}
}

// secondPod is ns2, made like ns1, with a web server that says who asked.
var secondPod = []Action{
	NetnsAdd{Name: ns2},
	VethAdd{Netns: host, Name: "ns2-eth0", Peer: "veth-ns2"},
	LinkNetns{Netns: host, Name: "ns2-eth0", To: ns2},
	LinkUp{Netns: host, Name: "veth-ns2"},
	LinkUp{Netns: ns2, Name: "lo"},
	AddrAdd{Netns: ns2, Addr: "172.20.1.20/24", Dev: "ns2-eth0"},
	LinkUp{Netns: ns2, Name: "ns2-eth0"},
	RouteAdd{Netns: ns2, Dst: "default", Via: gateway, Dev: "ns2-eth0"},
	Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns2.proxy_arp", Value: "1"},
	RouteAdd{Netns: host, Dst: pod2IP, Dev: "veth-ns2"},
	Run{Netns: ns2, Name: "web-ns2", Argv: []string{"web"}},
}
