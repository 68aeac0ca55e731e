package chapters

import (
	"golang.org/x/sys/unix"

	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/process"
	. "nstutor/steps/service"
)

// The port that every node opens for the service, and who asks from outside.
const (
	nodePort  = nodeIP + ":33888"
	loopPort  = "127.0.0.1:33888"
	nodeURL   = "http://" + nodePort
	loopURL   = "http://" + loopPort
	otherURL  = "http://" + node2IP + ":33888"
	localPort = "fib daddr type local tcp dport 33888 counter "

	user   = "user"
	userIP = "198.51.100.7"
)

// A second node, which has a pod of its own.
const (
	node2   = "node2"
	node2IP = "192.168.7.161"
	podD    = "pod-d"
	podDIP  = "10.244.2.10"
	podDWeb = podDIP + ":80"
)

// The chapter's tries: from the router, from the node itself, and from afar.
var (
	inetToNode = Watch{Netns: inet, Get: nodeURL, Rules: host, Flows: host}
	nodeToNode = Watch{Netns: host, Get: nodeURL, Rules: host, Flows: host}
	nodeToLoop = Watch{Netns: host, Get: loopURL, Rules: host, Flows: host}
	userToNode = Watch{Netns: user, Get: nodeURL, Rules: host, Flows: host}
)

var (
	openPort = Rule{
		Netns: host, Line: "add rule ip svc prerouting " + localPort + "dnat to " + podBWeb,
		Same: []string{"iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 33888 -j DNAT --to-destination " + podBWeb},
		For: []Sent{
			{From: routerIP, To: nodePort, Wants: []string{podBWeb}},
			{From: podAIP, To: webIP + ":33888", Wants: []string{webIP + ":33888"}},
		},
	}
	ownPort = Rule{
		Netns: host, Line: "add rule ip svc output " + localPort + "dnat to " + podBWeb,
		Same: []string{"iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL -p tcp --dport 33888 -j DNAT --to-destination " + podBWeb},
		For: []Sent{
			{To: nodePort, Wants: []string{podBWeb}},
			{To: webIP + ":33888", Wants: []string{webIP + ":33888"}},
		},
	}
	routeLoop = Sysctl{Netns: host, Key: "net.ipv4.conf.all.route_localnet", Value: "1"}
	lendLoop  = Rule{
		Netns: host, Line: "add rule ip svc postrouting ip saddr 127.0.0.1 ip daddr " + podBIP + " counter masquerade",
		Same: []string{"iptables -t nat -A POSTROUTING -s 127.0.0.1 -d " + podBIP + " -j MASQUERADE"},
		For:  []Sent{{To: loopPort, Wants: []string{podBWeb + " from " + nodeIP}}},
	}
	lendUser = Rule{
		Netns: host, Line: "add rule ip svc postrouting ip daddr " + podDIP + " counter masquerade",
		Same: []string{"iptables -t nat -A POSTROUTING -d " + podDIP + " -j MASQUERADE"},
		For:  []Sent{{From: userIP, To: nodePort, Wants: []string{podDWeb + " from " + nodeIP}}},
	}
	onlyLocal = Rule{
		Netns: host, Line: "insert rule ip svc ext-web meta l4proto tcp counter dnat to " + podBWeb,
		Same: []string{"iptables -t nat -I KUBE-EXT-WEB -j KUBE-SVL-WEB"},
		For:  []Sent{{From: userIP, To: nodePort, Wants: []string{podBWeb}}},
	}
	silence = Rule{
		Netns: host, Line: "add rule ip svc input " + localPort + "drop",
		Same: []string{"iptables -A INPUT -m addrtype --dst-type LOCAL -p tcp --dport 33888 -j DROP"},
		For:  []Sent{{From: userIP, To: nodePort, Wants: []string{"drop"}}},
	}
)

// The rules of a service's own address, which the node's pods ask for.
var (
	nearOnly = Rule{
		Netns: host, Line: "insert rule ip svc svc-web counter goto ep-b",
		Same: []string{"iptables -t nat -I KUBE-SVC-WEB -j KUBE-SVL-WEB"},
		For:  []Sent{{From: podAIP, To: vipWeb, Wants: []string{podBWeb}}},
	}
	readyOnly = Rule{
		Netns: host, Line: "insert rule ip svc svc-web counter goto ep-c",
		Same: []string{"iptables -t nat -I KUBE-SVC-WEB -j KUBE-SEP-C"},
		For:  []Sent{{From: podAIP, To: vipWeb, Wants: []string{podCWeb}}},
	}
	stillServing = Rule{
		Netns: host, Line: "insert rule ip svc svc-web counter goto ep-b",
		Same: []string{"iptables -t nat -I KUBE-SVC-WEB -j KUBE-SEP-B"},
		For:  []Sent{{From: podAIP, To: vipWeb, Wants: []string{podBWeb}}},
	}
)

