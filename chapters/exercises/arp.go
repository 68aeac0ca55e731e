package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(nobodyIsGateway, wrongNumber, silentProxy)

// nobodyIsGateway: the gateway's address is missing on the node's end of the
// cable.
var nobodyIsGateway = Exercise{
	Name: "nobody-is-the-gateway", Level: 1, Group: "arp",
	Source: []string{"https://github.com/projectcalico/calico/issues/11800"},
	Make: func(r *Seed) Case {
		net, elsewhere, hosts := r.Subnet(), r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name("coredns", "dns", "resolver"), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: elsewhere.CIDR(hosts[1]), Gateway: elsewhere.IP(1)}
		// The address was never given, or it is another one.
		mistaken := Pick(r, "", net.IP(2), net.IP(254))
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
			},
			Break: func(w *World) {
				w.DelAddr(Host, pod.NodeDev(), pod.Gateway+"/32")
				if mistaken != "" {
					w.Addr(Host, pod.NodeDev(), mistaken)
				}
				// The route went away with the device's last address.
				w.ReplaceRoute(Host, pod.IP()+" dev "+pod.NodeDev())
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, other.IP()),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
			},
			Fix: []change.Change{In(Host, "ip addr add "+pod.Gateway+"/32 dev "+pod.NodeDev())},
			Wrong: []Tempting{
				Idea("Without a gateway the pod asks for every address itself. The node answers for its own, and for no other pod's.",
					"没有网关，Pod 就得挨个去问每个地址；节点只替自己应答，不替别的 Pod 应答。",
					In(pod.Name, "ip route replace default dev eth0")),
				Idea("Asking again does not help: nobody has the address that is asked for.",
					"再问一遍也没用：被问的那个地址谁也没有。",
					In(pod.Name, "ip neigh flush all"), In(Host, "ip neigh flush dev "+pod.NodeDev())),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "OtherIP": other.IP(), "Veth": pod.NodeDev(), "Gateway": pod.Gateway, "Mistaken": mistaken,
			},
		}
	},
}

// wrongNumber: a permanent neighbour has a MAC address that nobody has any
// more.
var wrongNumber = Exercise{
	Name: "wrong-number", Level: 2, Group: "arp",
	Source: []string{"https://github.com/containernetworking/plugins/issues/858", "https://github.com/flannel-io/flannel/issues/1155"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		mac := "02:6e:73:5" + Pick(r, "1", "2", "3", "4") + ":0" + Pick(r, "5", "6", "7") + ":" + Pick(r, "a8", "b9", "ca")
		// The node's end has a new address, which the pod was not told; or the
		// node still has the one of the pod that had this IP before.
		inPod := Pick(r, true, false)
		at, table := Host, pod.IP()+" dev "+pod.NodeDev()
		fix := []change.Change{In(Host, "ip neigh del "+pod.IP()+" dev "+pod.NodeDev())}
		wrong := Idea("flush leaves PERMANENT entries alone, unless it is told to take them.", "flush 不动 PERMANENT 的条目，除非指名要删。",
			In(Host, "ip neigh flush dev "+pod.NodeDev()), In(pod.Name, "ip neigh flush dev eth0"))
		if inPod {
			at, table = pod.Name, CalicoGateway+" dev eth0"
			fix = []change.Change{In(pod.Name, "ip neigh replace "+CalicoGateway+" lladdr "+mac+" dev eth0 nud permanent")}
			wrong = Idea("Then the pod asks, and nobody answers: no device on the node has "+CalicoGateway+".",
				"删掉之后 Pod 改用 ARP 去问，可节点上谁也没有 "+CalicoGateway+"，没人应答。",
				In(pod.Name, "ip neigh del "+CalicoGateway+" dev eth0"))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.StaticPod(pod, other)
			},
			Break: func(w *World) {
				if inPod {
					w.SetMAC(Host, pod.NodeDev(), mac)
					return
				}
				w.Neigh(Host, pod.IP(), mac, pod.NodeDev())
			},
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				Reaches(Host, other.IP()),
			},
			Fix:    fix,
			Wrong:  []Tempting{wrong},
			Causes: []cause.Code{cause.NeighbourWrongMAC},
			At:     []string{at},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Veth": pod.NodeDev(), "Gateway": CalicoGateway,
				"MAC": mac, "Netns": at, "Entry": table, "InPod": map[bool]string{true: "yes"}[inPod],
			},
		}
	},
}

// silentProxy: the node's end of the cable should answer for the gateway, and
// does not: it may not forward, or its proxy ARP is off.
var silentProxy = Exercise{
	Name: "silent-proxy", Level: 2, Group: "arp",
	Source: []string{"https://github.com/projectcalico/cni-plugin/issues/283"},
	Make: func(r *Seed) Case {
		net, store, hosts := r.Subnet(), r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0])}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1])}
		storage := r.Name("storage", "backup", "nas")
		conf := "net.ipv4.conf." + pod.NodeDev() + "."
		// Both make the kernel keep silent (arp_process, arp_fwd_proxy).
		key := Pick(r, "forwarding", "proxy_arp")
		code, at := cause.ProxyARPNeedsForwarding, Host
		wide := Idea("It works, but this switch sets all devices: the storage network is forwarded, too.",
			"通是通了，但这个开关把所有网卡都打开了，存储网也跟着被转发。",
			In(Host, "sysctl -w net.ipv4.ip_forward=0"), In(Host, "sysctl -w net.ipv4.ip_forward=1"))
		if key == "proxy_arp" {
			code, at = cause.NeighbourUnanswered, pod.Name
			wide = Idea("It works, but now the node answers on every network for everybody's addresses.",
				"通是通了，但节点从此在每个网络上替所有人应答。",
				In(Host, "sysctl -w net.ipv4.conf.all.proxy_arp=1"))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Netns(storage)
				w.Cable(Host, "eth1", storage, "eth0")
				w.Addr(Host, "eth1", store.CIDR(1))
				w.Addr(storage, "eth0", store.CIDR(2))
				w.Route(storage, "default via "+store.IP(1))
				w.Sysctl(Host, "net.ipv4.conf.eth1.forwarding", "0")
				w.ProxyPod(pod, other)
			},
			Break: func(w *World) { w.Sysctl(Host, conf+key, "0") },
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, other.IP()),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				Blocked(storage, other.IP()).Because("what comes in at eth1 is forwarded now; the hardening forbids that", "从 eth1 进来的现在也转发了，而加固规范不允许"),
				Setting(Host, "net.ipv4.conf.all.proxy_arp", "0").Because("the node must not answer for others on every network", "节点不能在每个网络上都替别人应答"),
			},
			Fix: []change.Change{In(Host, "sysctl -w "+conf+key+"=1")},
			Wrong: []Tempting{
				Idea("It is 1 already, and writing the same value again changes no device.", "它本来就是 1，写一个同样的值，哪块网卡也不会变。",
					In(Host, "sysctl -w net.ipv4.ip_forward=1")),
				wide,
			},
			Causes: []cause.Code{code},
			At:     []string{at},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Storage": storage, "StorageNet": store.String(),
				"Veth": pod.NodeDev(), "Key": conf + key, "Forwarding": map[bool]string{true: "yes"}[key == "forwarding"],
			},
		}
	},
}
