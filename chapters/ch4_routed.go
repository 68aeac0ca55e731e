package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/gateway"
	. "nstutor/steps/process"
)

// The pods of chapters 4 and 5, both in one /24, and what all pods have in common.
const (
	podA     = "pod-a"
	podB     = "pod-b"
	podAIP   = "10.244.1.10"
	podBIP   = "10.244.1.11"
	podsNet  = "10.244.0.0/16"
	linkHop  = "169.254.10.24" // nobody's: the node's end answers for it
	vethPodA = "veth-pod-a"
	vethPodB = "veth-pod-b"
)

var (
	podACard = Dev{Netns: podA, Name: "eth0"}
	podBCard = Dev{Netns: podB, Name: "eth0"}
	podAWire = Dev{Netns: host, Name: vethPodA}
	podBWire = Dev{Netns: host, Name: vethPodB}
)

// plugged is a pod with a card eth0 that has an address, at the end of a cable whose
// other end the node has: all of it up.
func plugged(name, addr string) []Action { return cabled(host, "veth-"+name, name, addr) }

// cabled is the same of a cable whose other end, called port, another namespace has.
func cabled(node, port, name, addr string) []Action {
	return []Action{
		NetnsAdd{Name: name},
		VethAdd{Netns: node, Name: "c-" + name, Peer: port},
		LinkNetns{Netns: node, Name: "c-" + name, To: name, Rename: "eth0"},
		LinkUp{Netns: node, Name: port},
		LinkUp{Netns: name, Name: "lo"},
		AddrAdd{Netns: name, Addr: addr, Dev: "eth0"},
		LinkUp{Netns: name, Name: "eth0"},
	}
}

// routedPod hangs a pod on the node as chapter 2 did: the pod's gateway is nobody,
// the node's end answers for it, and a /32 leads back.
func routedPod(name, ip, prefix string) []Action {
	veth := "veth-" + name
	return concat(plugged(name, ip+prefix), []Action{
		RouteAdd{Netns: name, Dst: "default", Via: linkHop, Dev: "eth0", Onlink: true},
		Sysctl{Netns: host, Key: "net.ipv4.conf." + veth + ".proxy_arp", Value: "1"},
		RouteAdd{Netns: host, Dst: ip, Dev: veth},
	})
}

// toPodB is the ping of chapters 4 and 5: from one pod to the other.
var toPodB = Watch{Netns: podA, Ping: podBIP}

// podToPod promises what that ping says.
func podToPod(want probe.Outcome) []Ping { return []Ping{{From: podA, To: podBIP, Want: want}} }

// routedReply is the reply that one router has passed on.
var routedReply = []Ping{
	{From: podA, To: podBIP, Want: probe.Replied, TTL: 63},
	{From: podB, To: podAIP, Want: probe.Replied, TTL: 63},
}

// proxied is what pod-a knows of pod-b on a routed node: the MAC of the node's end
// of its own cable.
var proxied = NeighIs{Netns: podA, Dst: podBIP, Dev: "eth0", States: Resolved, MACOf: podAWire}

// passPods is the rule that lets pods talk to each other.
var passPods = Pass{Netns: host, Src: podsNet, Dst: podsNet}

// routed is chapter 4: two pods on one node, and the node as the router between them.
func routed() Chapter {
	return Chapter{
		ID:    "4",
		Start: concat(routedPod(podA, podAIP, "/24"), routedPod(podB, podBIP, "/24")),
		Steps: []Step{
			{
				ID:     "4.1",
				Action: forward,
				Before: Promise{
					Pings: podToPod(probe.HostUnreachable),
					Claims: []Claim{
						RouteGet{Netns: podA, Dst: podBIP, Dev: "eth0"},
						NeighIs{Netns: podA, Dst: podBIP, Dev: "eth0", States: Unresolved},
						SysctlIs{Netns: host, Key: "net.ipv4.conf.veth-pod-a.proxy_arp", Value: "1"},
						SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "0"},
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "ARP", Op: "request", Src: podAIP, Dst: podBIP, DstMAC: Broadcast},
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "ARP", Op: "reply", None: true},
					},
				},
				After: Promise{
					Pings: routedReply,
					Claims: []Claim{
						proxied,
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP, SrcDev: podACard, DstDev: podAWire},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP, SrcDev: podBWire, DstDev: podBCard},
					},
				},
				Watch: toPodB,
			},
			{
				ID:     "4.2",
				Setup:  []Action{RouteDel{Netns: host, Dst: podBIP, Dev: vethPodB}},
				Action: RouteAdd{Netns: host, Dst: podBIP, Dev: vethPodB, Except: linkHop},
				Before: Promise{
					Pings: podToPod(probe.Silent),
					Claims: []Claim{
						proxied,
						RouteGet{Netns: host, Dst: podBIP, Via: routerIP, Dev: "eth0"},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP, DstDev: routerDev},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", None: true},
					},
				},
				After: Promise{
					Pings:  routedReply,
					Claims: []Claim{RouteGet{Netns: host, Dst: podBIP, Dev: vethPodB}, proxied},
				},
				Watch: toPodB,
			},
			{
				ID:     "4.3",
				Setup:  []Action{ForwardPolicy{Netns: host, Policy: "drop"}},
				Action: passPods,
				Before: Promise{
					Pings: podToPod(probe.Silent),
					Claims: []Claim{
						RouteGet{Netns: host, Dst: podBIP, Dev: vethPodB},
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", None: true},
						Counted{Netns: host, Counter: "IpInAddrErrors"},
					},
				},
				After: Promise{
					Pings: routedReply,
					Claims: []Claim{
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: podBIP},
						Counted{Netns: host, Counter: "IpForwDatagrams", Min: 4},
					},
				},
				Watch: toPodB,
			},
			{
				ID:     "4.4",
				Action: Observe{Netns: podA, Argv: []string{"ping", "-c", "1", "-t", "1", podBIP}},
				Before: Promise{Pings: routedReply, Claims: []Claim{RouteGet{Netns: podA, Dst: podBIP, Dev: "eth0"}}},
				After: Promise{
					Pings: []Ping{
						{From: podA, To: podBIP, Hops: 1, Want: probe.TTLExceeded, By: nodeIP},
						{From: podA, To: podBIP, Hops: 2, Want: probe.Replied, TTL: 63, By: podBIP},
						{From: podA, To: nodeIP, Hops: 1, Want: probe.Replied, TTL: 64, By: nodeIP},
					},
					Claims: []Claim{
						FrameSeen{Netns: podA, Dev: "eth0", Proto: "ICMP", Op: "time exceeded in-transit", Src: nodeIP, Dst: podAIP, SrcDev: podAWire},
						proxied,
					},
				},
				Watch: toPodB,
			},
		},
	}
}
