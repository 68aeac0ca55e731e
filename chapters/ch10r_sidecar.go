package chapters

import (
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/mesh"
	. "nstutor/steps/process"
	"nstutor/steps/ruled"
	. "nstutor/steps/service"
)

// Where the sidecar waits, and the rules that send connections there.
const (
	sidecarOut = "127.0.0.1:15001"
	ownMark    = "1337"
	sendOut    = "ip nat OUTPUT tcp dport 80 counter redirect to :15001"
)

// In a pod the chains are those of iptables' own tables, so that both spellings write in
// one.
func podRules(pod string, lines ...string) (all []Action) {
	for _, line := range lines {
		all = append(all, Prepare{Netns: pod, Line: line})
	}
	return all
}

var (
	catchOut = Rule{
		Netns: podA, Line: "add rule " + sendOut,
		Same: []string{"iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001"},
		For:  []Sent{{To: podBWeb, Wants: []string{sidecarOut}}},
	}
	letOwn = Rule{
		Netns: podA, Line: "insert rule ip nat OUTPUT meta mark " + ownMark + " counter accept",
		Same: []string{"iptables -t nat -I OUTPUT -m mark --mark " + ownMark + " -j ACCEPT"},
		For:  []Sent{{To: podBWeb, Wants: []string{sidecarOut}}, {To: podBWeb, Mark: lab.SidecarMark, Wants: []string{podBWeb}}},
	}
	catchIn = Rule{
		Netns: podB, Line: "add rule ip nat PREROUTING tcp dport 80 counter redirect to :15006",
		Same: []string{"iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 15006"},
		For:  []Sent{{From: podAIP, To: podBWeb, Wants: []string{podBIP + ":15006"}}},
	}
	handIn = HandOver{
		Netns: podB, Port: 80, Line: "add rule ip mangle PREROUTING iifname eth0 tcp dport 80 counter tproxy to :15007 meta mark set 1 accept",
		Same: []string{"iptables -t mangle -A PREROUTING -i eth0 -p tcp --dport 80 -j TPROXY --on-port 15007 --tproxy-mark 1"},
	}
)

var podToPage = Watch{Netns: podA, Get: podBURL, Rules: podA, Flows: podA}

// sidecars is chapter 10R: a program in the pod through which everything has to go.
func sidecars() Chapter {
	return Chapter{
		ID: "10R",
		Start: concat(threePods(), []Action{Run{Netns: podA, Name: "sidecar-a", Argv: []string{"sidecar", "15001"}}},
			podRules(podA, "add table ip nat", "add chain ip nat OUTPUT { type nat hook output priority -100; }")),
		Steps: []Step{
			{
				ID:     "10R.1",
				Action: catchOut,
				Before: Promise{Gets: page(podA, podBURL, podAIP), Claims: []Claim{PortIs{Netns: podA, Port: 15001, Busy: true}}},
				After: Promise{
					Gets:   []Get{{From: podA, URL: podBURL, Fails: unix.ETIMEDOUT}},
					Claims: []Claim{Counts{Netns: podA, Hook: "output", Rules: redirecting, Min: 20}},
				},
				Watch: podToPage,
			},
			{
				ID:     "10R.2",
				Action: letOwn,
				Before: Promise{Gets: blocked(podA, podBURL)},
				After: Promise{
					Gets: page(podA, podBURL, podAIP),
					Claims: []Claim{
						Counts{Netns: podA, Hook: "output", Rules: redirecting, Min: 1},
						Tracked{Netns: podA, Src: podAIP, Dst: podBIP, ReplySrc: "127.0.0.1", ReplyDst: podAIP},
						Tracked{Netns: podA, Src: podAIP, Dst: podBIP, ReplySrc: podBIP, ReplyDst: podAIP},
					},
				},
				Watch: podToPage,
			},
			{
				ID: "10R.3",
				Setup: concat([]Action{Run{Netns: podB, Name: "sidecar-b", Argv: []string{"sidecar", "15006"}}},
					podRules(podB, "add table ip nat", "add chain ip nat PREROUTING { type nat hook prerouting priority -100; }")),
				Action: catchIn,
				Before: Promise{Gets: page(podA, podBURL, podAIP)},
				After: Promise{
					Gets: page(podA, podBURL, podBIP),
					Claims: []Claim{
						Counts{Netns: podB, Hook: "prerouting", Rules: redirecting, Min: 1},
						FrameSeen{Netns: podB, Dev: "eth0", Proto: "TCP", Src: podAIP, Dst: podBIP},
					},
				},
				Watch: Watch{Netns: podA, Get: podBURL, Rules: podB, Flows: podB},
			},
			{
				ID: "10R.4",
				Setup: concat(podRules(podB, "flush chain ip nat PREROUTING", "add table ip mangle", "add chain ip mangle PREROUTING { type filter hook prerouting priority mangle; }",
					"add chain ip mangle INPUT { type filter hook input priority mangle; }", "add rule ip mangle INPUT "+letAnswers), // without such a rule nothing is tracked
					[]Action{Run{Netns: podB, Name: "sidecar-t", Argv: []string{"sidecar", "15007", "tproxy"}}}),
				Needs:  "module nft_tproxy",
				Action: handIn,
				Before: Promise{Gets: page(podA, podBURL, podAIP)},
				After: Promise{
					Gets: page(podA, podBURL, podBIP),
					Claims: []Claim{
						Counts{Netns: podB, Hook: "prerouting", Rules: ruled.Which{Port: 80}, Min: 1},
						Tracked{Netns: podB, Src: podAIP, Dst: podBIP, ReplySrc: podBIP, ReplyDst: podAIP},
					},
				},
				Watch: Watch{Netns: podA, Get: podBURL, Rules: podB, Flows: podB},
			},
		},
	}
}
