package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/process"
	"nstutor/steps/ruled"
	. "nstutor/steps/service"
)

// policyChains are those of iptables' own table, so that both spellings write in one
// chain: of two chains at one hook each can drop, whatever the other accepts.
var policyChains = nodeRules(
	"add table ip filter",
	"add chain ip filter FORWARD { type filter hook forward priority filter; }",
	"add chain ip filter INPUT { type filter hook input priority filter; }",
)

// The pages of chapter 10 that are not the service's, and the node's own server.
const (
	podAURL    = "http://" + podAIP
	podBURL    = "http://" + podBIP
	nodeWeb    = nodeIP + ":8080"
	nodeWebURL = "http://" + nodeWeb
	podBDNS    = podBIP + ":53"
	nameIP     = "203.0.113.53"
	fromA      = "ip saddr " + podAIP + " "
	aToB       = fromA + "ip daddr " + podBIP + " "
	letAnswers = "ct state established,related counter accept"
)

// behind are the rules of FORWARD from here on, after the one that lets answers pass.
func behind(rules ...string) []Action {
	lines := []string{"flush chain ip filter FORWARD", "add rule ip filter FORWARD " + letAnswers}
	for _, rule := range rules {
		lines = append(lines, "add rule ip filter FORWARD "+rule)
	}
	return nodeRules(lines...)
}

// blocked is a page that never comes.
func blocked(from, url string) []Get { return []Get{{From: from, URL: url, Fails: unix.ETIMEDOUT}} }

// page is one that comes, from a server that has seen that client.
func page(from, url, client string) []Get { return []Get{{From: from, URL: url, Client: client}} }

// What comes of packets from pod-a to pod-b: of a new connection, of a ping, of what
// belongs to a connection that pod-b has begun.
func fromAToB(connection, ping string) []Sent {
	return []Sent{
		{From: podAIP, To: podBWeb, Wants: []string{connection}},
		{From: podAIP, To: podBIP, Wants: []string{ping}},
	}
}

var answersOfA = Sent{From: podAIP, To: podBIP + ":40000", Known: true, Wants: []string{podBIP + ":40000"}}

var (
	banPod = Rule{
		Netns: host, Line: "add rule ip filter FORWARD " + aToB + "counter drop",
		Same: []string{"iptables -A FORWARD -s " + podAIP + " -d " + podBIP + " -j DROP"},
		For:  append(fromAToB("drop", "drop"), Sent{From: podCIP, To: podBWeb, Wants: []string{podBWeb}}),
	}
	letAnswer = Rule{
		Netns: host, Line: "insert rule ip filter FORWARD " + letAnswers,
		Same: []string{"iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"},
		For:  append(fromAToB("drop", "drop"), answersOfA),
	}
	turnAway = Rule{
		Netns: host, Line: "insert rule ip filter FORWARD " + aToB + "ct state new counter reject",
		Same: []string{"iptables -I FORWARD -s " + podAIP + " -d " + podBIP + " -m conntrack --ctstate NEW -j REJECT"},
		For:  append(fromAToB("reject", "reject"), answersOfA),
	}
	allowWeb = Rule{
		Netns: host, Line: "insert rule ip filter FORWARD " + aToB + "tcp dport 80 counter accept",
		Same: []string{"iptables -I FORWARD -s " + podAIP + " -d " + podBIP + " -p tcp --dport 80 -j ACCEPT"},
		For:  append(fromAToB(podBWeb, "drop"), Sent{From: podCIP, To: podBWeb, Wants: []string{"drop"}}),
	}
	banNode = Rule{
		Netns: host, Line: "add rule ip filter INPUT " + fromA + "ct state new counter drop",
		Same: []string{"iptables -A INPUT -s " + podAIP + " -m conntrack --ctstate NEW -j DROP"},
		For: []Sent{
			{From: podAIP, To: nodeWeb, Wants: []string{"drop"}},
			{From: podAIP, To: nodeIP + ":40000", Known: true, Wants: []string{nodeIP + ":40000"}},
		},
	}
	allowNames = Rule{
		Netns: host, Line: "insert rule ip filter FORWARD " + fromA + "udp dport 53 counter accept",
		Same: []string{"iptables -I FORWARD -s " + podAIP + " -p udp --dport 53 -j ACCEPT"},
		For: []Sent{
			{From: podAIP, To: nameIP + ":53", UDP: true, Wants: []string{nameIP + ":53 from " + nodeIP}},
			{From: podAIP, To: nameIP + ":80", Wants: []string{"drop"}},
		},
	}
)

