package exercises

import (
	"fmt"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(tooWide, takenAddresses)

// tooWide: a pod with a mask that covers the pods of the other node looks for
// them on its own bridge.
var tooWide = Exercise{
	Name: "too-wide", Level: 3, Group: "routes",
	Source: []string{"https://github.com/cri-o/cri-o/issues/9103"},
	Make: func(r *Seed) Case {
		cluster, transit, hosts := r.Cluster(), r.Subnet(), r.Hosts(4)
		near, far := cluster.Node(1), cluster.Node(2)
		pod := Pod{Name: r.Name(), Addr: near.CIDR(hosts[0]), Gateway: near.IP(1)}
		beside := Pod{Name: r.Name(), Addr: near.CIDR(hosts[1]), Gateway: near.IP(1)}
		away := Pod{Name: r.Name(), Addr: far.CIDR(hosts[2]), Gateway: far.IP(1), Node: "node2"}
		further := Pod{Name: r.Name(), Addr: far.CIDR(hosts[3]), Gateway: far.IP(1), Node: "node2"}
		// The mask of this pod, or of the one that it calls.
		bad, peer, bridgeOf := pod, away, Host
		if Pick(r, true, false) {
			bad, peer, bridgeOf = away, pod, "node2"
		}
		wide := fmt.Sprintf("%s/%d", bad.IP(), Pick(r, 16, 20, 22))
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Node("node2")
				w.Cable(Host, "eth1", "node2", "eth0")
				w.Addr(Host, "eth1", transit.CIDR(1))
				w.Addr("node2", "eth0", transit.CIDR(2))
				w.Route(Host, far.String()+" via "+transit.IP(2))
				w.Route("node2", near.String()+" via "+transit.IP(1))
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", near.CIDR(1))
				w.Bridge("node2", "cni0")
				w.Addr("node2", "cni0", far.CIDR(1))
				w.BridgePod("cni0", pod, beside, away, further)
			},
			Break: func(w *World) {
				w.Addr(bad.Name, "eth0", wide)
				w.DelAddr(bad.Name, "eth0", bad.Addr)
			},
			Goals: []Check{
				Reaches(pod.Name, away.IP()),
				Reaches(pod.Name, further.IP()),
				Reaches(beside.Name, away.IP()),
			},
			Guards: []Check{
				Reaches(pod.Name, beside.IP()),
				Reaches(away.Name, further.IP()),
				Reaches(beside.Name, further.IP()).Because("these two worked before", "这两个原来是通的"),
				Setting(bridgeOf, "net.ipv4.conf.cni0.proxy_arp", "0").Because("the node answers for everybody on the bridge now, which only hides it", "这是让节点在网桥上替所有人应答，只是把问题盖住"),
			},
			Fix: []change.Change{
				In(bad.Name, "ip addr add "+bad.Addr+" dev eth0"),
				In(bad.Name, "ip addr del "+wide+" dev eth0"),
			},
			Wrong: []Tempting{
				Idea("One pod of the other node is reached now, and no other one.", "对面节点只有这一个 Pod 通了，别的还是不通。",
					In(bad.Name, "ip route add "+peer.IP()+" via "+bad.Gateway)),
				Idea("It works, and the next pod with a wrong mask will not even be noticed.", "通是通了，可下一个掩码配错的 Pod 连发现都发现不了。",
					In(bridgeOf, "sysctl -w net.ipv4.conf.cni0.proxy_arp=1")),
			},
			Causes: []cause.Code{device.WrongNetmask},
			At:     []string{bad.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: away.IP()},
			Vars: map[string]string{
				"Pod": pod.Name, "Beside": beside.Name, "Away": away.Name, "AwayIP": away.IP(), "Further": further.Name,
				"Bad": bad.Name, "BadIP": bad.IP(), "Wide": wide, "Right": bad.Addr, "Peer": peer.IP(), "Gateway": bad.Gateway,
			},
		}
	},
}

// takenAddresses: a container network whose addresses are those of machines on
// the LAN.
var takenAddresses = Exercise{
	Name: "taken-addresses", Level: 3, Group: "routes",
	Source: []string{"https://github.com/projectcalico/calico/issues/2720", "https://github.com/bitwarden/server/issues/947", "https://github.com/kubernetes/minikube/issues/18139"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(1)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		base := Pick(r, 32, 64, 96, 192)
		lan := func(i int) string { return fmt.Sprintf("192.168.6.%d", base+i) }
		block := lan(0) + "/27"
		nas, printer, wiki := lan(8+r.IntN(8)), lan(18+r.IntN(8)), fmt.Sprintf("192.168.6.%d", 168+r.IntN(20))
		bridge := Pick(r, "docker0", "br-tests", "br-build")
		one := Pod{Name: r.Name("build1", "test1", "ci1"), Addr: lan(2) + "/27"}
		two := Pod{Name: strings.TrimSuffix(one.Name, "1") + "2", Addr: lan(3) + "/27"}
		// The node took an address in there, or only a route.
		addressed := Pick(r, true, false)
		fix := In(Host, "ip route del "+block+" dev "+bridge)
		if addressed {
			fix = In(Host, "ip addr del "+lan(1)+"/27 dev "+bridge)
		}
		masquerade := "-t nat -A POSTROUTING -s " + net.String() + " ! -d " + net.String() + " -o eth0 -j MASQUERADE"
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod)
				w.IPTables(Host, masquerade)
				for _, addr := range []string{nas, printer, wiki} {
					w.Addr(Inet, "up0", addr+"/24")
				}
				w.Bridge(Host, bridge)
				for _, c := range []Pod{one, two} {
					w.Netns(c.Name)
					w.Cable(Host, c.NodeDev(), c.Name, "eth0")
					w.Port(Host, c.NodeDev(), bridge)
					w.Addr(c.Name, "eth0", c.Addr)
				}
			},
			Break: func(w *World) {
				if addressed {
					w.Addr(Host, bridge, lan(1)+"/27")
					return
				}
				w.Route(Host, block+" dev "+bridge)
			},
			Goals: []Check{
				Reaches(pod.Name, nas),
				Reaches(Host, printer),
			},
			Guards: []Check{
				Reaches(pod.Name, wiki).Because("the rest of the LAN worked before", "局域网其余的机器原来是通的"),
				Reaches(one.Name, two.IP()).Because("a build is running: the two must go on talking", "构建还在跑，这两个容器不能断"),
			},
			Fix: []change.Change{fix},
			Wrong: []Tempting{
				Idea("That is one address. The others in this block are still looked for on "+bridge+".", "这只管一个地址，这一段里其余的还是往 "+bridge+" 里找。",
					In(Host, "ip route add "+nas+" dev eth0")),
				Idea("It works, and the containers on the bridge have lost each other.", "通是通了，可网桥上的两个容器互相断了。",
					In(Host, "ip link set "+bridge+" down")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: nas},
			Vars: map[string]string{
				"Pod": pod.Name, "NAS": nas, "Printer": printer, "Wiki": wiki, "Bridge": bridge, "Block": block, "One": one.Name, "Two": two.Name,
				"BridgeIP": lan(1), "Addressed": map[bool]string{true: "yes"}[addressed],
			},
		}
	},
}
