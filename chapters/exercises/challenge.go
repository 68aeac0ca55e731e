package exercises

import (
	"slices"

	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(beTheCNI)

// beTheCNI begins with two empty namespaces. How they become pods is nobody's
// business but the learner's.
var beTheCNI = Exercise{
	Name: "be-the-cni", Level: Challenge, Group: "challenge",
	Source: []string{"https://www.cni.dev/docs/spec/", "https://kubernetes.io/docs/concepts/services-networking/"},
	Make: func(r *Seed) Case {
		const a, b = "pod-a", "pod-b"
		net, hosts := r.Subnet(), r.Hosts(2)
		ipA, ipB := net.IP(hosts[0]), net.IP(hosts[1])
		return Case{
			Build: func(w *World) { w.Empty(a, b) },
			Goals: []Check{
				HasAddr(a, ipA), HasAddr(b, ipB),
				Reaches(a, "127.0.0.1"), Reaches(b, "127.0.0.1"),
				Reaches(Host, ipA), Reaches(Host, ipB),
				Reaches(a, NodeIP), Reaches(b, NodeIP),
				Reaches(a, ipB), Reaches(b, ipA),
				SeenAs(a, b, ipB, ipA).Because("between pods nothing is to be rewritten", "Pod 之间不该改写源地址"),
				Reaches(a, Web), Reaches(b, Web),
			},
			Guards: []Check{
				Reaches(Host, Web).Because("the node must not lose its own way out", "节点自己的出路不能断"),
				HasAddr(Host, NodeIP),
				NoRouteTo(Inet, ipA).Because("the router outside is not yours", "外面的路由器不归你管"),
				NoRouteTo(Inet, ipB).Because("the router outside is not yours", "外面的路由器不归你管"),
			},
			Fix: bridged(net, a, ipA, b, ipB), Signs: bridgedSigns(net, a, ipA, b, ipB),
			Also: [][]change.Change{routedPods(net, a, ipA, b, ipB)},
			Wrong: []Tempting{
				Idea("Nobody lets you write routes into the routers of the world.", "外面的路由器，没人会让你往里写路由。",
					append(slices.Clip(bridged(net, a, ipA, b, ipB)[:bridgedInside]), In(Inet, "ip route add "+net.String()+" via "+NodeIP))...),
			},
			Watch: steps.Watch{Netns: a, Ping: ipB},
			Vars:  map[string]string{"A": a, "B": b, "IPA": ipA, "IPB": ipB, "Net": net.String(), "Node": NodeIP, "Web": Web},
		}
	},
}

// bridgedInside is how many of bridged's lines are about the inside.
const bridgedInside = 14

// bridged is the way of the plugin called bridge.
func bridged(net Subnet, a, ipA, b, ipB string) []change.Change {
	lines := []change.Change{
		In(Host, "ip link add cni0 type bridge"),
		In(Host, "ip addr add "+net.CIDR(1)+" dev cni0"),
		In(Host, "ip link set cni0 up"),
		In(Host, "sysctl -w net.ipv4.ip_forward=1"),
	}
	for _, p := range []struct{ pod, ip string }{{a, ipA}, {b, ipB}} {
		pod, ip := p.pod, p.ip
		lines = append(lines,
			In(Host, "ip link add veth-"+pod+" type veth peer name eth0 netns "+pod),
			In(Host, "ip link set veth-"+pod+" master cni0 up"),
			In(pod, "ip link set lo up && ip link set eth0 up"),
			In(pod, "ip addr add "+ip+"/24 dev eth0"),
			In(pod, "ip route add default via "+net.IP(1)),
		)
	}
	return append(lines, In(Host, "iptables -t nat -A POSTROUTING -s "+net.String()+" ! -d "+net.String()+" -j MASQUERADE"))
}

// bridgedSigns say of each line of bridged whether it has been done.
func bridgedSigns(net Subnet, a, ipA, b, ipB string) []Check {
	signs := []Check{
		HasLink(Host, Link{Name: "cni0"}), HasAddr(Host, net.IP(1)), HasLink(Host, Link{Name: "cni0", Up: true}), Setting(Host, "net.ipv4.ip_forward", "1"),
	}
	for _, p := range []struct{ pod, ip string }{{a, ipA}, {b, ipB}} {
		signs = append(signs,
			HasLink(Host, Link{Name: "veth-" + p.pod}), HasLink(Host, Link{Name: "veth-" + p.pod, Up: true, Master: "cni0"}),
			HasLink(p.pod, Link{Name: "eth0", Up: true}),
			HasAddr(p.pod, p.ip), HasRoute(p.pod, Route{Dst: "default", Via: net.IP(1), Dev: "eth0"}))
	}
	return append(signs, Masqueraded(Host, net.Prefix))
}

// routedPods is the way of Calico.
func routedPods(net Subnet, a, ipA, b, ipB string) []change.Change {
	lines := []change.Change{In(Host, "sysctl -w net.ipv4.ip_forward=1")}
	for _, p := range []struct{ pod, ip string }{{a, ipA}, {b, ipB}} {
		pod, ip := p.pod, p.ip
		lines = append(lines,
			In(Host, "ip link add veth-"+pod+" type veth peer name eth0 netns "+pod),
			In(Host, "ip link set veth-"+pod+" up"),
			In(Host, "sysctl -w net.ipv4.conf.veth-"+pod+".proxy_arp=1"),
			In(Host, "ip route add "+ip+" dev veth-"+pod),
			In(pod, "ip link set lo up && ip link set eth0 up"),
			In(pod, "ip addr add "+ip+"/32 dev eth0"),
			In(pod, "ip route add default via "+CalicoGateway+" dev eth0 onlink"),
		)
	}
	return append(lines, In(Host, "iptables -t nat -A POSTROUTING -s "+net.String()+" -o eth0 -j MASQUERADE"))
}
