package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(talksToItself, unpluggedPort)

// talksToItself: a loopback that nobody set up. A pod's own addresses are
// behind it too.
var talksToItself = Exercise{
	Name: "talks-to-itself", Level: 1, Group: "links",
	Source: []string{"https://github.com/hashicorp/nomad/issues/10014", "https://github.com/kubernetes/kubernetes/issues/28561"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		app := Pick(r, "nginx", "envoy", "redis", "consul")
		// What the colleague tried: both go through lo.
		tried := Pick(r, "127.0.0.1", pod.IP())
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) { w.Down(pod.Name, "lo") },
			Goals: []Check{
				Reaches(pod.Name, "127.0.0.1"),
				Reaches(pod.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(pod.Name, NodeIP).Because("%s was never cut off from the node", "%s 和节点之间本来没有断过", pod.Name),
				Reaches(other.Name, pod.IP()),
			},
			Fix: []change.Change{In(pod.Name, "ip link set lo up")},
			Wrong: []Tempting{
				Idea("An address on eth0 changes nothing: what is local goes through lo, on whatever device its address is.",
					"地址配到 eth0 上也没用：发给本机的包，不管地址在哪块网卡上，都走 lo。",
					In(pod.Name, "ip addr add 127.0.0.1/8 dev eth0")),
				Idea("route_localnet lets 127.0.0.0/8 come in from outside. This packet never leaves the pod.",
					"route_localnet 管的是外面来的 127.0.0.0/8，而这个包根本没出 Pod。",
					In(pod.Name, "sysctl -w net.ipv4.conf.eth0.route_localnet=1")),
			},
			Causes: []cause.Code{device.LoopbackDown},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: tried},
			Vars:   map[string]string{"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Tried": tried, "App": app},
		}
	},
}

// unpluggedPort: the node's end of a pod's cable is no port of the bridge, or
// one of another bridge.
var unpluggedPort = Exercise{
	Name: "unplugged-port", Level: 1, Group: "links",
	Source: []string{"https://github.com/moby/moby/issues/26492", "https://github.com/weaveworks/weave/issues/2097"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		old := Pick(r, "br0", "docker0", "cbr0")
		// Plugged in nowhere, or into the bridge that is not used any more.
		master := Pick(r, "", old)
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, old)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", pod, other)
			},
			Break: func(w *World) { w.Port(Host, pod.NodeDev(), master) },
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				Reaches(Host, other.IP()),
			},
			Fix: []change.Change{In(Host, "ip link set "+pod.NodeDev()+" master cni0")},
			Wrong: []Tempting{
				Idea("A route brings the node's packets to the pod, but no frame of the bridge.",
					"路由只能把节点的包送到 Pod，网桥里的帧还是到不了。",
					In(Host, "ip route add "+pod.IP()+" dev "+pod.NodeDev())),
				Idea("The device is up. What it lacks is its place in the bridge.",
					"网卡本来就是启用的，缺的是它在网桥上的位置。",
					In(Host, "ip link set "+pod.NodeDev()+" down"), In(Host, "ip link set "+pod.NodeDev()+" up")),
			},
			// The node answers for its address on every device (arp_ignore=0), so the
			// request arrives: the reply is what gets lost in cni0.
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Veth": pod.NodeDev(), "Gateway": net.IP(1), "Old": old, "Master": master,
			},
		}
	},
}
