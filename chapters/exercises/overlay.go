package exercises

import (
	"fmt"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(silentOverlay, wrongUnderlay, twiceSilent)

// overlay is a cluster whose pods reach each other through VXLAN, and whose
// second node lets in only what its firewall names.
type overlay struct {
	cluster
	port   int
	accept string    // the rule that lets the tunnel in
	mac    [2]string // of the lab's node's end of the tunnel, and of the second one's
}

func newOverlay(r *Seed) overlay {
	o := overlay{cluster: newCluster(r), port: Pick(r, 4789, 8472)}
	for i := range o.mac {
		o.mac[i] = fmt.Sprintf("02:%02x:%02x:%02x:00:%02x", r.IntN(256), r.IntN(256), r.IntN(256), i+1)
	}
	o.accept = "INPUT -p udp --dport " + strconv.Itoa(o.port) + " -j ACCEPT"
	return o
}

// tunnel makes the two VXLAN devices; their tables stay empty.
func (o overlay) tunnel(w *World) {
	o.cluster.build(w)
	for _, end := range []struct {
		netns, local, addr, to, mac string
		via                         Subnet
	}{
		{Host, o.hostIP, o.here().IP(1), o.there().IP(1), o.mac[0], o.there()},
		{o.node, o.nodeIP, o.there().IP(1), o.here().IP(1), o.mac[1], o.here()},
	} {
		w.VXLAN(end.netns, "vxlan0", 42, o.port, end.local)
		w.SetMAC(end.netns, "vxlan0", end.mac)
		w.MTU(end.netns, "vxlan0", 1450)
		w.Addr(end.netns, "vxlan0", end.addr)
		w.Route(end.netns, end.via.String()+" via "+end.to+" dev vxlan0 onlink")
	}
}

// tables are what a node knows of the other one's end of the tunnel, written
// down as flannel does: its MAC address, and behind which address that is.
func (o overlay) tables(w *World) {
	o.tunnel(w)
	w.Neigh(Host, o.there().IP(1), o.mac[1], "vxlan0")
	w.FDB(Host, "vxlan0", o.mac[1], o.nodeIP)
	w.Neigh(o.node, o.here().IP(1), o.mac[0], "vxlan0")
	w.FDB(o.node, "vxlan0", o.mac[0], o.hostIP)
}

// misled makes the tunnel of the lab's node lead to a wrong address.
func (o overlay) misled(w *World, wrong string) {
	w.DelFDB(Host, "vxlan0", o.mac[1], o.nodeIP)
	w.FDB(Host, "vxlan0", o.mac[1], wrong)
}

// led leads it back.
func (o overlay) led() change.Change {
	return In(Host, "bridge fdb replace "+o.mac[1]+" dev vxlan0 dst "+o.nodeIP+" self permanent")
}

// firewall closes the second node, but for what is named.
func (o overlay) firewall(w *World) {
	for _, rule := range []string{"-i lo", "-m conntrack --ctstate RELATED,ESTABLISHED", "-p icmp", "-p tcp --dport 10250"} {
		w.IPTables(o.node, "-A INPUT "+rule+" -j ACCEPT")
	}
	w.IPTables(o.node, "-A "+o.accept)
	w.IPTables(o.node, "-P INPUT DROP")
	w.Serve(o.node, 9090)
}

// closed are the guards that the second node's firewall stays one.
func (o overlay) closed() []Check {
	return []Check{
		BlockedTCP(Host, o.nodeIP+":9090").Because("the firewall of %s is open now", "%s 的防火墙敞开了", o.node),
		Policy(o.node, "INPUT").Because("what nobody allowed must stay forbidden", "没有明确放行的，就该拦住"),
		Reaches(Host, o.nodeIP),
		Reaches(o.a.Name, o.near.IP()),
	}
}

// other is the port that other programs use for VXLAN: the kernel's own default
// is 8472, the registered one 4789.
func (o overlay) other() int { return 4789 + 8472 - o.port }

// silentOverlay: the nodes reach each other, what they carry for the pods does
// not arrive.
var silentOverlay = Exercise{
	Name: "silent-overlay", Level: 3, Group: "forwarding",
	Source: []string{"https://github.com/flannel-io/flannel/issues/2055", "https://github.com/flannel-io/flannel/issues/1704"},
	Make: func(r *Seed) Case {
		o := newOverlay(r)
		// The rule is gone, is for the other port, or stands behind one that drops.
		how := Pick(r, "gone", "port", "behind")
		old := "INPUT -p udp --dport " + strconv.Itoa(o.other()) + " -j ACCEPT"
		drop := "INPUT -i eth1 -p udp -j DROP"
		fix := In(o.node, "iptables -A "+o.accept)
		if how == "behind" {
			fix = In(o.node, "iptables -I "+o.accept)
		}
		return Case{
			Build: func(w *World) {
				o.tables(w)
				o.firewall(w)
			},
			Break: func(w *World) {
				switch how {
				case "behind":
					w.IPTables(o.node, "-I "+drop)
				case "port":
					w.IPTables(o.node, "-A "+old)
					fallthrough
				default:
					w.IPTables(o.node, "-D "+o.accept)
				}
			},
			Goals:  []Check{Reaches(o.a.Name, o.b.IP()), Reaches(o.b.Name, o.a.IP())},
			Guards: o.closed(),
			Fix:    []change.Change{fix},
			Wrong: []Tempting{
				tempted("That lets everything in, not only the tunnel.", "这样什么都放进来了，不只是隧道。",
					In(o.node, "iptables -P INPUT ACCEPT"), In(o.node, "iptables -F INPUT")),
				tempted("The pods' packets are not forwarded yet: they are still inside of a packet for the node itself.", "还没轮到转发：Pod 的包这时还装在一个发给节点自己的包里。",
					In(o.node, "iptables -I FORWARD -j ACCEPT"), In(Host, "iptables -I FORWARD -j ACCEPT")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{o.node},
			Watch:  steps.Watch{Netns: o.a.Name, Ping: o.b.IP()},
			Vars: o.vars(map[string]string{
				"Port": strconv.Itoa(o.port), "OtherPort": strconv.Itoa(o.other()), "Accept": o.accept, "Drop": drop,
				"Moved": word(how == "port"), "Behind": word(how == "behind"),
			}),
		}
	},
}

// wrongUnderlay: a node registered with the address of another of its network
// cards, and the tunnel leads there.
var wrongUnderlay = Exercise{
	Name: "wrong-underlay", Level: 3, Group: "forwarding",
	Source: []string{"https://github.com/flannel-io/flannel/issues/535", "https://github.com/kubernetes/kubernetes/issues/17788"},
	Make: func(r *Seed) Case {
		o := newOverlay(r)
		// An address that nobody here has, in a network of its own or in the nodes'.
		wrong := Pick(r, "10.0.2.15", o.lan.IP(251))
		return Case{
			Build: func(w *World) { o.tables(w) },
			Break: func(w *World) { o.misled(w, wrong) },
			Goals: []Check{Reaches(o.a.Name, o.b.IP()), Reaches(o.b.Name, o.a.IP())},
			Guards: []Check{
				Reaches(Host, o.nodeIP),
				Reaches(o.a.Name, o.near.IP()),
				Reaches(o.a.Name, NodeIP),
			},
			Fix: []change.Change{o.led()},
			Wrong: []Tempting{
				tempted("The route was right. It leads to a tunnel that goes nowhere.", "路由没错，只是它通往的隧道不知去了哪里。",
					In(Host, "ip route replace "+o.there().String()+" via "+o.there().IP(1)+" dev vxlan0 onlink"), In(Host, "ip route flush cache")),
				tempted("The tunnel is looked up by address, and no firewall was in its way.", "隧道是按地址找对端的，路上并没有防火墙拦它。",
					In(o.node, "iptables -P INPUT ACCEPT"), In(Host, "iptables -P FORWARD ACCEPT")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: o.a.Name, Ping: o.b.IP()},
			Vars:   o.vars(map[string]string{"Wrong": wrong, "MAC": o.mac[1], "NAT": word(wrong == "10.0.2.15")}),
		}
	},
}

// twiceSilent: the tunnel leads to an address that is no more, and behind that the other node
// does not let it in.
var twiceSilent = Exercise{
	Name: "twice-silent", Level: 4, Group: "forwarding",
	Source: []string{"https://github.com/flannel-io/flannel/issues/535", "https://github.com/flannel-io/flannel/issues/2055"},
	Make: func(r *Seed) Case {
		o := newOverlay(r)
		old, moved := o.lan.IP(Pick(r, 3, 5, 7, 252)), Pick(r, true, false)
		fdb, accept := o.led(), In(o.node, "iptables -A "+o.accept)
		return Case{
			Build: func(w *World) {
				o.tables(w)
				o.firewall(w)
			},
			Break: func(w *World) {
				o.misled(w, old)
				w.IPTables(o.node, "-D "+o.accept)
				if moved {
					w.IPTables(o.node, "-A INPUT -p udp --dport "+strconv.Itoa(o.other())+" -j ACCEPT")
				}
			},
			Goals:  []Check{Reaches(o.a.Name, o.b.IP()), Reaches(o.b.Name, o.a.IP())},
			Guards: o.closed(),
			Fix:    []change.Change{fdb, accept},
			First:  1,
			Wrong: []Tempting{
				tempted("Nothing arrives yet that could be let in.", "还没有东西到，放行也没用。", accept),
				tempted("That lets everything in, not only the tunnel.", "这样什么都放进来了，不只是隧道。",
					fdb, In(o.node, "iptables -P INPUT ACCEPT")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered, cause.Filtered},
			At:     []string{Host, o.node},
			Watch:  steps.Watch{Netns: o.a.Name, Ping: o.b.IP()},
			Vars: o.vars(map[string]string{
				"Port": strconv.Itoa(o.port), "OtherPort": strconv.Itoa(o.other()), "Old": old, "MAC": o.mac[1], "Moved": word(moved),
			}),
		}
	},
}
