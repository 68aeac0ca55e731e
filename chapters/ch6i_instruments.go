package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/instrument"
	. "nstutor/steps/process"
	"nstutor/steps/ruled"
	. "nstutor/steps/service"
)

// The rules of chapter 6I that it looks at: a service for a port that nobody asks for,
// the right one, one that leads to a pod that is gone, and a filter that does not count.
const (
	wrongPort  = "add rule ip svc prerouting ip daddr " + vip + " tcp dport 8080 counter dnat to " + podBWeb
	rightPort  = "add rule ip svc prerouting ip daddr " + vip + " tcp dport 80 counter dnat to " + podBWeb
	goneIP     = "10.244.1.99"
	gonePod    = "add rule ip svc prerouting ip daddr " + vip + " tcp dport 80 counter dnat to " + goneIP + ":80"
	hiddenDrop = "add rule ip guard passing ip daddr " + podBIP + " tcp dport 80 drop"
	tooEarly   = "ip rule add from " + podAIP + " lookup 66"
)

// found is the try of the chapter, with all that tells of it.
var found = Watch{Netns: podA, Get: vipURL, Rules: host}

// traced and told are the same with what the kernel announces.
var (
	traced = Watch{Netns: podA, Get: vipURL, Traces: host}
	told6I = Watch{Netns: podA, Get: vipURL, Rules: host, Events: host}
)

// askedFor is the question to the routing tables about the packets of pod-a.
var askedFor = []string{"ip", "route", "get", podBIP, "from", podAIP, "iif", vethPodA}

// instruments is chapter 6I: to find a fault without this program.
func instruments() Chapter {
	return Chapter{
		ID:    "6I",
		Start: concat(threePods(), natChains),
		Steps: []Step{
			{
				ID:    "6I.1",
				Setup: nodeRules(wrongPort),
				Action: CountTo{Netns: host, Hook: "prerouting", To: vip, Line: "insert rule ip svc prerouting ip daddr " + vip + " counter",
					Same: []string{"iptables -t raw -A PREROUTING -d " + vip}},
				Before: Promise{
					Gets:   noService(podA),
					Claims: []Claim{Counts{Netns: host, Hook: "prerouting", Rules: translating}},
				},
				After: Promise{
					Gets:   noService(podA),
					Claims: []Claim{Counts{Netns: host, Hook: "prerouting", Min: 1}, Counts{Netns: host, Hook: "prerouting", Rules: translating}},
				},
				Watch: found,
			},
			{
				ID: "6I.2",
				Setup: concat(nodeRules("flush chain ip svc prerouting", rightPort,
					"add chain ip svc early { type filter hook prerouting priority raw; }",
					"add table ip guard", "add chain ip guard passing { type filter hook forward priority 10; }", hiddenDrop,
					"add table ip filter", "add chain ip filter FORWARD { type filter hook forward priority filter; }",
					"add rule ip filter FORWARD counter accept")),
				Action: TraceTo{Netns: host, To: vip, Line: "add rule ip svc early ip daddr " + vip + " meta nftrace set 1",
					Same: []string{"iptables -t raw -A PREROUTING -d " + vip + " -j TRACE"}},
				Before: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						Counts{Netns: host, Hook: "prerouting", Rules: translating, Min: 1}, Counts{Netns: host, Hook: "forward", Min: 1},
						Traced{Netns: host, None: true},
					},
				},
				After: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						Traced{Netns: host, Chain: "ip svc prerouting", Rule: ruled.Which{Verdict: netfilter.VerdictDNAT, Leads: podBIP}, Verdict: "accept"},
						Traced{Netns: host, Chain: "ip filter FORWARD", Verdict: "accept"},
						Traced{Netns: host, Chain: "ip guard passing", Rule: dropping, Verdict: "drop"},
					},
				},
				Watch: traced,
			},
			{
				ID: "6I.3",
				Setup: concat(nodeRules("flush chain ip svc early", "flush chain ip guard passing"), []Action{
					Silently{Netns: host, Line: "ip route add default via " + routerIP + " dev eth0 table 66"}, Silently{Netns: host, Line: tooEarly},
				}),
				Action: Observe{Netns: host, Argv: askedFor},
				Before: Promise{
					Gets:   noService(podA),
					Claims: []Claim{RouteFor{Netns: host, To: podBIP, Dev: vethPodB}},
				},
				After: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						RouteFor{Netns: host, To: podBIP, From: podAIP, IIF: vethPodA, Dev: "eth0"},
						FrameSeen{Netns: host, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: podBIP},
					},
				},
				Watch: found,
			},
			{
				ID: "6I.4",
				Setup: concat([]Action{Silently{Netns: host, Line: "ip rule del from " + podAIP + " lookup 66"}},
					nodeRules("flush chain ip svc prerouting", gonePod)),
				Action: Observe{Netns: host, Argv: []string{"conntrack", "-E", "-p", "tcp"}},
				Before: Promise{
					Gets:   noService(podA),
					Claims: []Claim{RouteFor{Netns: host, To: podBIP, From: podAIP, IIF: vethPodA, Dev: vethPodB}},
				},
				After: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						Announced{Netns: host, Kind: "NEW", Proto: "tcp", State: "SYN_SENT", Src: podAIP, Dst: vip, Answers: goneIP},
						Announced{Netns: host, Kind: "UPDATE", Proto: "tcp", None: true},
					},
				},
				Watch: told6I,
			},
			{
				ID: "6I.5",
				Setup: concat(nodeRules("flush chain ip svc prerouting", rightPort),
					[]Action{NeighReplace{Netns: podB, Dst: podAIP, Dev: "eth0", MAC: noMAC}}),
				Action: Observe{Netns: host, Argv: []string{"tcpdump", "-c", "4", "-eni", vethPodB, "tcp"}},
				Before: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						Announced{Netns: host, Kind: "NEW", Proto: "tcp", Answers: podBIP},
						Announced{Netns: host, Kind: "UPDATE", Proto: "tcp", State: "SYN_RECV", None: true},
					},
				},
				After: Promise{
					Gets: noService(podA),
					Claims: []Claim{
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podAIP, Dst: podBIP},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podBIP, Dst: podAIP, DstMAC: noMAC},
						FrameSeen{Netns: podA, Dev: "eth0", Proto: "TCP", Dst: podAIP, None: true},
					},
				},
				Watch: told6I,
			},
			{
				ID:     "6I.6",
				Action: NeighDel{Netns: podB, Dst: podAIP, Dev: "eth0", Written: true},
				Before: Promise{Gets: []Get{{From: podA, URL: vipURL, Fails: unix.ETIMEDOUT}}},
				After: Promise{
					Gets: served(podA, podAIP, podBIP),
					Claims: []Claim{
						Announced{Netns: host, Kind: "UPDATE", Proto: "tcp", State: "SYN_RECV", Answers: podBIP},
						Announced{Netns: host, Kind: "UPDATE", Proto: "tcp", State: "ESTABLISHED", Assured: true},
						FrameSeen{Netns: host, Dev: vethPodB, Proto: "TCP", Src: podBIP, Dst: podAIP, DstDev: podBWire},
					},
				},
				Watch: told6I,
			},
		},
	}
}
