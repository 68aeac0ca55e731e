package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(afterTheFlap, farGateway, usedAddress)

// afterTheFlap: a device went down and came up again, without its routes.
var afterTheFlap = Exercise{
	Name: "after-the-flap", Level: 1, Group: "routes",
	Source: []string{"https://github.com/projectcalico/calico/issues/8003", "https://github.com/projectcalico/cni-plugin/issues/986"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		flapped := Pick(r, steps.Dev{Netns: pod.Name, Name: "eth0"}, steps.Dev{Netns: Host, Name: pod.NodeDev()})
		lost := "default via " + pod.Gateway + " dev eth0 onlink"
		code := cause.NoRoute
		if flapped.Netns == Host {
			lost = pod.IP() + " dev " + pod.NodeDev()
			code = cause.NoReturnRoute
		}
		again := In(flapped.Netns, "ip link set "+flapped.Name+" down && ip link set "+flapped.Name+" up")
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) {
				w.Down(flapped.Netns, flapped.Name)
				w.Up(flapped.Netns, flapped.Name)
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				Reaches(Host, Router).Because("the node's own way out was in order", "节点自己的出口原来是好的"),
			},
			Fix: []change.Change{In(flapped.Netns, "ip route add "+lost)},
			Wrong: []Tempting{
				Idea("That is what lost the routes in the first place.", "路由正是这么丢的。", again),
				Idea("The addresses are all there. Nobody asked ARP yet: there is no route.", "地址都在。连路由都没有，还没轮到 ARP。",
					In(pod.Name, "ip neigh flush all"), In(Host, "ip neigh flush dev "+pod.NodeDev())),
			},
			Causes: []cause.Code{code},
			At:     []string{flapped.Netns},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Netns": flapped.Netns, "Dev": flapped.Name, "Lost": lost,
				"InPod": map[bool]string{true: "yes"}[flapped.Netns == pod.Name],
			},
		}
	},
}

// farGateway: a gateway outside of the pod's own network, which `ip route add`
// refuses without onlink: the pod was left without a default route.
var farGateway = Exercise{
	Name: "far-gateway", Level: 2, Group: "routes",
	Source: []string{"https://github.com/containernetworking/cni/issues/598", "https://github.com/containernetworking/plugins/issues/289"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		gateway := Pick(r, net.IP(1), CalicoGateway)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: gateway}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: gateway}
		wider := Idea("The kernel takes the route now, but believes that all of "+net.String()+" is on this cable.",
			"路由是加上了，可内核从此以为 "+net.String()+" 全在这根网线上。",
			In(pod.Name, "ip addr add "+pod.Addr+" dev eth0"), In(pod.Name, "ip route add default via "+gateway+" dev eth0"))
		if gateway == CalicoGateway {
			wider = Idea("The kernel takes the route now, and with it 169.254.1.2 as the source: nobody knows the way back to that.",
				"路由是加上了，可源地址也跟着变成了 169.254.1.2，谁也不知道怎么回。",
				In(pod.Name, "ip addr add 169.254.1.2/16 dev eth0"), In(pod.Name, "ip route add default via "+gateway+" dev eth0"))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) { w.DelRoute(pod.Name, "default") },
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, other.IP()),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
			},
			Fix: []change.Change{In(pod.Name, "ip route add default via "+gateway+" dev eth0 onlink")},
			Wrong: []Tempting{
				wider,
				Idea("Without a gateway the pod asks for every address itself. The node answers for its own, and for no other pod's.",
					"没有网关，Pod 就得挨个去问每个地址；节点只替自己应答，不替别的 Pod 应答。",
					In(pod.Name, "ip route add default dev eth0")),
			},
			Causes: []cause.Code{cause.NoRoute},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "OtherIP": other.IP(), "Gateway": gateway,
			},
		}
	},
}

// usedAddress: a pod got an address that another one had before. Its own side is
// incomplete; behind that, the node's route still leads to the wrong place.
var usedAddress = Exercise{
	Name: "used-address", Level: 4, Group: "routes",
	Source: []string{"https://github.com/projectcalico/calico/issues/3467", "https://github.com/projectcalico/calico/issues/1253", "https://github.com/projectcalico/calico/issues/3740"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		mac := "02:6e:73:6" + Pick(r, "1", "2", "3", "4") + ":0" + Pick(r, "5", "6", "7") + ":" + Pick(r, "a8", "b9", "ca")
		// First: the pod has no way out, or the MAC address of a gateway that was.
		dumb := Pick(r, true, false)
		first, cause1 := In(pod.Name, "ip neigh del "+pod.Gateway+" dev eth0"), cause.NeighbourWrongMAC
		if dumb {
			first, cause1 = In(pod.Name, "ip route add default via "+pod.Gateway+" dev eth0 onlink"), cause.NoRoute
		}
		// Second: the node's route leads to another pod's cable, or nowhere.
		nowhere := Pick(r, true, false)
		left, cause2 := pod.IP()+" dev "+other.NodeDev(), cause.NoReturnRoute
		if nowhere {
			left, cause2 = "blackhole "+pod.IP(), cause.RouteBlackhole
		}
		right := "ip route replace " + pod.IP() + " dev " + pod.NodeDev()
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) {
				if dumb {
					w.DelRoute(pod.Name, "default")
				} else {
					w.Neigh(pod.Name, pod.Gateway, mac, "eth0")
				}
				w.ReplaceRoute(Host, left)
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				Reaches(Host, other.IP()),
			},
			Fix:   []change.Change{first, In(Host, right)},
			First: 1,
			Wrong: []Tempting{
				Idea("Of two routes to the same address the first one counts: this one stands behind it.", "同一个地址有两条路由，用的是排在前面的；这条加到了后面。",
					first, In(Host, "ip route append "+pod.IP()+" dev "+pod.NodeDev())),
				Idea("That is the way back. The pod's own side is still not in order.", "这只修好了回来的路，Pod 自己那边还是坏的。", In(Host, right)),
			},
			Causes: []cause.Code{cause1, cause2},
			At:     []string{pod.Name, Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "OtherVeth": other.NodeDev(), "Veth": pod.NodeDev(), "Gateway": pod.Gateway, "MAC": mac,
				"Dumb": map[bool]string{true: "yes"}[dumb], "Nowhere": map[bool]string{true: "yes"}[nowhere], "Left": left,
			},
		}
	},
}
