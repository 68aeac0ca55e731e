package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
)

// toRouter is the way out of the node, which the texts from 0.3 on take for granted.
var toRouter = RouteGet{Netns: host, Dst: webIP, Via: routerIP, Dev: "eth0"}

// packets is chapter 0: what Linux does with a packet. The node begins without
// an address.
func packets() Chapter {
	return Chapter{
		ID:    "0",
		Start: []Action{AddrDel{Netns: host, Addr: "192.168.6.160/24", Dev: "eth0"}},
		Steps: []Step{
			{
				ID:     "0.1",
				Action: AddrAdd{Netns: host, Addr: "192.168.6.160/24", Dev: "eth0"},
				Before: Promise{
					Pings:  []Ping{{From: host, To: routerIP, Want: probe.NetworkUnreachable}},
					Claims: []Claim{AddrIs{Netns: host, Dev: "eth0"}, NoRoutes{Netns: host}, LinkIs{Netns: host, Name: "eth0", Has: []string{"UP"}}},
				},
				After: Promise{
					Pings: []Ping{{From: host, To: routerIP, Want: probe.Replied, TTL: 64}},
					Claims: []Claim{
						RouteIs{Netns: host, Dst: "192.168.6.0/24", Dev: "eth0"},
						NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Resolved, MACOf: routerDev},
					},
				},
				Watch: Watch{Netns: host, Ping: routerIP},
			},
			{
				ID:     "0.2",
				Action: RouteAdd{Netns: host, Dst: "default", Via: routerIP},
				Before: Promise{
					Pings:  []Ping{{From: host, To: webIP, Want: probe.NetworkUnreachable}},
					Claims: []Claim{RouteIs{Netns: host, Dst: "default", Absent: true}, RouteGet{Netns: host, Dst: routerIP, Dev: "eth0"}},
				},
				After: Promise{
					Pings: []Ping{{From: host, To: webIP, Want: probe.Replied, TTL: 64}},
					Claims: []Claim{
						RouteIs{Netns: host, Dst: "default", Via: routerIP, Dev: "eth0"},
						NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Resolved, MACOf: routerDev},
						NeighIs{Netns: host, Dst: webIP, Dev: "eth0", Absent: true},
					},
				},
				Watch: Watch{Netns: host, Ping: webIP},
			},
			{
				ID:     "0.3",
				Setup:  []Action{Send{Netns: host, To: routerIP}},
				Action: NeighDel{Netns: host, Dst: routerIP, Dev: "eth0"},
				Before: Promise{
					Pings: []Ping{{From: host, To: webIP, Want: probe.Replied}},
					Claims: []Claim{
						toRouter,
						NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Resolved, MACOf: routerDev},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ARP", Op: "request", Dst: routerIP, DstMAC: Broadcast, None: true},
					},
				},
				After: Promise{
					First: []Action{NeighDel{Netns: host, Dst: routerIP, Dev: "eth0"}},
					Pings: []Ping{{From: host, To: webIP, Want: probe.Replied}},
					Claims: []Claim{
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ARP", Op: "request", Dst: routerIP, SrcDev: nodeDev, DstMAC: Broadcast},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ARP", Op: "reply", Src: routerIP, SrcDev: routerDev, DstDev: nodeDev},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Src: nodeIP, Dst: webIP, SrcDev: nodeDev, DstDev: routerDev},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ICMP", Op: "echo reply", Src: webIP, Dst: nodeIP, SrcDev: routerDev, DstDev: nodeDev},
					},
				},
				Watch: Watch{Netns: host, Ping: webIP},
			},
			{
				ID:     "0.4",
				Action: AddrAdd{Netns: inet, Addr: "192.168.6.77/24", Dev: "up0"},
				Before: Promise{
					Pings: []Ping{{From: host, To: "192.168.6.77", Want: probe.HostUnreachable}},
					Claims: []Claim{
						RouteGet{Netns: host, Dst: "192.168.6.77", Dev: "eth0"},
						NeighIs{Netns: host, Dst: "192.168.6.77", Dev: "eth0", States: Unresolved},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ARP", Op: "request", Dst: "192.168.6.77", DstMAC: Broadcast},
					},
				},
				After: Promise{
					Pings:  []Ping{{From: host, To: "192.168.6.77", Want: probe.Replied, TTL: 64}},
					Claims: []Claim{NeighIs{Netns: host, Dst: "192.168.6.77", Dev: "eth0", States: Resolved, MACOf: routerDev}},
				},
				Watch: Watch{Netns: host, Ping: "192.168.6.77"},
			},
			{
				ID:     "0.5",
				Action: NeighReplace{Netns: host, Dst: routerIP, Dev: "eth0", MAC: noMAC},
				Before: Promise{Pings: []Ping{{From: host, To: webIP, Want: probe.Replied}}, Claims: []Claim{toRouter}},
				After: Promise{
					Pings: []Ping{{From: host, To: webIP, Want: probe.Silent}},
					Claims: []Claim{
						NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Permanent},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ICMP", Op: "echo request", Src: nodeIP, Dst: webIP, DstMAC: noMAC},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ICMP", Op: "echo reply", None: true},
					},
				},
				Watch: Watch{Netns: host, Ping: webIP},
			},
			{
				ID:     "0.6",
				Action: NeighDel{Netns: host, Dst: routerIP, Dev: "eth0", Written: true},
				Before: Promise{
					Pings:  []Ping{{From: host, To: webIP, Want: probe.Silent}},
					Claims: []Claim{toRouter, NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Permanent}},
				},
				After: Promise{
					Pings:  []Ping{{From: host, To: webIP, Want: probe.Replied}},
					Claims: []Claim{NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Resolved, MACOf: routerDev}},
				},
				Watch: Watch{Netns: host, Ping: webIP},
			},
			{
				ID: "0.B1", From: "0.5",
				Action: LinkPromisc{Netns: inet, Name: "up0"},
				Before: Promise{
					Pings: []Ping{{From: host, To: webIP, Want: probe.Silent}},
					Claims: []Claim{
						toRouter,
						NeighIs{Netns: host, Dst: routerIP, Dev: "eth0", States: Permanent},
						LinkIs{Netns: inet, Name: "up0", Has: []string{"UP"}, Lacks: []string{"PROMISC"}},
					},
				},
				After: Promise{
					Pings: []Ping{{From: host, To: webIP, Want: probe.Silent}},
					Claims: []Claim{
						LinkIs{Netns: inet, Name: "up0", Has: []string{"UP", "PROMISC"}},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ICMP", Op: "echo request", Src: nodeIP, Dst: webIP, DstMAC: noMAC},
						FrameSeen{Netns: inet, Dev: "up0", Proto: "ICMP", Op: "echo reply", None: true},
					},
				},
				Watch: Watch{Netns: host, Ping: webIP},
			},
		},
	}
}
