package exercises

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(layerBelow, walledIn, deafHost)

// callIPTables is there as long as br_netfilter is.
const callIPTables = "net.bridge.bridge-nf-call-iptables"

// layerBelow: a module was loaded, and rules for routed packets meet those of a bridge.
var layerBelow = Exercise{
	Name: "layer-below", Level: 3, Group: "forwarding",
	Source: []string{"https://github.com/docker/for-linux/issues/949", "https://github.com/moby/moby/issues/48365"},
	Needs:  callIPTables,
	Make: func(r *Seed) Case {
		net, elsewhere, hosts := r.Subnet(), r.Subnet(), r.Hosts(3)
		shop := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		db := Pod{Name: r.Name("db", "postgres", "mysql", "redis"), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		guest := Pod{Name: r.Name("guest", "tester", "intern"), Addr: elsewhere.CIDR(hosts[2])}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", shop, db)
				w.ProxyPod(guest)
				w.IPTables(Host, "-P FORWARD DROP")
				w.IPTables(Host, "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
			},
			Break: func(w *World) { w.Sysctl(Host, callIPTables, "1") },
			Goals: []Check{Reaches(shop.Name, db.IP()), Reaches(db.Name, shop.IP())},
			Guards: []Check{
				Blocked(guest.Name, db.IP()).Because("the firewall is open now, and %s is let in", "防火墙敞开了，%s 也进得来", guest.Name),
				Policy(Host, "FORWARD").Because("what nobody allowed must stay forbidden", "没有明确放行的，就该拦住"),
				Setting(Host, callIPTables, "1").Because("the services of this node need it", "这个节点上的 Service 要靠它"),
				Reaches(shop.Name, NodeIP),
				Reaches(guest.Name, NodeIP),
			},
			Fix: []change.Change{In(Host, "iptables -I FORWARD -i cni0 -o cni0 -j ACCEPT")},
			Also: [][]change.Change{
				{In(Host, "nft insert rule ip filter FORWARD ip saddr "+net.String()+" ip daddr "+net.String()+" counter accept")},
				{In(Host, "iptables -A FORWARD -s "+net.String()+" -d "+net.String()+" -j ACCEPT")},
			},
			Wrong: []Tempting{
				tempted("It works, and the next service on this node does not.", "是通了，可这个节点上的下一个 Service 就不通了。", In(Host, "sysctl -w "+callIPTables+"=0")),
				tempted("That lets everybody in.", "这样谁都进得来。", In(Host, "iptables -P FORWARD ACCEPT")),
				tempted("A bridged packet comes in by cni0, as these rules see it, not by its port.", "在这些规则眼里，网桥的包是从 cni0 进来的，不是从端口进来的。",
					In(Host, "iptables -I FORWARD -i "+shop.NodeDev()+" -j ACCEPT"), In(Host, "iptables -I FORWARD -i "+db.NodeDev()+" -j ACCEPT")),
			},
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: shop.Name, Ping: db.IP(), FDB: "cni0"},
			Vars: map[string]string{
				"Shop": shop.Name, "DB": db.Name, "DBIP": db.IP(), "Guest": guest.Name, "Net": net.String(),
			},
		}
	},
}

