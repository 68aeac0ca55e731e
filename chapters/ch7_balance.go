package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/process"
	. "nstutor/steps/service"
)

// The service of chapter 7 that answers datagrams, one that has no pods, and the port
// of a client that keeps it.
const (
	dnsVIP   = "10.96.0.10"
	dnsPort  = dnsVIP + ":53"
	emptyVIP = "10.96.0.200"
	emptyWeb = emptyVIP + ":80"
	kept     = 40000
)

// natChains are those that a node's services hang in. They come after those of
// iptables: which of two chains with one priority comes first no dump tells.
var natChains = nodeRules(
	"add table ip svc",
	"add chain ip svc prerouting { type nat hook prerouting priority -90; }",
	"add chain ip svc output { type nat hook output priority -90; }",
	"add chain ip svc postrouting { type nat hook postrouting priority srcnat; }",
)

// A service of two pods, as kube-proxy writes it: who it is stands in a map, who it
// leads to in a chain, and how one gets there in a chain for each pod.
var kubeChains = concat(
	nodeRules(
		"add map ip svc service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }",
		"add map ip svc no-endpoints { type ipv4_addr . inet_proto . inet_service : verdict; }",
		"add chain ip svc services",
		"add chain ip svc ep-b", "add chain ip svc ep-c", "add chain ip svc svc-web",
		"add rule ip svc ep-b meta l4proto tcp counter dnat to "+podBWeb,
		"add rule ip svc ep-c meta l4proto tcp counter dnat to "+podCWeb,
		"add rule ip svc svc-web numgen random mod 2 vmap { 0 : goto ep-b, 1 : goto ep-c }",
		"add rule ip svc services ip daddr . meta l4proto . th dport vmap @service-ips",
		"add rule ip svc prerouting counter jump services",
		"add rule ip svc output counter jump services",
	),
)

// memory has each pod's chain remember its clients, in a set of its own, and a chain that
// asks both sets, which nobody calls. Clients are in them already: pod-a has been with
// both, as the draw had it, and pod-b and pod-c with each other.
var memory = nodeRules(
	"add set ip svc aff-b { type ipv4_addr; flags dynamic,timeout; timeout 3h; }",
	"add set ip svc aff-c { type ipv4_addr; flags dynamic,timeout; timeout 3h; }",
	"insert rule ip svc ep-b update @aff-b { ip saddr }",
	"insert rule ip svc ep-c update @aff-c { ip saddr }",
	"add element ip svc aff-b { "+podAIP+", "+podCIP+" }",
	"add element ip svc aff-c { "+podAIP+", "+podBIP+" }",
	"add chain ip svc known-web",
	"add rule ip svc known-web ip saddr @aff-b goto ep-b",
	"add rule ip svc known-web ip saddr @aff-c goto ep-c",
)

// rejects are the chains of the filter in which a service without pods is turned away.
var rejects = nodeRules(
	"add chain ip svc reject-it",
	"add rule ip svc reject-it counter reject",
	"add chain ip svc filter-forward { type filter hook forward priority filter; }",
	"add chain ip svc filter-output { type filter hook output priority filter; }",
	"add rule ip svc filter-forward ip daddr . meta l4proto . th dport vmap @no-endpoints",
	"add rule ip svc filter-output ip daddr . meta l4proto . th dport vmap @no-endpoints",
)

// answerers are servers of datagrams in both pods, and a service that leads to pod-b.
var answerers = concat(
	[]Action{
		Run{Netns: podB, Name: "tell-b", Argv: []string{"tell", "53"}},
		Run{Netns: podC, Name: "tell-c", Argv: []string{"tell", "53"}},
	},
	nodeRules("flush chain ip svc prerouting", "add rule ip svc prerouting ip daddr "+dnsVIP+" udp dport 53 counter dnat to "+podBIP+":53"),
	[]Action{AskOnce{Netns: podA, To: dnsPort, SrcPort: kept}},
)

// toPodCNow has the service lead to pod-c: for flows that are new.
var toPodCNow = nodeRules("flush chain ip svc prerouting", "add rule ip svc prerouting ip daddr "+dnsVIP+" udp dport 53 counter dnat to "+podCIP+":53")

