package exercises

import (
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(halfAttached, givenTwice, leftBehind)

// halfAttached: a plugin gave a pod a card and an address, and no route to what is not
// on its bridge.
var halfAttached = Exercise{
	Name: "half-attached", Level: 1, Group: "routes",
	Source: []string{
		"https://github.com/containernetworking/cni/issues/27", "https://github.com/containernetworking/cni/issues/623",
		"https://github.com/containernetworking/cni/issues/852",
	},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		gateway := net.IP(1)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: gateway}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: gateway}
		// The configuration names no route, or only that to the nodes.
		narrow := Pick(r, false, true)
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", pod, other)
				w.IPTables(Host, "-t nat -A POSTROUTING -s "+net.String()+" -o eth0 -j MASQUERADE")
			},
			Break: func(w *World) {
				w.DelRoute(pod.Name, "default")
				if narrow {
					w.Route(pod.Name, "192.168.6.0/24 via "+gateway+" dev eth0")
				}
			},
			Goals: []Check{Reaches(pod.Name, Web), Reaches(pod.Name, NodeIP)},
			Guards: []Check{
				Reaches(pod.Name, other.IP()).Because("the two share a bridge, and always reached each other", "两者在同一个网桥上，一直是通的"),
				Reaches(other.Name, Web).Because("%s was never cut off", "%s 本来没有断过", other.Name),
				Reaches(Host, pod.IP()),
			},
			Fix: []change.Change{In(pod.Name, "ip route add default via "+gateway)},
			Also: [][]change.Change{
				{In(pod.Name, "ip route add 203.0.113.0/24 via "+gateway), In(pod.Name, "ip route replace 192.168.6.0/24 via "+gateway)},
			},
			Wrong: []Tempting{
				Idea("Without a gateway the pod asks on its bridge for addresses that are not there. The node answers for its own alone.",
					"不写网关，Pod 就会在网桥上询问不在这里的地址，节点只替自己的地址应答。", In(pod.Name, "ip route add default dev eth0")),
				Idea("The neighbour is a pod like this one: it forwards nothing.", "旁边那个也只是个 Pod，不会转发。",
					In(pod.Name, "ip route add default via "+other.IP())),
				Idea("The source is translated where packets pass. None has left the pod.", "包经过的地方才改写源地址，可现在一个包也没出 Pod。",
					In(Host, "iptables -t nat -A POSTROUTING -j MASQUERADE")),
			},
			Causes: []cause.Code{cause.NoRoute},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Ping: Web},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Gateway": gateway, "Web": Web, "NodeIP": NodeIP, "Narrow": word(narrow),
			},
		}
	},
}

// givenTwice: the list of addresses that were given out is lost, and the next pod gets
// one that is in use.
var givenTwice = Exercise{
	Name: "given-twice", Level: 3, Group: "arp",
	Source: []string{
		"https://github.com/kubernetes-retired/kube-aws/issues/60", "https://github.com/kubernetes/kubernetes/issues/43910",
		"https://github.com/projectcalico/calicoctl/issues/1523",
	},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		gateway := net.IP(1)
		client := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: gateway}
		shop := Pod{Name: r.Name("shop", "wiki", "grafana"), Addr: net.CIDR(hosts[1]), Gateway: gateway}
		fresh := Pod{Name: r.Name("batch", "cron", "report"), Addr: net.CIDR(hosts[2]), Gateway: gateway}
		move := func(pod, from, to string) []change.Change {
			return []change.Change{
				In(pod, "ip addr del "+from+" dev eth0"), In(pod, "ip addr add "+to+" dev eth0"), In(pod, "ip route add default via "+gateway),
			}
		}
		forget := In(client.Name, "ip neigh del "+shop.IP()+" dev eth0")
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", client, shop, fresh)
				w.Serve(shop.Name, 80)
			},
			Break: func(w *World) {
				w.DelAddr(fresh.Name, "eth0", fresh.Addr)
				w.Addr(fresh.Name, "eth0", shop.Addr)
				w.Route(fresh.Name, "default via "+gateway+" dev eth0")
				// Its plugin has announced it, as they do.
				w.StaleNeigh(client.Name, shop.IP(), w.MAC(fresh.Name, "eth0"), "eth0")
			},
			Goals: []Check{Fetches(client.Name, shop.IP()), Reaches(client.Name, fresh.IP())},
			Guards: []Check{
				HasAddr(shop.Name, shop.IP()).Because("its clients know it by %s", "客户端认的就是 %s", shop.IP()),
				Reaches(client.Name, NodeIP), Reaches(fresh.Name, gateway).Because("%s is wanted as well", "%s 也是要用的", fresh.Name),
			},
			Fix: append(move(fresh.Name, shop.Addr, fresh.Addr), forget),
			Wrong: []Tempting{
				Idea("The other way round: those who know the address find a pod that serves nothing.", "弄反了：认得这个地址的客户端，找到的是一个什么都不提供的 Pod。",
					append(move(shop.Name, shop.Addr, fresh.Addr), forget)...),
				Idea("Who is asked again answers again: there are two.", "再问一遍，还是会有两个来应答。", forget),
				Idea("One less on the bridge, and that one is wanted too.", "网桥上少了一个，可那个也是要用的。",
					In(fresh.Name, "ip link set eth0 down"), forget),
			},
			Causes: []cause.Code{cause.DuplicateAddress},
			At:     []string{fresh.Name},
			Watch:  steps.Watch{Netns: client.Name, Get: "http://" + shop.IP(), FDB: "cni0"},
			Vars: map[string]string{
				"Client": client.Name, "Shop": shop.Name, "ShopIP": shop.IP(), "Fresh": fresh.Name, "Free": fresh.IP(), "Gateway": gateway,
			},
		}
	},
}

