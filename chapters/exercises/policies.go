package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(latePermit, noNames)

// letAnswers is the rule at the head of a policy.
const letAnswers = "FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"

// latePermit: a rule that allows stands behind the one that forbids all.
var latePermit = Exercise{
	Name: "late-permit", Level: 1, Group: "forwarding",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/81635", "https://github.com/cloudnativelabs/kube-router/pull/596"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		client := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		db := Pod{Name: r.Name("db", "postgres", "mysql", "redis"), Addr: net.CIDR(hosts[1])}
		other := Pod{Name: r.Name("guest", "tester", "intern"), Addr: net.CIDR(hosts[2])}
		deny := Pick(r, "FORWARD -d "+db.IP()+" -j DROP", "FORWARD -o "+db.NodeDev()+" -j DROP")
		permit := "FORWARD -s " + client.IP() + " -d " + db.IP() + " -p tcp --dport 80 -j ACCEPT"
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(client, db, other)
				w.Serve(db.Name, 80)
				w.IPTables(Host, "-A "+letAnswers)
				w.IPTables(Host, "-A "+deny)
			},
			Break: func(w *World) { w.IPTables(Host, "-A "+permit) },
			Goals: []Check{Fetches(client.Name, db.IP())},
			Guards: []Check{
				BlockedTCP(other.Name, db.IP()).Because("%s gets in now, and nobody has allowed that", "%s 现在也进得来，可没人放行它", other.Name),
				Blocked(client.Name, db.IP()).Because("port 80 was asked for, not everything", "要的是 80 端口，不是全部"),
				Reaches(db.Name, client.IP()),
			},
			Fix: []change.Change{In(Host, "iptables -I "+permit)},
			Also: [][]change.Change{
				{rule("insert rule ip filter FORWARD ip saddr " + client.IP() + " ip daddr " + db.IP() + " tcp dport 80 counter accept")},
			},
			Wrong: []Tempting{
				tempted("Once more at the end is as late as before.", "再往末尾加一遍，还是一样晚。", In(Host, "iptables -A "+permit)),
				tempted("Without the deny everybody gets in.", "没了拒绝，谁都进得来。", In(Host, "iptables -D "+deny)),
				tempted("That is more than was asked for.", "放行得太多了。", In(Host, "iptables -I FORWARD -s "+client.IP()+" -d "+db.IP()+" -j ACCEPT")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: client.Name, Get: "http://" + db.IP(), Rules: Host},
			Vars: map[string]string{
				"Client": client.Name, "ClientIP": client.IP(), "DB": db.Name, "DBIP": db.IP(), "Other": other.Name,
				"Deny": deny, "Permit": permit,
			},
		}
	},
}

// noNames: a policy allows the one server that a client needs, and not the one that
// tells where it is.
var noNames = Exercise{
	Name: "no-names", Level: 2, Group: "services",
	Source: []string{"https://github.com/kubernetes/website/issues/38267", "https://github.com/aws/aws-network-policy-agent/issues/230"},
	Make: func(r *Seed) Case {
		s := newServing(r, 3)
		s.service.Port = "udp dport 53"
		names, db, other := s.pods[0], s.pods[1], s.pods[2]
		client := s.client.IP()
		pass := func(proto, to string) string {
			return "FORWARD -s " + client + " -d " + to + " -p " + proto + " -j ACCEPT"
		}
		deny := "FORWARD " + Pick(r, "-s "+client, "-i "+s.client.NodeDev()) + " -j DROP"
		vars := s.vars()
		vars["DB"], vars["DBIP"], vars["Other"], vars["Deny"] = db.Name, db.IP(), other.Name, deny
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.Answer(names.Name, 53)
				w.NFT(Host, s.both()...)
				w.IPTables(Host, "-A "+letAnswers)
				w.IPTables(Host, "-A "+pass("tcp --dport 80", db.IP()))
			},
			Break: func(w *World) { w.IPTables(Host, "-A "+deny) },
			Goals: []Check{Answered(s.client.Name, s.service.Addr, 53, 0)},
			Guards: []Check{
				Fetches(s.client.Name, db.IP()),
				BlockedTCP(s.client.Name, other.IP()).Because("%s must not reach %s", "%s 不许访问 %s", s.client.Name, other.Name),
				BlockedTCP(s.client.Name, names.IP()).Because("names are what was asked for, not everything on that pod", "要的是查名字，不是那个 Pod 上的一切"),
				Reaches(other.Name, s.client.IP()),
			},
			Fix: []change.Change{In(Host, "iptables -I "+pass("udp --dport 53", names.IP()))},
			Also: [][]change.Change{
				{rule("insert rule ip filter FORWARD ip saddr " + client + " udp dport 53 counter accept")},
			},
			Wrong: []Tempting{
				tempted("At that hook no packet goes to the service any more.", "到了那个钩子，已经没有包是发往服务的。", In(Host, "iptables -I "+pass("udp --dport 53", s.service.Addr))),
				tempted("Behind the deny it is never asked.", "排在拒绝之后，永远轮不到它。", In(Host, "iptables -A "+pass("udp --dport 53", names.IP()))),
				tempted("The question goes by UDP.", "问题是用 UDP 问的。", In(Host, "iptables -I "+pass("tcp --dport 53", names.IP()))),
				tempted("Then the policy is gone.", "这样策略就没了。", In(Host, "iptables -D "+deny)),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: s.client.Name, Ask: s.service.Addr + ":53", Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}
