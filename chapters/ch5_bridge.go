package chapters

import (
	"slices"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/bridge"
	. "nstutor/steps/claim"
)

// The node's bridge, its address in the pods' network, and the third pod, which
// comes later.
const (
	cni0     = "cni0"
	cniIP    = "10.244.1.1"
	podC     = "pod-c"
	podCIP   = "10.244.1.12"
	vethPodC = "veth-pod-c"
	bridgeNF = "net.bridge.bridge-nf-call-iptables"
)

// bridge is cni0 as the node's own card.
var bridge = Dev{Netns: host, Name: cni0}

// switched is the ping from pod to pod, with the bridge's forwarding database.
var switched = Watch{Netns: podA, Ping: podBIP, FDB: cni0}

// switchedReply is the reply that no router has seen.
var switchedReply = []Ping{
	{From: podA, To: podBIP, Want: probe.Replied, TTL: 64},
	{From: podB, To: podAIP, Want: probe.Replied, TTL: 64},
}

// known is what pod-a knows of pod-b behind a bridge: its own MAC address.
var known = NeighIs{Netns: podA, Dst: podBIP, Dev: "eth0", States: Resolved, MACOf: podBCard}

// toPodC promises what a ping from pod-a to pod-c says.
func toPodC(want probe.Outcome) []Ping { return []Ping{{From: podA, To: podCIP, Want: want}} }

// third is pod-c, with its cable and its default route, but not yet plugged in.
func third() []Action {
	return concat(plugged(podC, podCIP+"/24"), []Action{RouteAdd{Netns: podC, Dst: "default", Via: cniIP, Dev: "eth0"}})
}

// bridged is chapter 5: the same two pods, joined by a switch.
func bridged() Chapter {
	return Chapter{
		ID:    "5",
		Start: concat(plugged(podA, podAIP+"/24"), plugged(podB, podBIP+"/24")),
		Steps: slices.Concat(switching(), portsAndTables(), shared(), uplinks()),
	}
}

