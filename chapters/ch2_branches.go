package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
)

const calicoGateway = "169.254.1.1"

// What the texts of the branches take for granted of the node: which way it sends what
// is for the pod, and whether veth-ns1 stands in for others and forwards.
var (
	podsWay   = RouteGet{Netns: host, Dst: podIP, Dev: "veth-ns1"}
	noPodsWay = RouteGet{Netns: host, Dst: podIP, Via: routerIP, Dev: "eth0"}
	calicoWay = RouteIs{Netns: ns1, Dst: "default", Via: calicoGateway, Dev: "ns1-eth0"}
)

// vethSwitches claims the two settings of the node's end of the cable.
func vethSwitches(proxyARP, forwarding string) []Claim {
	return []Claim{
		SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: proxyARP},
		SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: forwarding},
	}
}

// branches are the other ways through chapter 2. Most begin again at the end
// of 2.8, where the gateway's MAC address is still unknown.
func branches() []Step {
	return []Step{
		{
			ID: "2.B1", From: "2.8",
			Action: AddrAdd{Netns: host, Addr: "172.20.1.1/24", Dev: "veth-ns1"},
			Before: Promise{
				Pings:  node(probe.HostUnreachable),
				Claims: append(vethSwitches("0", "0"), toGateway, noPodsWay, AddrIs{Netns: host, Dev: "veth-ns1"}),
			},
			After: Promise{
				Pings: node(probe.Replied),
				Claims: []Claim{
					NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
					SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "0"},
					SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
					RouteIs{Netns: host, Dst: podIP, Absent: true},
					RouteIs{Netns: host, Dst: "172.20.1.0/24", Dev: "veth-ns1"},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B2", From: "2.8",
			Setup:  []Action{RouteAdd{Netns: host, Dst: podIP, Dev: "veth-ns1"}},
			Action: NeighReplace{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", MACOf: vethDev},
			Before: Promise{
				Pings:  node(probe.HostUnreachable),
				Claims: append(vethSwitches("0", "0"), toGateway, podsWay, AddrIs{Netns: host, Dev: "veth-ns1"}),
			},
			After: Promise{
				Pings: node(probe.Replied),
				Claims: append(vethSwitches("0", "0"),
					NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Permanent, MACOf: vethDev},
					FrameSeen{Netns: ns1, Dev: "ns1-eth0", Proto: "ARP", Op: "request", Src: podIP, Dst: gateway, None: true}),
			},
			Watch: toNode,
		},
		{
			ID: "2.B3", From: "2.8",
			Setup: []Action{
				RouteDel{Netns: ns1, Dst: "default", Via: gateway, Dev: "ns1-eth0"},
				Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
				Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "1"},
				RouteAdd{Netns: host, Dst: podIP, Dev: "veth-ns1"},
			},
			Action: RouteAdd{Netns: ns1, Dst: "default", Via: calicoGateway, Dev: "ns1-eth0", Onlink: true},
			Before: Promise{
				Pings: node(probe.NetworkUnreachable),
				Claims: append(vethSwitches("1", "1"), podsWay,
					RouteIs{Netns: ns1, Dst: "default", Absent: true},
					RouteGet{Netns: host, Dst: calicoGateway, Via: routerIP, Dev: "eth0"},
					Refused{
						Action: RouteAdd{Netns: ns1, Dst: "default", Via: calicoGateway, Dev: "ns1-eth0"},
						Why:    unix.ENETUNREACH,
					}),
			},
			After: Promise{
				Pings: node(probe.Replied),
				Claims: []Claim{
					RouteIs{Netns: ns1, Dst: "default", Via: calicoGateway, Dev: "ns1-eth0"},
					NeighIs{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B4", From: "2.B3",
			Action: LinkAddress{Netns: host, Name: "veth-ns1", MAC: "ee:ee:ee:ee:ee:ee"},
			Before: Promise{
				Pings:  node(probe.Replied),
				Claims: append(vethSwitches("1", "1"), calicoWay, podsWay, NeighIs{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev}),
			},
			After: Promise{
				First: []Action{NeighDel{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0"}},
				Pings: node(probe.Replied),
				Claims: []Claim{
					FrameSeen{Netns: ns1, Dev: "ns1-eth0", Proto: "ICMP", Op: "echo request", DstMAC: "ee:ee:ee:ee:ee:ee"},
					NeighIs{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B5", From: "2.B3",
			Setup:  []Action{RouteDel{Netns: host, Dst: "default", Via: routerIP, Dev: "eth0"}},
			Action: AddrAdd{Netns: host, Addr: "169.254.1.1/32", Dev: "veth-ns1"},
			Before: Promise{
				Pings: node(probe.HostUnreachable),
				Claims: append(vethSwitches("1", "1"), calicoWay, podsWay,
					RouteIs{Netns: host, Dst: "default", Absent: true},
					NeighIs{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0", States: Unresolved}),
			},
			After: Promise{
				Pings: node(probe.Replied),
				Claims: []Claim{
					RouteIs{Netns: host, Dst: "default", Absent: true},
					NeighIs{Netns: ns1, Dst: calicoGateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B6", From: "2.10",
			Setup:  []Action{Sysctl{Netns: host, Key: "net.ipv4.conf.all.rp_filter", Value: "1"}},
			Action: RouteAdd{Netns: host, Dst: podIP, Dev: "veth-ns1"},
			Before: Promise{
				Pings: node(probe.HostUnreachable),
				Claims: append(vethSwitches("1", "1"), toGateway, noPodsWay,
					SysctlIs{Netns: host, Key: "net.ipv4.conf.all.rp_filter", Value: "1"},
					NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Unresolved}),
			},
			After: Promise{
				Pings: node(probe.Replied),
				Claims: []Claim{
					SysctlIs{Netns: host, Key: "net.ipv4.conf.all.rp_filter", Value: "1"},
					NeighIs{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", States: Resolved, MACOf: vethDev},
				},
			},
			Watch: toNode,
		},
		{
			ID: "2.B7", From: "2.11",
			Action: NeighReplace{Netns: ns1, Dst: gateway, Dev: "ns1-eth0", MAC: noMAC},
			Before: Promise{Pings: node(probe.Replied), Claims: []Claim{toGateway, podsWay}},
			After: Promise{
				Pings: node(probe.Silent),
				Claims: []Claim{
					podsWay, // or the reply would be missing for another reason
					FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo request", Src: podIP, Dst: nodeIP, DstMAC: noMAC},
					FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo reply", None: true},
				},
			},
			Watch: toNode,
		},
	}
}
