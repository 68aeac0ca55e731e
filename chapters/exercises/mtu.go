package exercises

import (
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

// vlanTag is what a veth takes above its MTU, in bytes (is_skb_forwardable in
// net/core/dev.c).
const vlanTag = 4

var _ = add(smallPlug, twoSizes)

// fullSize is the payload of a ping that fills a packet of 1500 bytes.
const fullSize = 1472

// whole checks that packets of 1500 bytes get from one pod to another in one piece.
func whole(from, to Pod) Check {
	return ReachesSized(from.Name, to.IP(), fullSize, true).Because(
		"packets of 1500 bytes have to get through whole; a sender that was told of a smaller size remembers it for ten minutes, until `ip route flush cache`",
		"1500 字节的包要能整个通过；发送方要是收到过“包太大”的通知，会记住十分钟，`ip route flush cache` 可以让它忘掉")
}

// smallPlug: the two plugs of one cable are not of the same size.
var smallPlug = Exercise{
	Name: "small-plug", Level: 2, Group: "mtu",
	Source: []string{"https://github.com/rancher/rancher/issues/10498", "https://github.com/moby/moby/pull/4282"},
	Make: func(r *Seed) Case {
		c := newCluster(r)
		// The end that the packet comes in by: it says nothing and drops.
		at := Pick(r, steps.Dev{Netns: Host, Name: c.a.NodeDev()}, steps.Dev{Netns: c.node, Name: "eth1"}, steps.Dev{Netns: c.b.Name, Name: "eth0"})
		small := Pick(r, 1280, 1400, 1430, 1450)
		return Case{
			Build: func(w *World) {
				c.build(w)
				c.hostRoutes(w)
			},
			Break: func(w *World) { w.MTU(at.Netns, at.Name, small) },
			// Not the other way: there the small end is a router's, which tells the
			// sender, and that remembers it for ten minutes.
			Goals: []Check{whole(c.a, c.b)},
			Guards: []Check{
				Reaches(c.a.Name, c.b.IP()),
				Reaches(c.b.Name, c.a.IP()),
				Reaches(c.a.Name, c.near.IP()),
				ReachesSized(c.near.Name, NodeIP, fullSize, true),
			},
			Fix: []change.Change{In(at.Netns, "ip link set "+at.Name+" mtu 1500")},
			Wrong: []Tempting{
				tempted("Now the pod cannot send packets of 1500 bytes at all.", "这样一来，Pod 根本发不出 1500 字节的包了。",
					In(c.a.Name, "ip link set eth0 mtu "+strconv.Itoa(small))),
				tempted("No filter sees these packets: they are dropped where they come in.", "没有哪条过滤规则看得到它们：一进网卡就被丢了。",
					In(Host, "iptables -P FORWARD ACCEPT"), In(c.node, "iptables -P FORWARD ACCEPT")),
			},
			Causes: []cause.Code{cause.MTUExceeded},
			At:     []string{at.Netns},
			Watch:  steps.Watch{Netns: c.a.Name, Ping: c.b.IP(), Size: fullSize, DF: true},
			Vars:   c.vars(map[string]string{"At": at.Netns, "Dev": at.Name, "Small": strconv.Itoa(small), "Fits": strconv.Itoa(small - 28 + vlanTag)}),
		}
	},
}

// twoSizes: one end of a cable is too small, and behind it a whole cable is,
// where the word about it is forbidden.
var twoSizes = Exercise{
	Name: "two-sizes", Level: 4, Group: "mtu",
	Source: []string{"https://github.com/rancher/rancher/issues/10498", "https://github.com/kubeovn/kube-ovn/issues/4254"},
	Make: func(r *Seed) Case {
		c := newCluster(r)
		small, cable := Pick(r, 1280, 1400), Pick(r, 1430, 1450, 1460)
		// The first fault is at the pod's own cable, or the cable between the nodes
		// comes first and the far pod's after it.
		near := Pick(r, true, false)
		veth := steps.Dev{Netns: c.b.Name, Name: "eth0"}
		if near {
			veth = steps.Dev{Netns: Host, Name: c.a.NodeDev()}
		}
		plug := []change.Change{In(veth.Netns, "ip link set "+veth.Name+" mtu 1500")}
		between := []change.Change{In(Host, "ip link set eth1 mtu 1500"), In(c.node, "ip link set eth1 mtu 1500")}
		fix, first, at := append(plug, between...), 1, []string{veth.Netns, Host}
		if !near {
			fix, first, at = append(between, plug...), 2, []string{Host, veth.Netns}
		}
		quiet := "OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"
		return Case{
			Build: func(w *World) {
				c.build(w)
				c.hostRoutes(w)
				w.IPTables(Host, "-A "+quiet)
				w.IPTables(c.node, "-A "+quiet)
			},
			Break: func(w *World) {
				w.MTU(veth.Netns, veth.Name, small)
				w.MTU(Host, "eth1", cable)
				w.MTU(c.node, "eth1", cable)
			},
			Goals: []Check{whole(c.a, c.b), whole(c.b, c.a)},
			Guards: []Check{
				Reaches(c.a.Name, c.b.IP()),
				Reaches(c.near.Name, c.b.IP()),
				ReachesSized(c.near.Name, NodeIP, fullSize, true),
			},
			Fix:   fix,
			First: first,
			Wrong: []Tempting{
				tempted("Now the pods cannot send packets of 1500 bytes at all.", "这样一来，Pod 根本发不出 1500 字节的包了。",
					In(c.a.Name, "ip link set eth0 mtu "+strconv.Itoa(small)), In(c.b.Name, "ip link set eth0 mtu "+strconv.Itoa(small))),
				tempted("Now the sender is told, but what it sends still does not fit.", "现在发送方收得到通知了，可包还是塞不进去。",
					In(Host, "iptables -D "+quiet), In(c.node, "iptables -D "+quiet)),
			},
			Causes: []cause.Code{cause.MTUExceeded, cause.MTUExceeded},
			At:     at,
			Watch:  steps.Watch{Netns: c.a.Name, Ping: c.b.IP(), Size: fullSize, DF: true},
			Vars: c.vars(map[string]string{
				"At": veth.Netns, "Dev": veth.Name, "Small": strconv.Itoa(small), "Cable": strconv.Itoa(cable), "First": word(near), "Quiet": quiet,
			}),
		}
	},
}