// switching builds what Flannel and Docker do: a bridge, its ports, its address.
func switching() []Step {
	return []Step{
		{
			ID:     "5.1",
			Action: BridgeAdd{Netns: host, Name: cni0},
			Before: Promise{
				Pings: podToPod(probe.HostUnreachable),
				Claims: []Claim{
					NeighIs{Netns: podA, Dst: podBIP, Dev: "eth0", States: Unresolved},
					BridgePortIs{Netns: host, Name: vethPodA},
					LinkIs{Netns: host, Name: cni0, Absent: true},
					SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "0"},
				},
			},
			After: Promise{
				Pings:  podToPod(probe.HostUnreachable),
				Claims: []Claim{LinkIs{Netns: host, Name: cni0, Lacks: []string{"UP"}}, BridgePortIs{Netns: host, Name: vethPodA}},
			},
			Watch: switched,
		},
		{
			ID:     "5.2",
			Action: LinkMaster{Netns: host, Name: vethPodA, Bridge: cni0},
			Before: Promise{Pings: podToPod(probe.HostUnreachable), Claims: []Claim{BridgePortIs{Netns: host, Name: vethPodA}}},
			After: Promise{
				Pings:  podToPod(probe.HostUnreachable),
				Claims: []Claim{BridgePortIs{Netns: host, Name: vethPodA, Bridge: cni0}, FDBHas{Netns: host, Bridge: cni0, MACOf: podAWire, Dev: vethPodA}},
			},
			Watch: switched,
		},
		{
			ID:     "5.3",
			Action: LinkMaster{Netns: host, Name: vethPodB, Bridge: cni0},
			Before: Promise{
				Pings:  podToPod(probe.HostUnreachable),
				Claims: []Claim{BridgePortIs{Netns: host, Name: vethPodA, Bridge: cni0}, BridgePortIs{Netns: host, Name: vethPodB}, LinkIs{Netns: host, Name: cni0, Lacks: []string{"UP"}}},
			},
			After: Promise{
				Pings: podToPod(probe.HostUnreachable),
				Claims: []Claim{
					BridgePortIs{Netns: host, Name: vethPodB, Bridge: cni0, States: []string{"disabled"}},
					LinkIs{Netns: host, Name: cni0, Lacks: []string{"UP"}},
					FrameSeen{Netns: host, Dev: vethPodA, Proto: "ARP", Op: "request", Dst: podBIP},
					FrameSeen{Netns: host, Dev: vethPodB, Proto: "ARP", Op: "request", None: true},
				},
			},
			Watch: switched,
		},
		{
			ID:     "5.4",
			Action: LinkUp{Netns: host, Name: cni0},
			Before: Promise{
				Pings:  podToPod(probe.HostUnreachable),
				Claims: []Claim{BridgePortIs{Netns: host, Name: vethPodB, Bridge: cni0, States: []string{"disabled"}}, FDBHas{Netns: host, Bridge: cni0, MACOf: podBCard, Absent: true}},
			},
			After: Promise{
				Pings: switchedReply,
				Claims: []Claim{
					known,
					BridgePortIs{Netns: host, Name: vethPodB, Bridge: cni0, States: []string{"forwarding"}},
					FDBHas{Netns: host, Bridge: cni0, MACOf: podACard, Dev: vethPodA},
					FDBHas{Netns: host, Bridge: cni0, MACOf: podBCard, Dev: vethPodB},
					FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP, SrcDev: podACard, DstDev: podBCard},
					SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "0"},
				},
			},
			Watch: switched,
		},
		{
			ID:     "5.5",
			Action: AddrAdd{Netns: host, Addr: cniIP + "/24", Dev: cni0},
			Before: Promise{
				Pings:  []Ping{{From: podA, To: cniIP, Want: probe.HostUnreachable}},
				Claims: []Claim{RouteGet{Netns: host, Dst: podAIP, Via: routerIP, Dev: "eth0"}, AddrIs{Netns: host, Dev: cni0}},
			},
			After: Promise{
				Pings: []Ping{
					{From: podA, To: cniIP, Want: probe.Replied, TTL: 64},
					{From: host, To: podAIP, Want: probe.Replied, TTL: 64},
					{From: podA, To: nodeIP, Want: probe.NetworkUnreachable},
				},
				Claims: []Claim{
					RouteIs{Netns: host, Dst: "10.244.1.0/24", Dev: cni0},
					NeighIs{Netns: host, Dst: podAIP, Dev: cni0, States: Resolved, MACOf: podACard},
					NeighIs{Netns: podA, Dst: cniIP, Dev: "eth0", States: Resolved, MACOf: bridge},
				},
			},
			Watch: Watch{Netns: podA, Ping: cniIP, FDB: cni0},
		},
		{
			ID:     "5.6",
			Setup:  []Action{RouteAdd{Netns: podB, Dst: "default", Via: cniIP, Dev: "eth0"}},
			Action: RouteAdd{Netns: podA, Dst: "default", Via: cniIP, Dev: "eth0"},
			Before: Promise{
				Pings:  []Ping{{From: podA, To: nodeIP, Want: probe.NetworkUnreachable}, {From: podA, To: cniIP, Want: probe.Replied, TTL: 64}},
				Claims: []Claim{RouteIs{Netns: podA, Dst: "default", Absent: true}},
			},
			After: Promise{
				Pings: []Ping{{From: podA, To: nodeIP, Want: probe.Replied, TTL: 64}, {From: podA, To: podBIP, Want: probe.Replied, TTL: 64}},
				Claims: []Claim{
					SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-pod-a.proxy_arp", Value: "0"},
					RouteIs{Netns: host, Dst: podAIP, Absent: true},
					NeighIs{Netns: podA, Dst: cniIP, Dev: "eth0", States: Resolved, MACOf: bridge},
				},
			},
			Watch: Watch{Netns: podA, Ping: nodeIP, FDB: cni0},
		},
	}
}