// nearAndFar has the pods of the first node ask for the service's address as well, and be
// answered by the pods of both: those know the way back.
var nearAndFar = concat(
	nodeRules("flush chain ip svc prerouting", "add rule ip svc prerouting ip daddr "+vip+" tcp dport 80 counter goto svc-web"),
	[]Action{RouteAdd{Netns: inet, Dst: "10.244.1.0/24", Via: nodeIP}},
)

// oneGoing has the service led by two pods of this node, of which one is about to end.
var oneGoing = nodeRules("flush chain ip svc svc-web", "add chain ip svc ep-c", "add rule ip svc ep-c meta l4proto tcp counter dnat to "+podCWeb,
	"add rule ip svc svc-web numgen random mod 2 vmap { 0 : goto ep-b, 1 : goto ep-c }")

// metPodB has the node know pod-b's MAC address: it would ask for it in the name of
// 127.0.0.1, which the pod does not answer, and the symptom would be another.
var metPodB = []Action{Send{Netns: host, To: podBIP}}

// far are a second node with a pod, and a user: both behind the router, which forwards.
var far = concat(
	[]Action{Sysctl{Netns: inet, Key: "net.ipv4.ip_forward", Value: "1"}},
	behindRouter(node2, "192.168.7.1", node2IP), behindRouter(user, "198.51.100.1", userIP),
	[]Action{Sysctl{Netns: node2, Key: "net.ipv4.ip_forward", Value: "1"}},
	cabled(node2, "veth-"+podD, podD, podDIP+"/32"),
	[]Action{
		RouteAdd{Netns: podD, Dst: "default", Via: linkHop, Dev: "eth0", Onlink: true},
		Sysctl{Netns: node2, Key: "net.ipv4.conf.veth-" + podD + ".proxy_arp", Value: "1"},
		RouteAdd{Netns: node2, Dst: podDIP, Dev: "veth-" + podD},
		RouteAdd{Netns: inet, Dst: "10.244.2.0/24", Via: node2IP},
		Run{Netns: podD, Name: "web-d", Argv: []string{"web"}},
	},
)

// behindRouter is a machine at a cable of the router's.
func behindRouter(name, gateway, ip string) []Action {
	port := "to-" + name
	return concat(cabled(inet, port, name, ip+"/24"), []Action{
		AddrAdd{Netns: inet, Addr: gateway + "/24", Dev: port},
		RouteAdd{Netns: name, Dst: "default", Via: gateway, Dev: "eth0"},
	})
}

// bothNodes has the port of the first node lead to a pod of each, with the node's own
// address for a source.
var bothNodes = nodeRules(
	"flush chain ip svc prerouting", "flush chain ip svc postrouting",
	"add chain ip svc ep-b", "add chain ip svc ep-d", "add chain ip svc svc-web", "add chain ip svc ext-web",
	"add rule ip svc ep-b meta l4proto tcp counter dnat to "+podBWeb,
	"add rule ip svc ep-d meta l4proto tcp counter dnat to "+podDWeb,
	"add rule ip svc svc-web numgen random mod 2 vmap { 0 : goto ep-b, 1 : goto ep-d }",
	"add rule ip svc ext-web counter meta mark set mark or 0x4000",
	"add rule ip svc ext-web goto svc-web",
	"add rule ip svc prerouting "+localPort+"goto ext-web",
	"add rule ip svc postrouting meta mark & 0x4000 == 0x4000 counter masquerade fully-random",
)

// noneHere leaves the first node without a pod of the service; the other has one, and
// leads to it.
var noneHere = concat(
	nodeRules("flush chain ip svc ext-web", "add chain ip svc input { type filter hook input priority filter; }"),
	[]Action{
		Prepare{Netns: node2, Line: "add table ip svc"},
		Prepare{Netns: node2, Line: "add chain ip svc prerouting { type nat hook prerouting priority -90; }"},
		Prepare{Netns: node2, Line: "add rule ip svc prerouting " + localPort + "dnat to " + podDWeb},
	},
)

func asks(from, url string, why unix.Errno) []Get { return []Get{{From: from, URL: url, Fails: why}} }

func told(from, url, client, server string) []Get {
	return []Get{{From: from, URL: url, Client: client, Server: server}}
}