var (
	bothPods  = []Sent{{From: podAIP, To: vipWeb, Wants: []string{podBWeb, podCWeb}}}
	balancing = Rule{
		Netns: host,
		Line:  "insert rule ip svc prerouting ip daddr " + vip + " tcp dport 80 counter dnat to numgen random mod 2 map { 0 : " + podBIP + ", 1 : " + podCIP + " }",
		Same: []string{
			"iptables -t nat -I PREROUTING -d " + vip + " -p tcp --dport 80 -j DNAT --to-destination " + podCIP,
			"iptables -t nat -I PREROUTING -d " + vip + " -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DNAT --to-destination " + podBIP,
		},
		For: bothPods,
	}
	rightSum  = Rule{Netns: host, Line: balancing.Line, Same: balancing.Same, For: bothPods}
	published = Rule{
		Netns: host, Line: "add element ip svc service-ips { " + vip + " . tcp . 80 : goto svc-web }",
		Same: []string{"iptables -t nat -A KUBE-SERVICES -d " + vip + "/32 -p tcp --dport 80 -j KUBE-SVC-WEB"},
		For:  append([]Sent{{To: vipWeb, Wants: []string{podBWeb, podCWeb}}}, bothPods...),
	}
	turnedAway = Rule{
		Netns: host, Line: "add element ip svc no-endpoints { " + emptyVIP + " . tcp . 80 : goto reject-it }",
		Same: []string{
			"iptables -A FORWARD -d " + emptyVIP + "/32 -p tcp --dport 80 -j REJECT",
			"iptables -A OUTPUT -d " + emptyVIP + "/32 -p tcp --dport 80 -j REJECT",
		},
		For: []Sent{{From: podAIP, To: emptyWeb, Wants: []string{"reject"}}, {To: emptyWeb, Wants: []string{"reject"}}},
	}
	asksMemory = Rule{
		Netns: host, Line: "insert rule ip svc svc-web jump known-web",
		Same: []string{
			"iptables -t nat -I KUBE-SVC-WEB -m recent --name KUBE-SEP-C --rcheck --seconds 10800 --reap -j KUBE-SEP-C",
			"iptables -t nat -I KUBE-SVC-WEB -m recent --name KUBE-SEP-B --rcheck --seconds 10800 --reap -j KUBE-SEP-B",
		},
		For: []Sent{
			{From: podCIP, To: vipWeb, Wants: []string{podBWeb}}, {From: podBIP, To: vipWeb, Wants: []string{podCWeb}},
			{To: vipWeb, Wants: []string{podBWeb, podCWeb}},
		},
	}
	forgetB = Forget{Netns: host, From: podAIP + ":40000", To: dnsPort, Old: podBIP}
)

// What comes of a connection to the service that has no pods, from pod and node.
func empty(why unix.Errno) []Get {
	return []Get{{From: podA, URL: "http://" + emptyVIP, Fails: why}, {From: host, URL: "http://" + emptyVIP, Fails: why}}
}

// asked is what the client of the service of datagrams hears, by its port.
func asked(srcPort uint16, server string) Ask {
	return Ask{From: podA, To: dnsPort, SrcPort: srcPort, Want: probe.Replied, Client: podAIP, Server: server}
}

var toDNS = Watch{Netns: podA, Ask: dnsPort, SrcPort: kept, Rules: host, Flows: host}

// balanced is chapter 7: one service, several pods.
func balanced() Chapter {
	return Chapter{
		ID:    "7",
		Start: concat(threePods(), natChains),
		Steps: []Step{
			{
				ID:     "7.1",
				Setup:  nodeRules("add rule ip svc prerouting ip daddr " + vip + " tcp dport 80 counter dnat to " + podBIP),
				Action: balancing,
				Before: Promise{Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP}}}},
				After:  Promise{Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}}}},
				Watch:  podToVIP,
			},
			{
				ID: "7.2",
				Setup: nodeRules("flush chain ip svc prerouting",
					"add rule ip svc prerouting ip daddr "+vip+" tcp dport 80 counter dnat to numgen random mod 3 map { 0 : "+podBIP+", 1 : "+podCIP+" }"),
				Action: rightSum,
				Before: Promise{Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}, Lost: true}}},
				After:  Promise{Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}}}},
				Watch:  podToVIP,
			},
			{
				ID:     "7.3",
				Setup:  concat(nodeRules("flush chain ip svc prerouting"), kubeChains),
				Action: published,
				Before: Promise{Gets: append(noService(podA), noService(host)...)},
				After: Promise{
					Claims: []Claim{
						Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}},
						Spread{From: host, URL: vipURL, Servers: []string{podBIP, podCIP}},
					},
				},
				Watch: podToVIP,
			},
			{
				ID:     "7.4",
				Setup:  rejects,
				Action: turnedAway,
				Before: Promise{Gets: empty(unix.ETIMEDOUT)},
				After:  Promise{Gets: empty(unix.ECONNREFUSED)},
				Watch:  Watch{Netns: podA, Get: "http://" + emptyVIP, Rules: host},
			},
			{
				ID:     "7.5",
				Setup:  concat(answerers, toPodCNow),
				Action: forgetB,
				Before: Promise{
					Asks:   []Ask{asked(kept, podBIP), asked(kept+1, podCIP)},
					Claims: []Claim{Tracked{Netns: host, Src: podAIP, Dst: dnsVIP, ReplySrc: podBIP, ReplyDst: podAIP}},
				},
				After: Promise{Asks: []Ask{asked(kept, podCIP)}},
				Watch: toDNS,
			},
			{
				ID: "7.6", From: "7.4",
				Setup:  concat(answerers, toPodCNow, []Action{RouteDel{Netns: host, Dst: podBIP, Dev: vethPodB}}),
				Action: forgetB,
				Before: Promise{
					Asks: []Ask{{From: podA, To: dnsPort, SrcPort: kept, Want: probe.Silent}, asked(kept+1, podCIP)},
				},
				After: Promise{Asks: []Ask{asked(kept, podCIP)}},
				Watch: toDNS,
			},
			{
				ID: "7.7", From: "7.3",
				Setup:  memory,
				Action: asksMemory,
				Before: Promise{
					Claims: []Claim{Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}}},
				},
				After: Promise{
					Claims: []Claim{
						Stays{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}},
						Judged{Netns: host, Sent: Sent{From: podCIP, To: vipWeb, Wants: []string{podBWeb}}},
						Judged{Netns: host, Sent: Sent{From: podBIP, To: vipWeb, Wants: []string{podCWeb}}},
					},
				},
				Watch: podToVIP,
			},
		},
	}
}
