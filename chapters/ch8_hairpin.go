package chapters

import (
	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/bridge"
	. "nstutor/steps/claim"
	. "nstutor/steps/service"
)

// itself is the try of chapter 8: a pod asks a service that leads to itself.
var itself = Watch{Netns: podB, Get: vipURL, Rules: host, Flows: host}

// A packet of pod-b to the service: where it ends, and whom pod-b sees then.
func toItself(wants ...string) []Sent { return []Sent{{From: podBIP, To: vipWeb, Wants: wants}} }

var (
	// tempted is what many a page recommends.
	tempted  = Sysctl{Netns: podB, Key: "net.ipv4.conf.eth0.accept_local", Value: "1"}
	borrowed = Rule{
		Netns: host, Line: "add rule ip svc postrouting ip saddr " + podBIP + " ip daddr " + podBIP + " counter masquerade",
		Same: []string{"iptables -t nat -A POSTROUTING -s " + podBIP + " -d " + podBIP + " -j MASQUERADE"},
		For:  toItself(podBWeb + " from " + nodeIP),
	}
	marked = Rule{
		Netns: host, Line: "insert rule ip svc ep-b ip saddr " + podBIP + " counter meta mark set mark or 0x4000",
		Same: []string{"iptables -t nat -I KUBE-SEP-B -s " + podBIP + "/32 -j KUBE-MARK-MASQ"},
		For: append(toItself(podBWeb+" from "+nodeIP, podCWeb),
			Sent{From: podAIP, To: vipWeb, Wants: []string{podBWeb, podCWeb}}),
	}
)

// hairpinned is chapter 8: the way out and back by the same door.
func hairpinned() Chapter {
	return Chapter{
		ID: "8",
		Start: concat(threePods(), natChains, nodeRules(
			"add rule ip svc prerouting ip daddr "+vip+" counter dnat to "+podBIP,
		)),
		Steps: []Step{
			{
				ID:     "8.1",
				Action: tempted,
				Before: Promise{
					Gets:  append(served(podA, podAIP, podBIP), noService(podB)...),
					Pings: []Ping{{From: podB, To: vip, Want: probe.Silent}},
					Claims: []Claim{
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: podBIP, Dst: vip},
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: podBIP, Dst: podBIP},
					},
				},
				After: Promise{
					Gets:  noService(podB),
					Pings: []Ping{{From: podB, To: vip, Want: probe.DifferentAddress}},
				},
				Watch: itself,
			},
			{
				ID:     "8.2",
				Setup:  []Action{Sysctl{Netns: podB, Key: "net.ipv4.conf.eth0.accept_local", Value: "0"}},
				Action: borrowed,
				Before: Promise{Gets: noService(podB)},
				After: Promise{
					Gets:   append(served(podB, nodeIP, podBIP), served(podA, podAIP, podBIP)...),
					Claims: []Claim{FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: nodeIP, Dst: podBIP}},
				},
				Watch: itself,
			},
			{
				ID: "8.3", Needs: bridgeNF,
				Setup:  concat(onBridge(), []Action{Sysctl{Netns: host, Key: bridgeNF, Value: "1"}}),
				Action: Hairpin{Netns: host, Dev: vethPodB},
				Before: Promise{
					Gets: append(served(podA, podAIP, podBIP), noService(podB)...),
					Claims: []Claim{FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: cniIP, Dst: podBIP, None: true},
						Counts{Netns: host, Hook: "prerouting", Rules: translating, Min: 2},
						Counts{Netns: host, Hook: "postrouting", Rules: masquerading},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podBIP, Dst: vip},
					},
				},
				After: Promise{Gets: served(podB, cniIP, podBIP)},
				Watch: itself,
			},
			{
				ID: "8.4", From: "8.2",
				Setup: concat(
					nodeRules("flush chain ip svc prerouting", "flush chain ip svc postrouting"), kubeChains,
					nodeRules("add element ip svc service-ips { "+vip+" . tcp . 80 : goto svc-web }",
						"add rule ip svc postrouting meta mark & 0x4000 == 0x4000 counter masquerade fully-random"),
				),
				Action: marked,
				Before: Promise{Claims: []Claim{
					Spread{From: podB, URL: vipURL, Servers: []string{podCIP}, Lost: true},
					Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}},
				}},
				After: Promise{Claims: []Claim{
					Spread{From: podB, URL: vipURL, Servers: []string{podBIP, podCIP}},
					Spread{From: podA, URL: vipURL, Servers: []string{podBIP, podCIP}},
					Tracked{Netns: host, Src: podBIP, Dst: vip, ReplySrc: podBIP, ReplyDst: nodeIP},
					Tracked{Netns: host, Src: podBIP, Dst: vip, ReplySrc: podCIP, ReplyDst: podBIP},
				}},
				Watch: itself,
			},
		},
	}
}
