package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(deadVeth)

// deadVeth: somebody left one end of a pod's cable down.
var deadVeth = Exercise{
	Name: "dead-veth", Level: 1, Group: "links",
	Source: []string{"https://github.com/containernetworking/cni/issues/61"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		// Which end it is, the kernel shows on both: DOWN here, NO-CARRIER there.
		down := Pick(r, steps.Dev{Netns: Host, Name: pod.NodeDev()}, steps.Dev{Netns: pod.Name, Name: "eth0"})
		fix := []change.Change{In(down.Netns, "ip link set "+down.Name+" up")}
		if down.Netns == pod.Name {
			// A device that is set down forgets its routes (fib_disable_ip).
			fix = append(fix, In(pod.Name, "ip route add default via "+pod.Gateway+" dev eth0 onlink"))
		} else {
			fix = append(fix, In(Host, "ip route add "+pod.IP()+" dev "+pod.NodeDev()))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) { w.Down(down.Netns, down.Name) },
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
			},
			Fix: fix,
			Wrong: []Tempting{
				Idea("No table is stale: no frame passes a device that is down.", "没有哪张表是旧的：网卡没启用，什么帧都过不去。",
					In(pod.Name, "ip route flush cache"), In(Host, "ip neigh flush dev "+pod.NodeDev())),
			},
			Causes: []cause.Code{cause.LinkDown},
			At:     []string{down.Netns},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars:   map[string]string{"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Veth": pod.NodeDev(), "Netns": down.Netns, "Dev": down.Name},
		}
	},
}
