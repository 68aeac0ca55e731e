package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/bridge"
	. "nstutor/steps/claim"
	. "nstutor/steps/gateway"
	. "nstutor/steps/process"
)

// newMAC is what a card has after its pod was made anew.
const newMAC = "02:00:00:00:01:12"

// portsAndTables is what goes wrong on a bridge that is built well: a filter of
// another layer, a port that waits, a port that is kept apart, an old address.
func portsAndTables() []Step {
	return []Step{
		{
			ID: "5.7", Needs: bridgeNF,
			Setup: []Action{
				ForwardPolicy{Netns: host, Policy: "drop"},
				Sysctl{Netns: host, Key: bridgeNF, Value: "1"},
			},
			Action: Sysctl{Netns: host, Key: bridgeNF, Value: "0"},
			Before: Promise{
				Pings: podToPod(probe.Silent),
				Claims: []Claim{
					known,
					SysctlIs{Netns: host, Key: bridgeNF, Value: "1"},
					FrameSeen{Netns: host, Dev: vethPodA, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP},
					FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", None: true},
				},
			},
			After: Promise{Pings: switchedReply, Claims: []Claim{known}},
			Watch: switched,
		},
		{
			ID: "5.8", From: "5.6",
			Setup:  concat(third(), []Action{BridgeSTP{Netns: host, Name: cni0, On: true}}),
			Action: LinkMaster{Netns: host, Name: vethPodC, Bridge: cni0},
			Before: Promise{
				Pings: concatPings(switchedReply, toPodC(probe.HostUnreachable)),
				Claims: []Claim{
					BridgeIs{Netns: host, Name: cni0, STP: true},
					BridgePortIs{Netns: host, Name: vethPodA, Bridge: cni0, States: []string{"forwarding"}},
					BridgePortIs{Netns: host, Name: vethPodC},
				},
			},
			After: Promise{
				Pings: concatPings(switchedReply, toPodC(probe.HostUnreachable)),
				Claims: []Claim{
					BridgePortIs{Netns: host, Name: vethPodC, Bridge: cni0, States: []string{"listening", "learning"}},
					FrameSeen{Netns: host, Dev: vethPodC, Proto: "ARP", Op: "request", Dst: podCIP, None: true},
				},
			},
			Watch: Watch{Netns: podA, Ping: podCIP, FDB: cni0},
		},
		{
			ID:     "5.9",
			Action: BridgeSTP{Netns: host, Name: cni0},
			Before: Promise{Claims: []Claim{BridgeIs{Netns: host, Name: cni0, STP: true}, BridgePortIs{Netns: host, Name: vethPodC, Bridge: cni0}}},
			After: Promise{
				First:  []Action{LinkDown{Netns: host, Name: vethPodC}, LinkUp{Netns: host, Name: vethPodC}},
				Pings:  toPodC(probe.Replied),
				Claims: []Claim{BridgeIs{Netns: host, Name: cni0}, BridgePortIs{Netns: host, Name: vethPodC, Bridge: cni0, States: []string{"forwarding"}}},
			},
			Watch: Watch{Netns: podA, Ping: podCIP, FDB: cni0},
		},
		{
			ID: "5.10", From: "5.6",
			Setup:  []Action{PortIsolated{Netns: host, Name: vethPodA, On: true}, PortIsolated{Netns: host, Name: vethPodB, On: true}},
			Action: PortIsolated{Netns: host, Name: vethPodA},
			Before: Promise{
				Pings: []Ping{
					{From: podA, To: podBIP, Want: probe.HostUnreachable},
					{From: podA, To: nodeIP, Want: probe.Replied},
					{From: podB, To: nodeIP, Want: probe.Replied},
				},
				Claims: []Claim{
					BridgePortIs{Netns: host, Name: vethPodA, Bridge: cni0, States: []string{"forwarding"}, Isolated: true},
					BridgePortIs{Netns: host, Name: vethPodB, Bridge: cni0, States: []string{"forwarding"}, Isolated: true},
					FrameSeen{Netns: host, Dev: vethPodA, Proto: "ARP", Op: "request", Dst: podBIP},
					FrameSeen{Netns: host, Dev: vethPodB, Proto: "ARP", Op: "request", Dst: podBIP, None: true},
				},
			},
			After: Promise{
				Pings:  switchedReply,
				Claims: []Claim{BridgePortIs{Netns: host, Name: vethPodB, Bridge: cni0, States: []string{"forwarding"}, Isolated: true}},
			},
			Watch: switched,
		},
		{
			ID: "5.11", From: "5.6",
			Setup: []Action{
				Send{Netns: host, To: podBIP},
				LinkAddress{Netns: podB, Name: "eth0", MAC: newMAC},
			},
			Action: NeighDel{Netns: host, Dst: podBIP, Dev: cni0},
			Before: Promise{
				Pings: []Ping{{From: host, To: podBIP, Want: probe.Silent}},
				Claims: []Claim{
					NeighIs{Netns: host, Dst: podBIP, Dev: cni0, States: Resolved},
					FrameSeen{Netns: host, Dev: cni0, Proto: "ICMP", Op: "echo request", Dst: podBIP},
					FrameSeen{Netns: host, Dev: cni0, Proto: "ICMP", Op: "echo request", DstMAC: newMAC, None: true},
				},
			},
			After: Promise{
				Pings: []Ping{{From: host, To: podBIP, Want: probe.Replied, TTL: 64}},
				Claims: []Claim{
					NeighIs{Netns: host, Dst: podBIP, Dev: cni0, States: Resolved, MACOf: podBCard},
					FDBHas{Netns: host, Bridge: cni0, MACOf: podBCard, Dev: vethPodB},
				},
			},
			Watch: Watch{Netns: host, Ping: podAIP, FDB: cni0},
		},
		{
			ID: "5.12", From: "5.6",
			Setup:  concat([]Action{forward}, routedPod(podC, "10.244.2.12", "/32")),
			Action: Observe{Netns: podA, Argv: []string{"ping", "-c", "1", "-t", "1", "10.244.2.12"}},
			Before: Promise{
				Pings:  append([]Ping{{From: podA, To: "10.244.2.12", Want: probe.Replied, TTL: 63}}, switchedReply...),
				Claims: []Claim{RouteGet{Netns: podA, Dst: podBIP, Dev: "eth0"}, RouteGet{Netns: podA, Dst: "10.244.2.12", Via: cniIP, Dev: "eth0"}},
			},
			After: Promise{
				Pings: []Ping{
					{From: podA, To: "10.244.2.12", Hops: 1, Want: probe.TTLExceeded, By: cniIP},
					{From: podA, To: podBIP, Hops: 1, Want: probe.Replied, TTL: 64, By: podBIP},
				},
				Claims: []Claim{
					known,
					FrameSeen{Netns: podA, Dev: "eth0", Proto: "ICMP", Op: "echo request", Dst: "10.244.2.12", DstDev: bridge},
					FrameSeen{Netns: podA, Dev: "eth0", Proto: "ICMP", Op: "echo request", Dst: podBIP, DstDev: podBCard},
				},
			},
			Watch: Watch{Netns: podA, Ping: "10.244.2.12", FDB: cni0},
		},
	}
}

