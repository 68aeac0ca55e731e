package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(afterTheReboot)

// afterTheReboot: what was only ever typed, and never written down, is gone:
// forwarding, and behind it the rule that rewrites sources.
var afterTheReboot = Exercise{
	Name: "after-the-reboot", Level: 4, Group: "nat",
	Source: []string{"https://github.com/NixOS/nixpkgs/issues/118656", "https://github.com/moby/moby/issues/12294", "https://github.com/containers/podman/issues/399"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		masquerade := "-t nat -A POSTROUTING -s " + net.String() + " ! -d " + net.String() + " -o eth0 -j MASQUERADE"
		gone := "-t nat -D POSTROUTING -s " + net.String() + " ! -d " + net.String() + " -o eth0 -j MASQUERADE"
		wrongDoor := "-t nat -A POSTROUTING -s " + net.String() + " ! -d " + net.String() + " -o eth1 -j MASQUERADE"
		// The rule is gone, or it came back for a device of another name.
		renamed := Pick(r, true, false)
		forward := In(Host, "sysctl -w net.ipv4.ip_forward=1")
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
				w.IPTables(Host, masquerade)
			},
			Break: func(w *World) {
				w.Sysctl(Host, "net.ipv4.ip_forward", "0")
				w.IPTables(Host, gone)
				if renamed {
					w.IPTables(Host, wrongDoor)
				}
			},
			Goals: []Check{
				Reaches(pod.Name, Web),
				Reaches(other.Name, Web),
				SeenAs(pod.Name, other.Name, other.IP(), pod.IP()).Because("between pods nothing is to be rewritten", "Pod 之间不该改写源地址"),
			},
			Guards: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(Host, other.IP()),
				Reaches(Host, Web),
				NoRouteTo(Inet, pod.IP()).Because("the router outside is not yours", "外面的路由器不归你管"),
			},
			Fix:   []change.Change{forward, In(Host, "iptables "+masquerade)},
			First: 1,
			Also: [][]change.Change{{
				In(Host, "for f in /proc/sys/net/ipv4/conf/*/forwarding; do echo 1 > $f; done"),
				In(Host, "iptables -t nat -I POSTROUTING -o eth0 -j SNAT --to-source "+NodeIP),
			}},
			Wrong: []Tempting{
				Idea("The pods see each other as the node's address now.", "这样一来，Pod 之间看到的都是节点的地址。",
					forward, In(Host, "iptables -t nat -A POSTROUTING -j MASQUERADE")),
				Idea("Nobody lets you write routes into the routers of the world.", "外面的路由器，没人会让你往里写路由。",
					forward, In(Inet, "ip route add "+net.String()+" via "+NodeIP)),
			},
			Causes: []cause.Code{cause.ForwardingOff, cause.NotMasqueraded},
			At:     []string{Host, Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: Web},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Web": Web, "Net": net.String(),
				"Renamed": map[bool]string{true: "yes"}[renamed],
			},
		}
	},
}
