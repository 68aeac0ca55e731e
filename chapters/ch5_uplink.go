package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/bridge"
	. "nstutor/steps/claim"
	. "nstutor/steps/gateway"
	. "nstutor/steps/instrument"
	. "nstutor/steps/uplink"
)

// The second network of pod-a: a card of its own on the node's cable, and a table for what
// goes out with its address.
const (
	net1      = "net1"
	net1IP    = "192.168.6.50"
	net1Table = 100
)

// fromUser is a ping from beyond the router to the pod's second address.
var fromUser = Watch{Netns: user, Ping: net1IP}

// toNet1 promises what that ping says, and that the rest works: the same address from next
// door, and the pod's own way out.
func toNet1(want probe.Outcome) []Ping {
	return []Ping{
		{From: user, To: net1IP, Want: want},
		{From: inet, To: net1IP, Want: probe.Replied, TTL: 64},
		{From: podA, To: userIP, Want: probe.Replied},
	}
}

// twoNetworks gives pod-a a second network, on a node that is strict about senders and
// lends its address to the pods.
var twoNetworks = concat(
	[]Action{
		forward,
		Sysctl{Netns: host, Key: "net.ipv4.conf.all.rp_filter", Value: "1"},
		Masquerade{Netns: host, Src: "10.244.1.0/24", NotTo: "10.244.1.0/24"},
		Sysctl{Netns: inet, Key: "net.ipv4.ip_forward", Value: "1"},
	},
	behindRouter(user, "198.51.100.1", userIP),
	[]Action{
		MacvlanAdd{Netns: host, Name: "c-net1", Lower: "eth0"},
		LinkNetns{Netns: host, Name: "c-net1", To: podA, Rename: net1},
		AddrAdd{Netns: podA, Addr: net1IP + "/24", Dev: net1},
		LinkUp{Netns: podA, Name: net1},
		// Otherwise it asks for its gateway in the name of 192.168.6.50, which the node does
		// not answer either, and the symptom is another.
		Sysctl{Netns: podA, Key: "net.ipv4.conf.all.arp_announce", Value: "2"},
	},
)

// wrongDoor is what becomes of the reply: the pod sends it by its first network, and the
// node does not take this sender from there.
var wrongDoor = []Claim{
	FrameSeen{Netns: podA, Dev: net1, Proto: "ICMP", Op: "echo request", Src: userIP, Dst: net1IP},
	FrameSeen{Netns: podA, Dev: "eth0", Proto: "ICMP", Op: "echo reply", Src: net1IP, Dst: userIP},
	Counted{Netns: host, Counter: "TcpExtIPReversePathFilter", Min: 1},
}

// uplinks is a pod with two networks, as Multus gives it, or a machine with two uplinks.
func uplinks() []Step {
	first := RouteGet{Netns: podA, Dst: userIP, Via: cniIP, Dev: "eth0"}
	return []Step{
		{
			ID: "5.N1", From: "5.6",
			Setup:  twoNetworks,
			Action: DefaultAdd{Netns: podA, Via: routerIP, Dev: net1, Metric: 100, Keeps: "eth0"},
			Before: Promise{Pings: toNet1(probe.Silent), Claims: append([]Claim{first}, wrongDoor...)},
			After: Promise{
				Pings:  toNet1(probe.Silent),
				Claims: append([]Claim{RouteIn{Netns: podA, Via: routerIP, Dev: net1}, first}, wrongDoor...),
			},
			Watch: fromUser,
		},
		{
			ID:     "5.N2",
			Action: DefaultAdd{Netns: podA, Via: routerIP, Dev: net1, Table: net1Table, Keeps: "eth0"},
			Before: Promise{Pings: toNet1(probe.Silent), Claims: append([]Claim{RouteFor{Netns: podA, To: userIP, From: net1IP, Dev: "eth0"}}, wrongDoor...)},
			After: Promise{
				Pings: toNet1(probe.Silent),
				Claims: append([]Claim{
					RouteIn{Netns: podA, Via: routerIP, Dev: net1, Table: net1Table},
					RouteFor{Netns: podA, To: userIP, From: net1IP, Dev: "eth0"},
				}, wrongDoor...),
			},
			Watch: fromUser,
		},
		{
			ID:     "5.N3",
			Action: FromRule{Netns: podA, From: net1IP, Table: net1Table, Dev: net1, Keeps: "eth0"},
			Before: Promise{Pings: toNet1(probe.Silent), Claims: append([]Claim{RouteFor{Netns: podA, To: userIP, From: net1IP, Dev: "eth0"}}, wrongDoor...)},
			After: Promise{
				Pings: toNet1(probe.Replied),
				Claims: []Claim{
					RouteFor{Netns: podA, To: userIP, From: net1IP, Dev: net1},
					first,
					FrameSeen{Netns: podA, Dev: net1, Proto: "ICMP", Op: "echo reply", Src: net1IP, Dst: userIP, DstDev: routerDev},
				},
			},
			Watch: fromUser,
		},
	}
}