// leftBehind: a pod went, and the rule of its published port stayed, before that of the
// pod which came after it.
var leftBehind = Exercise{
	Name: "left-behind", Level: 3, Group: "nat",
	Source: []string{
		"https://github.com/containernetworking/plugins/issues/683", "https://github.com/moby/moby/issues/30558",
	},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(4)
		gateway := net.IP(1)
		client := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: gateway}
		web := Pod{Name: r.Name("shop", "wiki", "grafana"), Addr: net.CIDR(hosts[1]), Gateway: gateway}
		second := Pod{Name: r.Name("registry", "proxy", "mirror"), Addr: net.CIDR(hosts[2]), Gateway: gateway}
		gone := net.IP(hosts[3])
		port, other := Pick(r, 8080, 8126, 9090), 5000
		// Nobody has the address yet, or the next pod got it.
		heir := Pod{Name: r.Name(), Addr: net.CIDR(hosts[3]), Gateway: gateway}
		reused := Pick(r, false, true)
		code, at := cause.DestinationAbsent, Host
		if reused {
			code, at = service.NotListening, heir.Name
		}
		publish := func(verb string, port int, to string) string {
			return "-t nat " + verb + " PREROUTING -d " + NodeIP + " -p tcp --dport " + strconv.Itoa(port) + " -j DNAT --to-destination " + to + ":80"
		}
		published := NodeIP + ":" + strconv.Itoa(port)
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", client, web, second)
				if reused {
					w.BridgePod("cni0", heir)
				}
				w.Serve(web.Name, 80)
				w.Serve(second.Name, 80)
				w.IPTables(Host, publish("-A", port, web.IP()))
				w.IPTables(Host, publish("-A", other, second.IP()))
			},
			Break: func(w *World) { w.IPTables(Host, publish("-I", port, gone)) },
			Goals: []Check{Fetches(Inet, published)},
			Guards: []Check{
				Fetches(Inet, NodeIP+":"+strconv.Itoa(other)).Because("%s is published too", "%s 的端口也是公开的", second.Name),
				Fetches(client.Name, web.IP()), Reaches(client.Name, gateway),
			},
			Fix: []change.Change{In(Host, "iptables "+publish("-D", port, gone))},
			Also: [][]change.Change{
				{In(Host, "iptables "+publish("-I", port, web.IP()))},
			},
			Wrong: []Tempting{
				Idea("The rule is there already, and stands behind the one that decides.", "这条规则本来就有，只是排在说了算的那条后面。",
					In(Host, "iptables "+publish("-A", port, web.IP()))),
				Idea("Nothing is dropped: it is sent to the wrong place.", "什么都没丢，是送错了地方。", In(Host, "iptables -I FORWARD -j ACCEPT")),
				Idea("That takes the other published port away, too.", "这样另一个公开的端口也没了。",
					In(Host, "iptables -t nat -F PREROUTING"), In(Host, "iptables "+publish("-A", port, web.IP()))),
			},
			Causes: []cause.Code{code},
			At:     []string{at},
			Watch:  steps.Watch{Netns: Inet, Get: "http://" + published, Rules: Host, Flows: Host},
			Vars: map[string]string{
				"Web": web.Name, "WebIP": web.IP(), "Second": second.Name, "Gone": gone, "Port": strconv.Itoa(port), "NodeIP": NodeIP,
				"Heir": heir.Name, "Reused": word(reused), "Client": client.Name,
			},
		}
	},
}
