package chapters

import (
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/process"
)

// toNode is the ping of chapter 2: from the pod to its own node.
var toNode = Watch{Netns: ns1, Ping: nodeIP}

// node promises what that ping says.
func node(want probe.Outcome) []Ping { return []Ping{{From: ns1, To: nodeIP, Want: want}} }

// What the texts of chapter 2 take for granted: the pod's way to the node, and the
// node's to the gateway that nobody is.
var (
	toGateway = RouteGet{Netns: ns1, Dst: nodeIP, Via: gateway, Dev: "ns1-eth0"}
	nodesWay  = RouteGet{Netns: host, Dst: gateway, Via: routerIP, Dev: "eth0"}
)

// pod is chapter 2: node and pod reach each other.
func pod() Chapter {
	return Chapter{
		ID:    "2",
		Start: []Action{NetnsAdd{Name: ns1}},
		Steps: append([]Step{
			{
				ID:     "2.1",
				Action: VethAdd{Netns: host, Name: "ns1-eth0", Peer: "veth-ns1"},
				Before: Promise{
					Pings: node(probe.NetworkUnreachable),
					Claims: []Claim{
						LinkIs{Netns: host, Name: "veth-ns1", Absent: true},
						OnlyLoopback{Netns: ns1},
						RouteGet{Netns: host, Dst: podIP, Via: routerIP, Dev: "eth0"},
					},
				},
				After: Promise{Claims: []Claim{
					LinkIs{Netns: host, Name: "veth-ns1", Has: []string{"M-DOWN"}, Lacks: []string{"UP"}},
					LinkIs{Netns: host, Name: "ns1-eth0", Has: []string{"M-DOWN"}, Lacks: []string{"UP"}},
				}},
				Watch: Watch{Netns: host, Ping: podIP},
			},
			{
				ID:     "2.2",
				Action: LinkNetns{Netns: host, Name: "ns1-eth0", To: ns1},
				Before: Promise{Claims: []Claim{LinkIs{Netns: ns1, Name: "ns1-eth0", Absent: true}, LinkIs{Netns: host, Name: "ns1-eth0"}}},
				After: Promise{Claims: []Claim{
					LinkIs{Netns: ns1, Name: "ns1-eth0", Peer: host},
					LinkIs{Netns: host, Name: "ns1-eth0", Absent: true},
					LinkIs{Netns: host, Name: "veth-ns1", Peer: ns1},
				}},
				Watch: toNode,
			},
			{
				ID:     "2.3",
				Action: LinkUp{Netns: host, Name: "veth-ns1"},
				Before: Promise{Claims: []Claim{
					LinkIs{Netns: host, Name: "veth-ns1", Lacks: []string{"UP"}},
					LinkIs{Netns: ns1, Name: "ns1-eth0", Lacks: []string{"UP"}},
				}},
				After: Promise{Claims: []Claim{LinkIs{Netns: host, Name: "veth-ns1", Has: []string{"UP", "NO-CARRIER"}, Lacks: []string{"LOWER_UP"}}}},
				Watch: Watch{Netns: host, Ping: podIP},
			},
			{
				ID:     "2.4",
				Action: AddrAdd{Netns: ns1, Addr: "172.20.1.10/24", Dev: "ns1-eth0"},
				Before: Promise{Claims: []Claim{
					AddrIs{Netns: ns1, Dev: "ns1-eth0"},
					NoRoutes{Netns: ns1},
					LinkIs{Netns: ns1, Name: "ns1-eth0", Lacks: []string{"UP"}},
				}},
				After: Promise{Claims: []Claim{
					AddrIs{Netns: ns1, Dev: "ns1-eth0", Addr: "172.20.1.10/24"},
					NoRoutes{Netns: ns1},
					Refused{Action: RouteAdd{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"}, Why: unix.ENETUNREACH},
				}},
				Watch: toNode,
			},
			{
				ID:     "2.5",
				Action: LinkUp{Netns: ns1, Name: "ns1-eth0"},
				Before: Promise{Claims: []Claim{
					NoRoutes{Netns: ns1},
					AddrIs{Netns: ns1, Dev: "ns1-eth0", Addr: "172.20.1.10/24"},
					LinkIs{Netns: ns1, Name: "ns1-eth0", Lacks: []string{"UP"}},
					LinkIs{Netns: host, Name: "veth-ns1", Has: []string{"UP", "NO-CARRIER"}},
				}},
				After: Promise{Claims: []Claim{
					RouteIs{Netns: ns1, Dst: "172.20.1.0/24", Dev: "ns1-eth0"},
					LinkIs{Netns: host, Name: "veth-ns1", Has: []string{"UP", "LOWER_UP"}, Lacks: []string{"NO-CARRIER"}},
					LinkIs{Netns: ns1, Name: "ns1-eth0", Has: []string{"UP", "LOWER_UP"}, Lacks: []string{"NO-CARRIER"}},
				}},
				Watch: toNode,
			},
			{
				ID:     "2.6",
				Action: RouteAdd{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"},
				Before: Promise{
					Pings:  node(probe.NetworkUnreachable),
					Claims: []Claim{RouteIs{Netns: ns1, Dst: "default", Absent: true}, RouteGet{Netns: ns1, Dst: gateway, Dev: "ns1-eth0"}},
				},
				After: Promise{
					Pings:  node(probe.Silent),
					Claims: []Claim{RouteIs{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"}},
				},
				Watch: toNode,
			},
			{
				ID:     "2.7",
				Action: Observe{Netns: ns1, Argv: []string{"ip", "neigh"}},
				Before: Promise{
					Pings: node(probe.Silent),
					Claims: []Claim{
						toGateway,
						LinkIs{Netns: ns1, Name: "lo", Lacks: []string{"UP"}},
						AddrIs{Netns: host, Dev: "veth-ns1"},
					},
				},
				After: Promise{
					Pings: node(probe.Silent),
					Claims: []Claim{
						NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: []string{"FAILED"}},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ARP", Op: "request", Src: podIP, Dst: gateway, DstMAC: Broadcast},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ARP", Op: "reply", None: true},
					},
				},
				Watch: toNode,
			},
			{
				ID:     "2.8",
				Action: LinkUp{Netns: ns1, Name: "lo"},
				Before: Promise{
					Pings: []Ping{
						{From: ns1, To: nodeIP, Want: probe.Silent},
						{From: ns1, To: "127.0.0.1", Want: probe.Silent},
						{From: ns1, To: podIP, Want: probe.Silent},
					},
					Claims: []Claim{toGateway, LinkIs{Netns: ns1, Name: "lo", Lacks: []string{"UP"}}, AddrIs{Netns: host, Dev: "veth-ns1"}},
				},
				After: Promise{
					Pings: []Ping{
						{From: ns1, To: nodeIP, Want: probe.HostUnreachable},
						{From: ns1, To: "127.0.0.1", Want: probe.Replied},
						{From: ns1, To: podIP, Want: probe.Replied},
					},
					Claims: []Claim{LinkIs{Netns: ns1, Name: "lo", Has: []string{"UP"}}},
				},
				Watch: toNode,
			},
			{
				ID:     "2.9",
				Action: Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
				Before: Promise{
					Pings: node(probe.HostUnreachable),
					Claims: []Claim{
						toGateway, nodesWay,
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "0"},
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
						AddrIs{Netns: host, Dev: "veth-ns1"},
					},
				},
				After: Promise{
					Pings: node(probe.HostUnreachable),
					Claims: []Claim{
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
						NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Unresolved},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ARP", Op: "reply", None: true},
					},
				},
				Watch: toNode,
			},
			{
				ID:     "2.10",
				Action: Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "1"},
				Before: Promise{
					Pings: node(probe.HostUnreachable),
					Claims: []Claim{
						toGateway, nodesWay,
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
						RouteGet{Netns: host, Dst: podIP, Via: routerIP, Dev: "eth0"},
					},
				},
				After: Promise{
					Pings: node(probe.Silent),
					Claims: []Claim{
						SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "0"},
						NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
					},
				},
				Watch: toNode,
			},
			{
				ID:     "2.11",
				Action: RouteAdd{Netns: host, Dst: podIP, Dev: "veth-ns1", Except: gateway},
				Before: Promise{
					Pings: node(probe.Silent),
					Claims: []Claim{
						RouteGet{Netns: host, Dst: podIP, Via: routerIP, Dev: "eth0"},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo request", Src: podIP, Dst: nodeIP},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo reply", Src: nodeIP, Dst: podIP, DstDev: routerDev},
					},
				},
				After: Promise{
					Pings: []Ping{
						{From: ns1, To: nodeIP, Want: probe.Replied, TTL: 64},
						{From: host, To: podIP, Want: probe.Replied, TTL: 64},
					},
					Claims: []Claim{
						RouteGet{Netns: host, Dst: podIP, Dev: "veth-ns1"},
						NeighIs{Netns: host, Dst: podIP, Dev: "veth-ns1", States: Resolved, MACOf: podDev},
					},
				},
				Watch: toNode,
			},
			{
				ID:     "2.12",
				Action: Observe{Netns: ns1, Argv: []string{"ping", "-c", "5", "-i", "0.2", nodeIP}},
				Before: Promise{Pings: node(probe.Replied), Claims: []Claim{toGateway, RouteGet{Netns: host, Dst: podIP, Dev: "veth-ns1"}}},
				After: Promise{
					Pings: node(probe.Replied),
					Claims: []Claim{
						FrameSeen{Netns: ns1, Dev: "ns1-eth0", Proto: "ICMP", Op: "echo request", Src: podIP, Dst: nodeIP, SrcDev: podDev, DstDev: vethDev},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo request", Src: podIP, Dst: nodeIP, SrcDev: podDev, DstDev: vethDev},
						FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo reply", Src: nodeIP, Dst: podIP, SrcDev: vethDev, DstDev: podDev},
					},
				},
				Watch: toNode,
			},
		}, slices.Concat(branches(), furtherBranches())...),
	}
}