// walledIn: all ports of a bridge are isolated, but two pods have to talk. Which of
// the two is freed decides whom the third one reaches.
var walledIn = Exercise{
	Name: "walled-in", Level: 2, Group: "links",
	Source: []string{"https://github.com/containers/netavark/issues/1009", "https://github.com/containernetworking/plugins/issues/1135", "https://github.com/moby/moby/issues/48356"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		shop := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		db := Pod{Name: r.Name("db", "postgres", "mysql", "redis"), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		guest := Pod{Name: r.Name("guest", "tester", "intern"), Addr: net.CIDR(hosts[2]), Gateway: net.IP(1)}
		free := func(p Pod) change.Change {
			return change.PortSet{Netns: Host, Dev: p.NodeDev(), Settings: []change.PortSetting{{Name: "isolated", Value: "off"}}}
		}
		return Case{
			Build: func(w *World) {
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", shop, db, guest)
				w.Isolate(Host, db.NodeDev())
				w.Isolate(Host, guest.NodeDev())
			},
			Break: func(w *World) { w.Isolate(Host, shop.NodeDev()) },
			Goals: []Check{Reaches(shop.Name, db.IP()), Reaches(db.Name, shop.IP())},
			Guards: []Check{
				Blocked(guest.Name, db.IP()).Because("%s reaches %s now: that is what the isolation is there against", "%s 现在碰得到 %s，隔离防的正是这个", guest.Name, db.Name),
				Reaches(guest.Name, NodeIP),
				Reaches(shop.Name, NodeIP),
			},
			Fix:  []change.Change{free(shop)},
			Also: [][]change.Change{{In(Host, "ip link set "+shop.NodeDev()+" nomaster"), In(Host, "ip link set "+shop.NodeDev()+" master cni0")}},
			Wrong: []Tempting{
				tempted("The two talk, and the guest talks to the database as well: a port that is not isolated is open to all.", "两边是通了，可 guest 也碰得到数据库：没被隔离的端口对谁都开着。", free(db)),
				tempted("Its address is learned well. Frames for it are not let out.", "地址学得好好的，只是帧不让出去。",
					In(Host, "ip link set "+shop.NodeDev()+" down"), In(Host, "ip link set "+shop.NodeDev()+" up")),
				tempted("Between two ports of a bridge nothing is routed.", "同一网桥的两个端口之间不经路由。", In(Host, "sysctl -w net.ipv4.ip_forward=1")),
			},
			Causes: []cause.Code{cause.NeighbourUnanswered},
			At:     []string{shop.Name},
			Watch:  steps.Watch{Netns: shop.Name, Ping: db.IP(), FDB: "cni0"},
			Vars: map[string]string{
				"Shop": shop.Name, "ShopIP": shop.IP(), "DB": db.Name, "DBIP": db.IP(), "Guest": guest.Name, "Veth": shop.NodeDev(), "DBVeth": db.NodeDev(),
			},
		}
	},
}

// deafHost: the node and its own macvlan pod do not hear each other, because the way
// past the parent is gone.
var deafHost = Exercise{
	Name: "deaf-host", Level: 2, Group: "return",
	Source: []string{"https://github.com/nasty-project/nasty/issues/448", "https://github.com/docker/docs/pull/5394"},
	Make: func(r *Seed) Case {
		lan := Subnet{Prefix: netip.MustParsePrefix("192.168.6.0/24")}
		pod := Pod{Name: r.Name(), Addr: lan.CIDR(10 + r.IntN(100))} // below the node's own address
		shim := Pick(r, "mac0", "shim0", "macvlan0")
		// The route alone was lost, or it was made by the parent.
		parent := Pick(r, false, true)
		return Case{
			Build: func(w *World) {
				w.Netns(pod.Name)
				w.Macvlan(Host, "eth0", pod.Name, "eth0")
				w.Addr(pod.Name, "eth0", pod.Addr)
				w.Up(pod.Name, "eth0")
				w.Macvlan(Host, "eth0", Host, shim)
				w.Up(Host, shim)
				w.Route(Host, pod.IP()+" dev "+shim)
			},
			Break: func(w *World) {
				w.DelRoute(Host, pod.IP()+" dev "+shim)
				if parent {
					w.Route(Host, pod.IP()+" dev eth0")
				}
			},
			Goals: []Check{Reaches(pod.Name, NodeIP), Reaches(Host, pod.IP())},
			Guards: []Check{
				Reaches(pod.Name, Router).Because("%s was never cut off from the network", "%s 和局域网之间本来没有断过", pod.Name),
				Reaches(Host, Router).Because("the node needs its network", "节点自己也要上网"),
			},
			Fix: []change.Change{In(Host, "ip route replace "+pod.IP()+" dev "+shim)},
			Wrong: []Tempting{
				tempted("The answer is right: it is the sibling's. What is sent back takes the other card.", "学到的是对的，是兄弟的 MAC。走错的是回去的包。",
					In(pod.Name, "ip neigh flush all"), In(Host, "ip neigh flush all")),
				tempted("It is the parent that does not hear its child, whatever it is told to do with packets.", "父设备就是听不见子设备，跟它怎么处理包无关。",
					In(Host, "sysctl -w net.ipv4.ip_forward=1"), In(Host, "sysctl -w net.ipv4.conf.eth0.proxy_arp=1")),
			},
			Causes: []cause.Code{cause.NoReturnRoute},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars:   map[string]string{"Pod": pod.Name, "PodIP": pod.IP(), "Shim": shim, "Parent": word(parent)},
		}
	},
}
