package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(closedDoor)

// closedDoor: a node that forwards only what is allowed does not allow one
// thing any more. Opening everything is no fix.
var closedDoor = Exercise{
	Name: "closed-door", Level: 2, Group: "forwarding",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/40182", "https://github.com/moby/moby/issues/48365"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		shop := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		db := Pod{Name: r.Name("db", "postgres", "mysql", "redis"), Addr: net.CIDR(hosts[1])}
		guest := Pod{Name: r.Name("guest", "tester", "intern"), Addr: net.CIDR(hosts[2])}
		allow := "FORWARD -s " + shop.IP() + " -d " + db.IP() + " -j ACCEPT"
		left := "FORWARD -s " + shop.IP() + " -j DROP"
		// The permission is gone, or something stands before it.
		lost := Pick(r, true, false)
		fix := []change.Change{In(Host, "iptables -A "+allow)}
		if !lost {
			fix = []change.Change{In(Host, "iptables -D "+left)}
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(shop, db, guest)
				w.IPTables(Host, "-P FORWARD DROP")
				w.IPTables(Host, "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
				w.IPTables(Host, "-A FORWARD -s "+guest.IP()+" -d "+shop.IP()+" -j ACCEPT")
				w.IPTables(Host, "-A "+allow)
			},
			Break: func(w *World) {
				if lost {
					w.IPTables(Host, "-D "+allow)
					return
				}
				w.IPTables(Host, "-I "+left)
			},
			Goals: []Check{Reaches(shop.Name, db.IP())},
			Guards: []Check{
				Blocked(guest.Name, db.IP()).Because("the firewall is open now, and %s is let in", "防火墙敞开了，%s 也进得来", guest.Name),
				Forwards(Host, guest.IP(), shop.IP()).Because("%s may go to %s, and nobody asked for that to end", "%s 可以访问 %s，没人要求取消它", guest.Name, shop.Name),
				Policy(Host, "FORWARD").Because("what nobody allowed must stay forbidden", "没有明确放行的，就该拦住"),
				Reaches(guest.Name, NodeIP),
			},
			Fix:  fix,
			Also: [][]change.Change{{In(Host, "iptables -I "+allow)}},
			Wrong: []Tempting{
				Idea("That lets everybody in.", "这样谁都进得来。", In(Host, "iptables -I FORWARD -j ACCEPT")),
				Idea("Turning the firewall off is not repairing it.", "关掉防火墙不叫修好。",
					In(Host, "iptables -P FORWARD ACCEPT"), In(Host, "iptables -F FORWARD")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: shop.Name, Ping: db.IP()},
			Vars: map[string]string{
				"Shop": shop.Name, "ShopIP": shop.IP(), "DB": db.Name, "DBIP": db.IP(), "Guest": guest.Name,
				"Lost": map[bool]string{true: "yes"}[lost], "Allow": allow, "Left": left,
			},
		}
	},
}
