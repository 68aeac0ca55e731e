package chapters

import . "nstutor/steps" // a chapter reads like a list of commands

// The pods of the later chapters, all in one /24.
const (
	podA     = "pod-a"
	podB     = "pod-b"
	podAIP   = "10.244.1.10"
	podBIP   = "10.244.1.11"
	linkHop  = "169.254.10.24" // nobody's: the node's end answers for it
	vethPodA = "veth-pod-a"
	vethPodB = "veth-pod-b"
	cni0     = "cni0"
	cniIP    = "10.244.1.1"
	podC     = "pod-c"
	podCIP   = "10.244.1.12"
	vethPodC = "veth-pod-c"
	bridgeNF = "net.bridge.bridge-nf-call-iptables"
)

// plugged is a pod with a card eth0 that has an address, at the end of a cable whose
// other end the node has: all of it up.
func plugged(name, addr string) []Action {
	veth := "veth-" + name
	return []Action{
		NetnsAdd{Name: name},
		VethAdd{Netns: host, Name: "c-" + name, Peer: veth},
		LinkNetns{Netns: host, Name: "c-" + name, To: name, Rename: "eth0"},
		LinkUp{Netns: host, Name: veth},
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