// askedPodB is what pod-a hears when it asks pod-b from a port.
func askedPodB(srcPort uint16, want probe.Outcome) Ask {
	ask := Ask{From: podA, To: podBDNS, SrcPort: srcPort, Want: want}
	if want == probe.Replied {
		ask.Client, ask.Server = podAIP, podBIP
	}
	return ask
}

// policed is chapter 10: who may talk to whom.
func policed() Chapter {
	return Chapter{
		ID: "10",
		Start: concat(threePods(), []Action{Run{Netns: podA, Name: "web-a", Argv: []string{"web"}}}, natChains, policyChains,
			nodeRules("add rule ip svc prerouting ip daddr "+vip+" counter dnat to "+podBIP)),
		Steps: []Step{
			{
				ID:     "10.1",
				Setup:  nodeRules("add rule ip filter FORWARD " + fromA + "ip daddr " + vip + " counter drop"),
				Action: banPod,
				Before: Promise{
					Gets:   served(podA, podAIP, podBIP),
					Claims: []Claim{Counts{Netns: host, Hook: "forward", Rules: ruled.Which{To: vip}}, Counts{Netns: host, Hook: "prerouting", Rules: ruled.Which{To: vip}, Min: 1}},
				},
				After: Promise{
					Gets:   concatGets(noService(podA), blocked(podA, podBURL), served(podC, podCIP, podBIP)),
					Claims: []Claim{Counts{Netns: host, Hook: "forward", Rules: ruled.Which{To: vip}}, Counts{Netns: host, Hook: "forward", Rules: ruled.Which{To: podBIP}, Min: 2}},
				},
				Watch: podToVIP,
			},
			{
				ID:     "10.2",
				Action: letAnswer,
				Before: Promise{
					Gets: append(blocked(podB, podAURL), noService(podA)...),
					Claims: []Claim{
						FrameSeen{Netns: podA, Dev: "eth0", Proto: "TCP", Src: podBIP, Dst: podAIP},
						FrameSeen{Netns: podA, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: podBIP},
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: podBIP, None: true},
					},
				},
				After: Promise{
					Gets:   append(page(podB, podAURL, podBIP), noService(podA)...),
					Claims: []Claim{Counts{Netns: host, Hook: "forward", Rules: ruled.Which{Begun: true}, Min: 1}},
				},
				Watch: Watch{Netns: podB, Get: podAURL, Rules: host, Flows: host},
			},
			{
				ID:     "10.3",
				Action: turnAway,
				Before: Promise{
					Gets:  blocked(podA, podBURL),
					Pings: []Ping{{From: podA, To: podBIP, Want: probe.Silent}},
				},
				After: Promise{
					Gets:  append([]Get{{From: podA, URL: podBURL, Fails: unix.ECONNREFUSED}, {From: podA, URL: vipURL, Fails: unix.ECONNREFUSED}}, page(podB, podAURL, podBIP)...),
					Pings: []Ping{{From: podA, To: podBIP, Want: probe.PortUnreachable, By: nodeIP}},
				},
				Watch: Watch{Netns: podA, Get: podBURL, Rules: host},
			},
			{
				ID:     "10.4",
				Setup:  behind("ip daddr "+podBIP+" counter drop", aToB+"tcp dport 80 counter accept"),
				Action: allowWeb,
				Before: Promise{
					Gets: append(blocked(podA, podBURL), blocked(podC, podBURL)...),
					Claims: []Claim{
						Counts{Netns: host, Hook: "forward", Rules: ruled.Which{Port: 80}},
						Counts{Netns: host, Hook: "forward", Rules: dropping, Min: 2},
					},
				},
				After: Promise{
					Gets:   concatGets(served(podA, podAIP, podBIP), page(podA, podBURL, podAIP), blocked(podC, podBURL)),
					Pings:  []Ping{{From: podA, To: podBIP, Want: probe.Silent}},
					Claims: []Claim{Counts{Netns: host, Hook: "forward", Rules: ruled.Which{Port: 80}, Min: 2}},
				},
				Watch: Watch{Netns: podA, Get: podBURL, Rules: host},
			},
			{
				ID:     "10.5",
				Action: Observe{Netns: host, Argv: []string{"ping", "-c", "1", podBIP}},
				Before: Promise{
					Gets:  blocked(podC, podBURL),
					Pings: []Ping{{From: podA, To: podBIP, Want: probe.Silent}, {From: podC, To: podBIP, Want: probe.Silent}},
				},
				After: Promise{
					Gets:  page(host, podBURL, nodeIP),
					Pings: []Ping{{From: host, To: podBIP, Want: probe.Replied, TTL: 64}},
					Claims: []Claim{
						Counts{Netns: host, Hook: "forward"},
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: nodeIP, Dst: podBIP},
					},
				},
				Watch: Watch{Netns: podC, Get: podBURL, Rules: host},
			},
			{
				ID:     "10.6",
				Setup:  append(behind(fromA+"counter drop"), Run{Netns: host, Name: "web-node", Argv: []string{"web", "8080"}}),
				Action: banNode,
				Before: Promise{
					Gets: append(blocked(podA, podBURL), page(podA, nodeWebURL, podAIP)...),
				},
				After: Promise{
					Gets:   append(blocked(podA, nodeWebURL), page(host, podAURL, nodeIP)...),
					Claims: []Claim{Counts{Netns: host, Hook: "input", Rules: dropping, Min: 1}, Counts{Netns: host, Hook: "forward", Rules: dropping}},
				},
				Watch: Watch{Netns: podA, Get: nodeWebURL, Rules: host},
			},
			{
				ID: "10.7",
				Setup: concat(nodeRules("flush chain ip filter INPUT", "flush chain ip filter FORWARD"),
					[]Action{Run{Netns: podB, Name: "tell-b", Argv: []string{"tell", "53"}}, AskOnce{Netns: podA, To: podBDNS, SrcPort: kept}},
					behind(aToB+"counter drop")),
				Action: Forget{Netns: host, From: podAIP + ":40000", To: podBDNS, Old: podBIP},
				Before: Promise{
					Asks:   []Ask{askedPodB(kept, probe.Replied), askedPodB(kept+1, probe.Silent)},
					Claims: []Claim{Tracked{Netns: host, Src: podAIP, Dst: podBIP, ReplySrc: podBIP, ReplyDst: podAIP}},
				},
				After: Promise{
					Asks:   []Ask{askedPodB(kept, probe.Silent)},
					Claims: []Claim{Counts{Netns: host, Hook: "forward", Rules: dropping, Min: 1}},
				},
				Watch: Watch{Netns: podA, Ask: podBDNS, SrcPort: kept, Rules: host, Flows: host},
			},
			{
				ID: "10.8",
				Setup: concat(behind(fromA+"ip daddr "+webIP+" counter accept", fromA+"counter drop"),
					nodeRules("add rule ip svc postrouting ip saddr "+podAIP+" oifname eth0 counter masquerade"),
					[]Action{Resolver{Netns: podA, Server: nameIP}}),
				Action: allowNames,
				Before: Promise{
					Pings: []Ping{{From: podA, To: webIP, Want: probe.Replied}, {From: podA, To: webName, Want: probe.NoResolver}},
				},
				After: Promise{
					Pings: []Ping{{From: podA, To: webName, Want: probe.Replied}, {From: podA, To: podBIP, Want: probe.Silent}},
				},
				Watch: Watch{Netns: podA, Ping: webName, Rules: host},
			},
		},
	}
}