func concatPings(lists ...[]Ping) []Ping {
	var all []Ping
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// lanPod is a pod that a macvlan on the node's own card puts into its network.
const (
	lanPod   = "pod-m"
	lanPodIP = "192.168.6.50"
	shim     = "mac0" // the node's own macvlan beside it
)

// toParent promises what a ping from that pod to its node says.
func toParent(want probe.Outcome) []Ping { return []Ping{{From: lanPod, To: nodeIP, Want: want}} }

// shared is the other way to give pods the network of the node: its card is shared.
func shared() []Step {
	return []Step{
		{
			ID: "5.M1", From: "5.6",
			Setup: []Action{
				NetnsAdd{Name: lanPod},
				MacvlanAdd{Netns: host, Name: "c-pod-m", Lower: "eth0"},
				LinkNetns{Netns: host, Name: "c-pod-m", To: lanPod, Rename: "eth0"},
				LinkUp{Netns: lanPod, Name: "lo"},
				AddrAdd{Netns: lanPod, Addr: lanPodIP + "/24", Dev: "eth0"},
				LinkUp{Netns: lanPod, Name: "eth0"},
				MacvlanAdd{Netns: host, Name: shim, Lower: "eth0"},
			},
			Action: LinkUp{Netns: host, Name: shim},
			Before: Promise{
				Pings: append([]Ping{{From: lanPod, To: routerIP, Want: probe.Replied, TTL: 64}}, toParent(probe.HostUnreachable)...),
				Claims: []Claim{
					LinkIs{Netns: host, Name: shim, Lacks: []string{"UP"}},
					NeighIs{Netns: lanPod, Dst: nodeIP, Dev: "eth0", States: Unresolved},
					FrameSeen{Netns: inet, Dev: "up0", Proto: "ARP", Op: "request", Src: lanPodIP, Dst: nodeIP},
				},
			},
			After: Promise{
				Pings: toParent(probe.Silent),
				Claims: []Claim{
					NeighIs{Netns: lanPod, Dst: nodeIP, Dev: "eth0", States: Resolved, MACOf: Dev{Netns: host, Name: shim}},
					FrameSeen{Netns: host, Dev: shim, Proto: "ICMP", Op: "echo request", Src: lanPodIP, Dst: nodeIP},
					RouteGet{Netns: host, Dst: lanPodIP, Dev: "eth0"},
				},
			},
			Watch: Watch{Netns: lanPod, Ping: nodeIP},
		},
		{
			ID:     "5.M2",
			Action: RouteAdd{Netns: host, Dst: lanPodIP, Dev: shim, Except: routerIP},
			Before: Promise{Pings: toParent(probe.Silent), Claims: []Claim{RouteGet{Netns: host, Dst: lanPodIP, Dev: "eth0"}}},
			After: Promise{
				Pings: []Ping{{From: lanPod, To: nodeIP, Want: probe.Replied, TTL: 64}, {From: host, To: lanPodIP, Want: probe.Replied, TTL: 64}},
				Claims: []Claim{
					RouteGet{Netns: host, Dst: lanPodIP, Dev: shim},
					RouteGet{Netns: host, Dst: routerIP, Dev: "eth0"},
				},
			},
			Watch: Watch{Netns: lanPod, Ping: nodeIP},
		},
	}
}
