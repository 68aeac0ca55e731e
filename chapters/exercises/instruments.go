package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(hiddenDrop, leftoverRule)

// hiddenDrop: another table at the same hook has a rule that does not count.
var hiddenDrop = Exercise{
	Name: "hidden-drop", Level: 2, Group: "forwarding",
	Source: []string{"https://github.com/moby/moby/issues/49498", "https://github.com/firewalld/firewalld/issues/556"},
	Make: func(r *Seed) Case {
		s := newServing(r, 2)
		pod, closed := s.pods[0], s.pods[1]
		table := Pick(r, "guard", "hardening", "site")
		drop := func(p Pod) string { return "ip " + table + " passing ip daddr " + p.IP() + " tcp dport 80 drop" }
		vars := s.vars()
		vars["Closed"], vars["Table"] = closed.Name, table
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.NFT(Host, "add table ip "+table, "add chain ip "+table+" passing { type filter hook forward priority 10; }", "add rule "+drop(closed))
				w.IPTables(Host, "-A FORWARD -j ACCEPT")
			},
			Break: func(w *World) { w.NFT(Host, "add rule "+drop(pod)) },
			Goals: []Check{Fetches(s.client.Name, pod.IP())},
			Guards: []Check{
				BlockedTCP(s.client.Name, closed.IP()).Because("%s is closed, and is to stay so", "%s 是有意关着的，不能动", closed.Name),
				Reaches(s.client.Name, pod.IP()),
			},
			Fix: []change.Change{rule("insert rule ip " + table + " passing ip daddr " + pod.IP() + " tcp dport 80 counter accept")},
			Also: [][]change.Change{
				{rule("flush chain ip " + table + " passing"), rule("add rule " + drop(closed))},
			},
			Wrong: []Tempting{
				tempted("An accept ends its own chain, and the other one is asked all the same.", "accept 只结束自己那条链，另一条照样要问。", In(Host, "iptables -I FORWARD -j ACCEPT")),
				tempted("That opens what somebody has closed.", "这样把别人有意关上的也打开了。", rule("delete table ip "+table)),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: s.client.Name, Get: "http://" + pod.IP(), Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}

// leftoverRule: a rule of routing sends the packets of one pod to a table that knows no
// pods.
var leftoverRule = Exercise{
	Name: "leftover-rule", Level: 3, Group: "routes",
	Source: []string{"https://github.com/cilium/cilium/issues/17624", "https://github.com/aws/amazon-vpc-cni-k8s/issues/1600"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		table := Pick(r, "66", "110", "220")
		out := "from " + s.client.IP() + " table " + table
		vars := s.vars()
		vars["Table"], vars["Net"] = table, s.net.String()
		return Case{
			Build: func(w *World) { s.build(w); w.NFT(Host, s.both()...) },
			Break: func(w *World) {
				w.Route(Host, "default via "+Router+" dev eth0 table "+table)
				w.Rule(Host, out)
			},
			Goals: []Check{Fetches(s.client.Name, s.service.Addr), Reaches(s.client.Name, s.pods[0].IP())},
			Guards: []Check{
				Reaches(Host, s.pods[0].IP()), NoRouteTo(Inet, s.pods[0].IP()).Because("the router outside is not yours", "外面的路由器不归你管"),
			},
			Fix: []change.Change{In(Host, "ip rule del "+out)},
			Also: [][]change.Change{
				{In(Host, "ip rule add to "+s.net.String()+" table 254 priority 100")},
			},
			Wrong: []Tempting{
				tempted("The table main is right already, and is not asked.", "main 表本来就对，只是没轮到它。", In(Host, "ip route replace "+s.pods[0].IP()+" dev "+s.pods[0].NodeDev())),
				tempted("No rule of the filter has dropped anything.", "过滤规则什么也没丢。", In(Host, "iptables -P FORWARD ACCEPT")),
			},
			Causes: []cause.Code{cause.NoRoute},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: s.client.Name, Ping: s.pods[0].IP()},
			Vars:   vars,
		}
	},
}
