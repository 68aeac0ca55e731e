package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
)

var _ = add(publicPort)

// publicPort: the filter names the ports that clients ask for, and the packets that it
// sees have been translated. So the public port is closed, and the other one open.
var publicPort = Exercise{
	Name: "public-port", Level: 3, Group: "services",
	Source: []string{"https://github.com/moby/moby/issues/22054", "https://github.com/moby/moby/issues/4737"},
	Make: func(r *Seed) Case {
		s := newServing(r, 2)
		public, inner := s.pods[0], s.pods[1]
		own := Pick(r, "8090", "30090", "9000")
		internal := NodeIP + ":" + own
		right := "rule ip svc guard iifname eth0 ip daddr " + public.IP() + " tcp dport 8080 counter accept"
		rest := "add rule ip svc guard iifname eth0 counter drop"
		vars := s.vars()
		vars["Inner"], vars["InnerIP"], vars["Port"] = inner.Name, inner.IP(), own
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.Serve(public.Name, 8080)
				for _, chain := range []string{"prerouting", "output"} {
					w.NFT(Host, "add rule ip svc "+chain+" fib daddr type local tcp dport 80 counter dnat to "+public.IP()+":8080",
						"add rule ip svc "+chain+" fib daddr type local tcp dport "+own+" counter dnat to "+inner.IP()+":80")
				}
				w.NFT(Host, "add chain ip svc guard { type filter hook forward priority filter; }", "add "+right, rest)
			},
			Break: func(w *World) {
				w.NFT(Host, "flush chain ip svc guard", "add rule ip svc guard iifname eth0 tcp dport 80 counter accept", rest)
			},
			Goals: []Check{Fetches(Inet, NodeIP), BlockedTCP(Inet, internal)},
			Guards: []Check{
				Fetches(s.client.Name, NodeIP), Fetches(s.client.Name, inner.IP()),
				Fetches(s.client.Name, internal).Because("%s is there for the pods of the node", "%s 是给节点上的 Pod 用的", internal),
				Fetches(Host, internal).Because("%s is there for the node as well", "%s 节点自己也要用", internal),
			},
			Fix: []change.Change{rule("flush chain ip svc guard"), rule("add " + right), rule(rest)},
			Also: [][]change.Change{{
				In(Host, "iptables -I FORWARD -i eth0 -d "+inner.IP()+" -j DROP"), rule("insert " + right),
			}},
			Wrong: []Tempting{
				tempted("Now everything is let in from outside, the port that is nobody's business too.", "这样外面什么都放进来了，不该公开的端口也在内。",
					rule("insert rule ip svc guard counter accept")),
				tempted("These packets are forwarded: they never come to input.", "这些包是转发的，根本不到 input。",
					In(Host, "iptables -I INPUT -i eth0 -p tcp --dport "+own+" -j DROP"), In(Host, "iptables -I INPUT -p tcp --dport 80 -j ACCEPT")),
				tempted("By then the port is another one.", "到了那里，端口已经换过了。",
					In(Host, "iptables -I FORWARD -i eth0 -p tcp --dport "+own+" -j DROP")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: Inet, Get: "http://" + NodeIP, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}
