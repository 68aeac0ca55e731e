package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(onlyNextDoor, wrongDoor)

// onlyNextDoor: a pod reaches everybody but its neighbours in the same network, for
// which nobody answers any more.
var onlyNextDoor = Exercise{
	Name: "only-next-door", Level: 2, Group: "arp",
	Source: []string{"https://github.com/lyft/cni-ipvlan-vpc-k8s/issues/70"},
	Make: func(r *Seed) Case {
		net, elsewhere, hosts := r.Subnet(), r.Subnet(), r.Hosts(3)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		far := Pod{Name: r.Name(), Addr: elsewhere.CIDR(hosts[2])}
		key := "net.ipv4.conf." + pod.NodeDev() + ".proxy_arp"
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(pod, other, far)
			},
			Break: func(w *World) {
				// A plugin that writes the gateway's neighbour needs no proxy for it.
				w.Neigh(pod.Name, CalicoGateway, w.MAC(Host, pod.NodeDev()), "eth0")
				w.Sysctl(Host, key, "0")
			},
			Goals: []Check{Reaches(pod.Name, other.IP()), Reaches(other.Name, pod.IP())},
			Guards: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, far.IP()),
				Reaches(far.Name, other.IP()),
				Reaches(Host, pod.IP()),
			},
			Fix: []change.Change{In(Host, "sysctl -w "+key+"=1")},
			Also: [][]change.Change{
				{In(pod.Name, "ip route replace "+net.String()+" via "+CalicoGateway+" dev eth0 onlink")},
			},
			Wrong: []Tempting{
				tempted("It asks again, and nobody answers again.", "再问一遍，还是没人答。", In(pod.Name, "ip neigh flush all")),
				tempted("That is the way to the pod, and it is there. What is missing is an answer for its neighbours.", "这是去往该 Pod 的路，本来就在。缺的是有人替它的邻居应答。",
					In(Host, "ip route replace "+pod.IP()+" dev "+pod.NodeDev())),
				tempted("The others' cables answer already. The question is asked on this one.", "别人那头本来就有人应答，问题出在这一根线。",
					In(Host, "sysctl -w net.ipv4.conf."+other.NodeDev()+".proxy_arp=1")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: other.IP()},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "OtherIP": other.IP(), "Far": far.Name, "Net": net.String(),
				"Veth": pod.NodeDev(), "Gateway": CalicoGateway,
			},
		}
	},
}

// wrongDoor: the /32 of a pod leads to another pod's cable.
var wrongDoor = Exercise{
	Name: "wrong-door", Level: 1, Group: "return",
	Source: []string{"https://github.com/projectcalico/calico/issues/1406", "https://github.com/projectcalico/calico/issues/1253"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.ProxyPod(pod, other)
			},
			Break: func(w *World) { w.ReplaceRoute(Host, pod.IP()+" dev "+other.NodeDev()) },
			Goals: []Check{Reaches(Host, pod.IP()), Reaches(pod.Name, NodeIP), Reaches(pod.Name, other.IP())},
			Guards: []Check{
				Reaches(Host, other.IP()).Because("%s worked before", "%s 原来是通的", other.Name),
				Reaches(other.Name, NodeIP),
			},
			Fix: []change.Change{In(Host, "ip route replace "+pod.IP()+" dev "+pod.NodeDev())},
			Also: [][]change.Change{
				{In(Host, "ip route del "+pod.IP()), In(Host, "ip route add "+pod.IP()+" dev "+pod.NodeDev())},
			},
			Wrong: []Tempting{
				tempted("The node asks again, on the same wrong cable.", "节点再问一遍，问的还是那根错的线。", In(Host, "ip neigh flush all")),
				tempted("The shorter prefix loses against the /32 that is there.", "前缀短，争不过已有的 /32。",
					In(Host, "ip route add "+net.String()+" dev "+pod.NodeDev())),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: Host, Ping: pod.IP()},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Veth": pod.NodeDev(), "OtherVeth": other.NodeDev(),
			},
		}
	},
}
