package chapters

import (
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
)

// delayed is how many hundredths of a second a proxy may take for its answer: half of
// what Linux begins with, so that no ping gives up before.
const delayed = "40"

// prompt is far less than a proxy takes with that, as a rule, and far more than the
// way there and back.
const prompt = 200 * time.Millisecond

// furtherBranches are about what chapter 2 tells on its way: the proxy's late answer,
// an address without a network, and what goes with a namespace.
func furtherBranches() []Step {
	return []Step{
		{
			ID: "2.B8", From: "2.11",
			Setup: []Action{
				Sysctl{Netns: host, Key: "net.ipv4.neigh.veth-ns1.proxy_delay", Value: delayed},
				Sysctl{Netns: ns1, Key: "net.ipv4.neigh.ns1-eth0.retrans_time_ms", Value: "1000"}, // or the pod gives up first, where a lab's timers are short
			},
			Action: Sysctl{Netns: host, Key: "net.ipv4.neigh.veth-ns1.proxy_delay", Value: "0"},
			Before: Promise{
				Pings: node(probe.Replied),
				Claims: append(vethSwitches("1", "1"), toGateway, podsWay,
					SysctlIs{Netns: host, Key: "net.ipv4.neigh.veth-ns1.proxy_delay", Value: delayed}),
			},
			After: Promise{
				First: []Action{NeighDel{Netns: ns1, Dst: gateway, Dev: "ns1-eth0"}},
				Pings: []Ping{{From: ns1, To: nodeIP, Want: probe.Replied, Within: prompt}},
				Claims: []Claim{
					FrameSeen{Netns: ns1, Dev: "ns1-eth0", Proto: "ARP", Op: "reply", Src: gateway, Dst: podIP, SrcDev: vethDev},
					NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B9", From: "2.3",
			Setup: []Action{
				AddrAdd{Netns: ns1, Addr: podIP + "/32", Dev: "ns1-eth0"},
				LinkUp{Netns: ns1, Name: "ns1-eth0"},
			},
			Action: RouteAdd{Netns: ns1, Dst: gateway, Dev: "ns1-eth0"},
			Before: Promise{
				Pings: node(probe.NetworkUnreachable),
				Claims: []Claim{
					AddrIs{Netns: ns1, Dev: "ns1-eth0", Addr: podIP + "/32"},
					NoRoutes{Netns: ns1},
					LinkIs{Netns: ns1, Name: "ns1-eth0", Has: []string{"UP", "LOWER_UP"}},
					Refused{Action: RouteAdd{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"}, Why: unix.ENETUNREACH},
				},
			},
			After: Promise{
				Pings: node(probe.NetworkUnreachable),
				Claims: []Claim{
					RouteIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0"},
					Refused{Action: RouteAdd{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"}},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B10", From: "2.11",
			Action: NetnsDel{Name: ns1},
			Before: Promise{
				Pings: []Ping{{From: host, To: podIP, Want: probe.Replied}},
				Claims: []Claim{
					LinkIs{Netns: host, Name: "veth-ns1", Has: []string{"UP", "LOWER_UP"}, Peer: ns1},
					RouteIs{Netns: host, Dst: podIP, Dev: "veth-ns1"},
				},
			},
			After: Promise{
				Claims: []Claim{
					LinkIs{Netns: host, Name: "veth-ns1", Absent: true},
					RouteIs{Netns: host, Dst: podIP, Absent: true},
					RouteGet{Netns: host, Dst: podIP, Via: routerIP, Dev: "eth0"},
				},
			},
			Watch: Watch{Netns: host, Ping: podIP},
		},
	}
}
