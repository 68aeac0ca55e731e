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

var _ = add(sealedRack, quietNode)

// sealedRack: a node without a default route does not answer for the gateway
// of its pods (arp_process asks for a route first).
var sealedRack = Exercise{
	Name: "sealed-rack", Level: 2, Group: "arp",
	Source: []string{
		"https://github.com/projectcalico/calico/issues/3270", "https://github.com/projectcalico/calico/issues/7866",
		"https://github.com/projectcalico/calico/issues/8481", "https://github.com/projectcalico/calico/issues/3243",
	},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		// No way out, or a route that says so.
		said := Pick(r, "", "unreachable default")
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(pod, other)
			},
			Break: func(w *World) {
				w.DelRoute(Host, "default")
				if said != "" {
					w.Route(Host, said)
				}
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, other.IP()),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Blocked(Host, Web).Because("the node is sealed off on purpose, and has a way out now", "这台节点是特意隔离的，现在却能出去了"),
				Reaches(Host, Router),
			},
			Fix: []change.Change{In(Host, "ip addr add "+CalicoGateway+"/32 dev "+pod.NodeDev())},
			Wrong: []Tempting{
				Idea("It works, and opens the way out that the node must not have.", "通是通了，可也打开了这台节点不该有的出口。",
					In(Host, "ip route replace default via "+Router)),
				Idea("Proxy ARP and forwarding were on all the time.", "代理 ARP 和转发一直都是开着的。",
					In(Host, "sysctl -w net.ipv4.conf."+pod.NodeDev()+".proxy_arp=1"), In(Host, "sysctl -w net.ipv4.ip_forward=1")),
			},
			Causes: []cause.Code{cause.ProxyARPNoRoute},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "OtherIP": other.IP(), "Gateway": CalicoGateway, "Web": Web, "Said": said,
			},
		}
	},
}

// quietNode: arp_ignore, which a virtual address behind a load balancer needs,
// makes the node keep silent on its unnumbered veths too.
var quietNode = Exercise{
	Name: "quiet-node", Level: 3, Group: "arp",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/71555"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: NodeIP}
		fresh := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: NodeIP}
		old := Pod{Name: r.Name(), Addr: net.CIDR(hosts[2]), Gateway: NodeIP}
		vip := "192.168.6." + strconv.Itoa(200+r.IntN(50))
		ignore := func(dev, value string) change.Change {
			return In(Host, "sysctl -w net.ipv4.conf."+dev+".arp_ignore="+value)
		}
		// For all devices, or for each: the larger value counts.
		devs := Pick(r, []string{"all"}, []string{"eth0", pod.NodeDev(), fresh.NodeDev()})
		var loud []change.Change
		for _, dev := range devs {
			loud = append(loud, ignore(dev, "0"))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Addr(Host, "lo", vip+"/32")
				w.StaticPod(old)
				w.ProxyPod(pod, fresh)
			},
			Break: func(w *World) {
				for _, dev := range devs {
					w.Sysctl(Host, "net.ipv4.conf."+dev+".arp_ignore", "1")
				}
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(fresh.Name, NodeIP),
				Reaches(old.Name, pod.IP()),
			},
			Guards: []Check{
				Blocked(Inet, vip).Because("the node answers on the LAN for %s, and takes the load balancer's traffic", "节点在局域网上替 %s 应答，抢了负载均衡器的流量", vip),
				Reaches(old.Name, NodeIP).Because("%s worked before", "%s 原来是通的", old.Name),
				HasAddr(Host, vip).Because("what the load balancer sends for it must be accepted", "负载均衡器转来的包还得靠它收下"),
			},
			Fix: []change.Change{
				In(Host, "ip addr add "+NodeIP+"/32 dev "+pod.NodeDev()),
				In(Host, "ip addr add "+NodeIP+"/32 dev "+fresh.NodeDev()),
			},
			Wrong: []Tempting{
				Idea("The pods are happy, and so is the LAN: it gets the virtual address from the wrong machine now.",
					"Pod 通了，局域网也“通”了：虚拟地址改由这台机器来应答，全乱了。", loud...),
				Idea("The node's silence has nothing to do with proxy ARP: that is for addresses of others.",
					"这和代理 ARP 无关：代理 ARP 管的是别人的地址。", In(Host, "sysctl -w net.ipv4.conf.all.proxy_arp=1")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "Fresh": fresh.Name, "Old": old.Name, "VIP": vip, "Node": NodeIP,
				"Veth": pod.NodeDev(), "FreshVeth": fresh.NodeDev(), "All": map[bool]string{true: "yes"}[len(devs) == 1],
			},
		}
	},
}
