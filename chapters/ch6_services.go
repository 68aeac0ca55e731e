package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/process"
	"nstutor/steps/ruled"
	. "nstutor/steps/service"
)

// The table that chapter 6 counts in: a chain at each hook.
var hookChains = nodeRules(
	"add table ip hooks",
	"add chain ip hooks prerouting { type filter hook prerouting priority mangle; }",
	"add chain ip hooks input { type filter hook input priority filter; }",
	"add chain ip hooks forward { type filter hook forward priority filter; }",
	"add chain ip hooks output { type filter hook output priority filter; }",
	"add chain ip hooks postrouting { type filter hook postrouting priority mangle; }",
	"add rule ip hooks prerouting counter",
	"add rule ip hooks input counter",
	"add rule ip hooks output counter",
	"add rule ip hooks postrouting counter",
)

// The rules that chapters count, by what they do.
var (
	translating  = ruled.Which{Verdict: netfilter.VerdictDNAT}
	masquerading = ruled.Which{Verdict: netfilter.VerdictMasquerade}
	redirecting  = ruled.Which{Verdict: netfilter.VerdictRedirect}
	dropping     = ruled.Which{Verdict: netfilter.VerdictDrop}
)

// At the hooks where the node alone sends and takes, nothing passes between pods.
var notTheNodes = []Claim{Counts{Netns: host, Hook: "input"}, Counts{Netns: host, Hook: "output"}}

// The chapter's tries: from a pod and from the node to the service.
var (
	podToVIP  = Watch{Netns: podA, Get: vipURL, Rules: host, Flows: host}
	nodeToVIP = Watch{Netns: host, Get: vipURL, Rules: host, Flows: host}
)

// The rules of the chapter. vipForPods names no port, as the article's does.
var (
	vipForPods = Rule{
		Netns: host, Line: "add rule ip svc prerouting ip daddr " + vip + " counter dnat to " + podBIP,
		Same: []string{"iptables -t nat -A PREROUTING -d " + vip + " -j DNAT --to-destination " + podBIP},
		For:  []Sent{{From: podAIP, To: vipWeb, Wants: []string{podBWeb}}},
	}
	vipForNode = Rule{
		Netns: host, Line: "add rule ip svc output ip daddr " + vip + " counter dnat to " + podBIP,
		Same: []string{"iptables -t nat -A OUTPUT -d " + vip + " -j DNAT --to-destination " + podBIP},
		For:  []Sent{{To: vipWeb, Wants: []string{podBWeb}}},
	}
	vipTooLate = Attempt{
		Netns: host, Line: "add rule ip svc postrouting ip daddr " + vip + " dnat to " + podBIP,
		Same: []string{"iptables -t nat -A POSTROUTING -d " + vip + " -j DNAT --to-destination " + podBIP},
		Why:  unix.EOPNOTSUPP, Like: []string{"postrouting", "dnat"},
	}
	vipByPort = Rule{
		Netns: host, Line: "add rule ip svc prerouting ip daddr " + vip + " tcp dport 80 counter dnat to " + podBIP + ":8080",
		Same: []string{"iptables -t nat -A PREROUTING -d " + vip + " -p tcp --dport 80 -j DNAT --to-destination " + podBIP + ":8080"},
		For:  []Sent{{From: podAIP, To: vipWeb, Wants: []string{podBIP + ":8080"}}, {From: podAIP, To: vip, Wants: []string{vip}}},
	}
)

// translated is what the node remembers of a connection to the service.
var translated = Tracked{Netns: host, Src: podAIP, Dst: vip, ReplySrc: podBIP, ReplyDst: podAIP}