// nodePorts is chapter 9: a service that the world can ask for.
func nodePorts() Chapter {
	return Chapter{
		ID:    "9",
		Start: concat(threePods(), natChains),
		Steps: []Step{
			{
				ID:     "9.1",
				Action: openPort,
				Before: Promise{Gets: asks(inet, nodeURL, unix.ECONNREFUSED)},
				After: Promise{
					Gets: told(inet, nodeURL, routerIP, podBIP),
					Claims: []Claim{
						Tracked{Netns: host, Src: routerIP, Dst: nodeIP, ReplySrc: podBIP, ReplyDst: routerIP},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: routerIP, Dst: podBIP},
					},
				},
				Watch: inetToNode,
			},
			{
				ID:     "9.2",
				Action: ownPort,
				Before: Promise{Gets: append(told(inet, nodeURL, routerIP, podBIP), asks(host, nodeURL, unix.ECONNREFUSED)...)},
				After:  Promise{Gets: append(told(inet, nodeURL, routerIP, podBIP), told(host, nodeURL, nodeIP, podBIP)...)},
				Watch:  nodeToNode,
			},
			{
				ID:     "9.3",
				Setup:  metPodB,
				Action: routeLoop,
				Before: Promise{
					Gets: append(told(host, nodeURL, nodeIP, podBIP), asks(host, loopURL, unix.ETIMEDOUT)...),
					Claims: []Claim{
						Counts{Netns: host, Hook: "output", Rules: translating, Min: 2},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: "127.0.0.1", Dst: podBIP, None: true},
					},
				},
				After: Promise{
					First:  metPodB,
					Gets:   asks(host, loopURL, unix.ETIMEDOUT),
					Claims: []Claim{FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: "127.0.0.1", Dst: podBIP}},
				},
				Watch: nodeToLoop,
			},
			{
				ID:     "9.4",
				Action: lendLoop,
				Before: Promise{First: metPodB, Gets: asks(host, loopURL, unix.ETIMEDOUT)},
				After: Promise{
					Gets: append(told(host, loopURL, nodeIP, podBIP), told(inet, nodeURL, routerIP, podBIP)...),
					Claims: []Claim{
						Tracked{Netns: host, Src: "127.0.0.1", Dst: "127.0.0.1", ReplySrc: podBIP, ReplyDst: nodeIP},
					},
				},
				Watch: nodeToLoop,
			},
			{
				ID: "9.5",
				Setup: concat(far, nodeRules("flush chain ip svc prerouting", "flush chain ip svc output", "flush chain ip svc postrouting",
					"add rule ip svc prerouting "+localPort+"dnat to "+podDWeb)),
				Action: lendUser,
				Before: Promise{
					Gets: asks(user, nodeURL, unix.ETIMEDOUT),
					Claims: []Claim{
						FrameSeen{Netns: podD, Dev: "eth0", Proto: "TCP", Src: userIP, Dst: podDIP},
						FrameSeen{Netns: user, Dev: "eth0", Proto: "TCP", Src: podDIP, Dst: userIP},
					},
				},
				After: Promise{
					Gets:   told(user, nodeURL, nodeIP, podDIP),
					Claims: []Claim{FrameSeen{Netns: user, Dev: "eth0", Proto: "TCP", Src: nodeIP, Dst: userIP}},
				},
				Watch: userToNode,
			},
			{
				ID:     "9.6",
				Setup:  bothNodes,
				Action: onlyLocal,
				Before: Promise{
					Gets:   told(user, nodeURL, nodeIP, ""),
					Claims: []Claim{Spread{From: user, URL: nodeURL, Servers: []string{podBIP, podDIP}}},
				},
				After: Promise{
					Gets:   told(user, nodeURL, userIP, podBIP),
					Claims: []Claim{Spread{From: user, URL: nodeURL, Servers: []string{podBIP}}},
				},
				Watch: userToNode,
			},
			{
				ID:     "9.7",
				Setup:  noneHere,
				Action: silence,
				Before: Promise{Gets: append(asks(user, nodeURL, unix.ECONNREFUSED), told(user, otherURL, userIP, podDIP)...)},
				After: Promise{
					Gets:   append(asks(user, nodeURL, unix.ETIMEDOUT), told(user, otherURL, userIP, podDIP)...),
					Claims: []Claim{Counts{Netns: host, Hook: "input", Rules: dropping, Min: 1}},
				},
				Watch: userToNode,
			},
			{
				ID:     "9.8",
				Setup:  nearAndFar,
				Action: nearOnly,
				Before: Promise{
					Gets:   []Get{{From: podA, URL: vipURL, Client: podAIP}},
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podDIP}}},
				},
				After: Promise{
					Gets:   served(podA, podAIP, podBIP),
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP}}},
				},
				Watch: podToVIP,
			},
			{
				ID:     "9.9",
				Setup:  oneGoing,
				Action: readyOnly,
				Before: Promise{
					Gets:   []Get{{From: podA, URL: vipURL, Client: podAIP}},
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}}},
				},
				After: Promise{
					Gets:   append(served(podA, podAIP, podCIP), Get{From: podA, URL: "http://" + podBIP, Client: podAIP}),
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podCIP}}},
				},
				Watch: podToVIP,
			},
			{
				ID:     "9.10",
				Setup:  []Action{End{Netns: podC, Name: "web-c"}},
				Action: stillServing,
				Before: Promise{Gets: asks(podA, vipURL, unix.ECONNREFUSED)},
				After: Promise{
					Gets:   served(podA, podAIP, podBIP),
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP}}},
				},
				Watch: podToVIP,
			},
		},
	}
}
