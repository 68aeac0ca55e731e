package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(flushedNAT, secondCard)

// flushedNAT: somebody restarted the firewall, and what others had written into
// its nat table is gone.
var flushedNAT = Exercise{
	Name: "flushed-nat", Level: 1, Group: "nat",
	Source: []string{"https://github.com/moby/moby/issues/12294", "https://github.com/kubernetes-sigs/kubespray/issues/723"},
	Make: func(r *Seed) Case {
		net, old, hosts := r.Subnet(), r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		masquerade := func(net Subnet) string {
			return "POSTROUTING -s " + net.String() + " ! -d " + net.String() + " -j MASQUERADE"
		}
		// Nothing came back, or what was saved before the pods moved to another network.
		saved := Pick(r, false, true)
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(pod, other)
				w.IPTables(Host, "-t nat -A "+masquerade(net))
			},
			Break: func(w *World) {
				w.IPTables(Host, "-t nat -F POSTROUTING")
				if saved {
					w.IPTables(Host, "-t nat -A "+masquerade(old))
				}
			},
			Goals: []Check{Reaches(pod.Name, Web), Reaches(other.Name, Web)},
			Guards: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(Host, Web),
				SeenAs(pod.Name, other.Name, other.IP(), pod.IP()).Because("between pods nothing is to be rewritten", "Pod 之间不该改写源地址"),
				NoRouteTo(Inet, pod.IP()).Because("the router outside is not yours", "外面的路由器不归你管"),
			},
			Fix: []change.Change{In(Host, "iptables -t nat -A "+masquerade(net))},
			Wrong: []Tempting{
				tempted("Everything is rewritten now, also what pods send each other.", "这样什么都改写，连 Pod 之间的也改。",
					In(Host, "iptables -t nat -A POSTROUTING -j MASQUERADE")),
				tempted("The filter dropped nothing: the requests do leave.", "过滤规则什么也没丢：请求确实出去了。",
					In(Host, "iptables -P FORWARD ACCEPT"), In(Host, "iptables -F FORWARD")),
			},
			Causes: []cause.Code{cause.NotMasqueraded},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: Web},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Web": Web, "NodeIP": NodeIP, "Net": net.String(), "Old": old.String(),
				"Saved": word(saved),
			},
		}
	},
}

// secondCard: the rule rewrites sources at a door where it must not, and not at
// the one where it must.
var secondCard = Exercise{
	Name: "second-card", Level: 2, Group: "nat",
	Source: []string{"https://github.com/cloudnativelabs/kube-router/issues/173"},
	Make: func(r *Seed) Case {
		net, lan, hosts := r.Subnet(), r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		store, storeIP, hostIP := r.Name("nfs", "storage", "backup", "archive"), lan.IP(20), lan.IP(2)
		right := "POSTROUTING -s " + net.String() + " -o eth0 -j MASQUERADE"
		left := "POSTROUTING -s " + net.String() + Pick(r, " -o eth1", " ! -o eth0") + " -j MASQUERADE"
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
				w.Netns(store)
				w.Cable(Host, "eth1", store, "eth0")
				w.Addr(Host, "eth1", hostIP+"/24")
				w.Addr(store, "eth0", storeIP+"/24")
				w.Route(store, net.String()+" via "+hostIP+" dev eth0")
				w.IPTables(Host, "-t nat -A "+right)
			},
			Break: func(w *World) {
				w.IPTables(Host, "-t nat -D "+right)
				w.IPTables(Host, "-t nat -A "+left)
			},
			Goals: []Check{
				Reaches(pod.Name, Web),
				Reaches(other.Name, Web),
				SeenAs(pod.Name, store, storeIP, pod.IP()).Because("%s gives each pod its own files, by address", "%s 按地址给每个 Pod 各自的文件", store),
				SeenAs(pod.Name, other.Name, other.IP(), pod.IP()).Because("between pods nothing is to be rewritten", "Pod 之间不该改写源地址"),
			},
			Guards: []Check{
				Reaches(pod.Name, storeIP),
				Reaches(Host, Web),
				NoRouteTo(Inet, pod.IP()).Because("the router outside is not yours", "外面的路由器不归你管"),
			},
			Fix: []change.Change{In(Host, "iptables -t nat -D "+left), In(Host, "iptables -t nat -A "+right)},
			Wrong: []Tempting{
				tempted("The outside is back, but the storage still sees the node everywhere.", "外网是通了，可存储那边看到的还是节点的地址。",
					In(Host, "iptables -t nat -A "+right)),
				tempted("Without a door it rewrites at every one.", "不写网卡，就是每个门口都改写。",
					In(Host, "iptables -t nat -F POSTROUTING"), In(Host, "iptables -t nat -A POSTROUTING -s "+net.String()+" -j MASQUERADE")),
			},
			Causes: []cause.Code{cause.NotMasqueraded},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: Web},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Web": Web, "Net": net.String(),
				"Store": store, "StoreIP": storeIP, "HostIP": hostIP, "Right": right, "Left": left,
			},
		}
	},
}