// virtual is chapter 6: an address that is an entry in a table, and nothing else.
func virtual() Chapter {
	return Chapter{
		ID:    "6",
		Start: threePods(),
		Steps: []Step{
			{
				ID:    "6.0",
				Setup: hookChains,
				Action: CountAt{Netns: host, Hook: "forward", Line: "add rule ip hooks forward counter",
					Same: []string{"iptables -A FORWARD"}},
				Before: Promise{
					Pings:  []Ping{{From: podA, To: podBIP, Want: probe.Replied, TTL: 63}},
					Claims: append([]Claim{Counts{Netns: host, Hook: "prerouting", Min: 2}, Counts{Netns: host, Hook: "postrouting", Min: 2}}, notTheNodes...),
				},
				After: Promise{
					Pings:  []Ping{{From: podA, To: podBIP, Want: probe.Replied, TTL: 63}},
					Claims: append([]Claim{Counts{Netns: host, Hook: "forward", Min: 2}}, notTheNodes...),
				},
				Watch: Watch{Netns: podA, Ping: podBIP, Rules: host},
			},
			{
				ID:     "6.1",
				Setup:  nodeRules("add table ip svc", "add chain ip svc prerouting { type nat hook prerouting priority dstnat; }"),
				Action: vipForPods,
				Before: Promise{
					Gets:  noService(podA),
					Pings: []Ping{{From: podA, To: vip, Want: probe.Silent}},
					Claims: []Claim{
						RouteGet{Netns: host, Dst: vip, Via: routerIP, Dev: "eth0"},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: vip},
					},
				},
				After: Promise{
					Gets:  served(podA, podAIP, podBIP),
					Pings: []Ping{{From: podA, To: vip, Want: probe.Replied, TTL: 63}},
					Claims: []Claim{
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "TCP", Src: podAIP, Dst: vip},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podAIP, Dst: podBIP},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "TCP", Dst: vip, None: true},
					},
				},
				Watch: podToVIP,
			},
			{
				ID:     "6.2",
				Action: Observe{Netns: host, Argv: []string{"conntrack", "-L"}},
				Before: Promise{Gets: served(podA, podAIP, podBIP)},
				After: Promise{
					Gets: served(podA, podAIP, podBIP),
					Claims: []Claim{
						translated,
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podBIP, Dst: podAIP},
						FrameSeen{Netns: host, Dev: vethPodA, Proto: "TCP", Src: vip, Dst: podAIP},
					},
				},
				Watch: podToVIP,
			},
			{
				ID:     "6.3",
				Setup:  nodeRules("add chain ip svc output { type nat hook output priority dstnat; }"),
				Action: vipForNode,
				Before: Promise{
					Gets:   noService(host),
					Claims: []Claim{Counts{Netns: host, Hook: "prerouting", Rules: translating}, Counts{Netns: host, Hook: "output", Min: 1}},
				},
				After: Promise{Gets: concatGets(served(host, nodeIP, podBIP), served(podA, podAIP, podBIP))},
				Watch: nodeToVIP,
			},
			{
				ID:     "6.4",
				Setup:  nodeRules("add chain ip svc postrouting { type nat hook postrouting priority srcnat; }"),
				Action: vipTooLate,
				Before: Promise{
					Gets: served(host, nodeIP, podBIP),
					Claims: []Claim{Refused{
						Action: Rule{Netns: host, Line: "add rule ip svc postrouting ip daddr " + vip + " dnat to " + podBIP},
						Why:    unix.EOPNOTSUPP,
					}},
				},
				After: Promise{Gets: served(host, nodeIP, podBIP)},
				Watch: nodeToVIP,
			},
			{
				ID: "6.5",
				Setup: concat(nodeRules("flush chain ip svc prerouting", "flush chain ip svc output"),
					[]Action{Run{Netns: podB, Name: "web-b-8080", Argv: []string{"web", "8080"}}}),
				Action: vipByPort,
				Before: Promise{
					Gets: append(noService(podA), Get{From: podA, URL: "http://" + podBIP + ":8080", Client: podAIP}),
				},
				After: Promise{
					Gets:   served(podA, podAIP, podBIP),
					Claims: []Claim{translated, Counts{Netns: host, Hook: "prerouting", Rules: translating, Min: 1}},
				},
				Watch: podToVIP,
			},
			{
				ID:     "6.6",
				Action: Observe{Netns: podA, Argv: []string{"ping", "-c", "1", vip}},
				Before: Promise{Gets: served(podA, podAIP, podBIP)},
				After: Promise{
					Pings: []Ping{{From: podA, To: vip, Want: probe.Silent}},
					Gets:  served(podA, podAIP, podBIP),
					Claims: []Claim{
						FrameSeen{Netns: host, Dev: "eth0", Proto: "ICMP", Op: "echo request", Src: podAIP, Dst: vip},
						Judged{Netns: host, Sent: Sent{From: podAIP, To: vip, Wants: []string{vip}}},
					},
				},
				Watch: podToVIP,
			},
			{
				ID: "6.7", Needs: bridgeNF,
				Setup:  onBridge(),
				Action: Sysctl{Netns: host, Key: bridgeNF, Value: "1"},
				Before: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						SysctlIs{Netns: host, Key: bridgeNF, Value: "0"},
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: podBIP},
						FrameSeen{Netns: podA, Dev: "eth0", Proto: "TCP", Src: podBIP, Dst: podAIP},
					},
				},
				After: Promise{
					Gets:   served(podA, podAIP, podBIP),
					Claims: []Claim{FrameSeen{Netns: podA, Dev: "eth0", Proto: "TCP", Src: vip, Dst: podAIP}},
				},
				Watch: podToVIP,
			},
		},
	}
}

func concatGets(lists ...[]Get) (all []Get) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
