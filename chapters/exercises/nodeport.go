package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(publicPort, wrongNode)

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

// wrongNode: a balancer leads to a node that has no pod of the service, and must not ask
// another's.
var wrongNode = Exercise{
	Name: "wrong-node", Level: 3, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/92616", "https://github.com/metallb/metallb/issues/1052"},
	Make: func(r *Seed) Case {
		c := newCluster(r)
		port, front := Pick(r, "30080", "31443", "32000"), "198.51.100.10"
		lead := func(node string) string {
			return "add rule ip lb output ip daddr " + front + " tcp dport 80 counter dnat to " + node + ":" + port
		}
		local := func(then string) string { return "fib daddr type local tcp dport " + port + " counter " + then }
		at := func(line string) change.Change { return change.NFTLine(Inet, line) }
		return Case{
			Build: func(w *World) {
				c.build(w)
				c.hostRoutes(w)
				w.Forward(c.node)
				w.Route(Inet, c.lan.String()+" via "+NodeIP)
				w.Route(Inet, front+" via "+NodeIP) // a connection is routed before it is translated
				w.Route(c.node, "192.168.6.0/24 via "+c.hostIP)
				w.Serve(c.b.Name, 80)
				for _, node := range []string{Host, c.node} {
					w.Services(node)
					w.NFT(node, "add chain ip svc input { type filter hook input priority filter; }", "add rule ip svc input "+local("drop"))
				}
				w.NFT(c.node, "add rule ip svc prerouting "+local("dnat to "+c.b.IP()+":80"))
				w.NFT(Inet, "add table ip lb", "add chain ip lb output { type nat hook output priority -100; }", lead(c.nodeIP))
			},
			Break: func(w *World) { w.NFT(Inet, "flush chain ip lb output", lead(NodeIP)) },
			Goals: []Check{FetchesAs(Inet, front, Router).Because("the server writes down who asks", "服务器要记下是谁来访问")},
			Guards: []Check{
				Fetches(Inet, c.nodeIP+":"+port), Reaches(Inet, c.nodeIP),
				BlockedTCP(Inet, NodeIP+":"+port).Because("a node without a pod of the service says nothing", "没有这个服务的 Pod 的节点不作声"),
			},
			Fix: []change.Change{at("flush chain ip lb output"), at(lead(c.nodeIP))},
			Also: [][]change.Change{
				{at("insert" + lead(c.nodeIP)[len("add"):])},
			},
			Wrong: []Tempting{
				tempted("Then it is refused at once: nobody listens there.", "这样会立刻被拒绝：那里没人监听。", rule("flush chain ip svc input")),
				tempted("The page comes, and the client is lost: the server sees the node.", "页面来了，客户端却丢了：服务器看见的是节点。",
					rule("add rule ip svc prerouting "+local("dnat to "+c.b.IP()+":80")), rule("add rule ip svc postrouting ip daddr "+c.b.IP()+" masquerade")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: Inet, Get: "http://" + front, Rules: Host, Flows: Host},
			Vars:   c.vars(map[string]string{"Front": front, "Port": port, "First": NodeIP}),
		}
	},
}
