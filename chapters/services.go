package chapters

import (
	"golang.org/x/sys/unix"

	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/process"
	. "nstutor/steps/service"
)

// The addresses of services: nobody has them.
const (
	vip    = "10.96.0.100"
	vipWeb = vip + ":80"
	vipURL = "http://" + vip
)

// The servers of the pods, as rules name them.
const (
	podBWeb = podBIP + ":80"
	podCWeb = podCIP + ":80"
)

// threePods is a node with three routed pods, which forwards, and web servers in two of
// them.
func threePods() []Action {
	return concat([]Action{forward},
		routedPod(podA, podAIP, "/24"), routedPod(podB, podBIP, "/24"), routedPod(podC, podCIP, "/24"),
		[]Action{
			Run{Netns: podB, Name: "web-b", Argv: []string{"web"}},
			Run{Netns: podC, Name: "web-c", Argv: []string{"web"}},
		})
}

// onBridge moves the pods from routes to a bridge, cni0, whose address becomes their
// gateway. What they knew of each other's MAC addresses is forgotten.
func onBridge() []Action {
	moved := []Action{
		BridgeAdd{Netns: host, Name: cni0},
		AddrAdd{Netns: host, Addr: cniIP + "/24", Dev: cni0},
		LinkUp{Netns: host, Name: cni0},
	}
	pods := []struct{ name, ip string }{{podA, podAIP}, {podB, podBIP}, {podC, podCIP}}
	for _, pod := range pods {
		veth := "veth-" + pod.name
		moved = append(moved,
			RouteDel{Netns: host, Dst: pod.ip, Dev: veth},
			LinkMaster{Netns: host, Name: veth, Bridge: cni0},
			RouteDel{Netns: pod.name, Dst: "default", Via: linkHop, Dev: "eth0"},
			RouteAdd{Netns: pod.name, Dst: "default", Via: cniIP, Dev: "eth0"},
		)
		for _, other := range pods {
			if other != pod {
				moved = append(moved,
					NeighReplace{Netns: pod.name, Dst: other.ip, Dev: "eth0", MAC: noMAC},
					NeighDel{Netns: pod.name, Dst: other.ip, Dev: "eth0", Written: true})
			}
		}
	}
	return moved
}

// nodeRules are lines of nft on the node that the learner does not see typed.
func nodeRules(lines ...string) (all []Action) {
	for _, line := range lines {
		all = append(all, Prepare{Netns: host, Line: line})
	}
	return all
}

// What a service says: nothing, or whom its server has seen.
func noService(from string) []Get { return []Get{{From: from, URL: vipURL, Fails: unix.ETIMEDOUT}} }

func served(from, client, server string) []Get {
	return []Get{{From: from, URL: vipURL, Client: client, Server: server}}
}
