package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(lostHostRoute, strictReversePath, twoWaysBack)

// lostHostRoute: the node forgot where one of its pods is, so requests arrive
// and replies go out the wrong door.
var lostHostRoute = Exercise{
	Name: "lost-host-route", Level: 2, Group: "return",
	Source: []string{"https://github.com/projectcalico/calico/issues/4779", "https://github.com/kubernetes-sigs/kubespray/issues/723"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		// What catches the reply then: the default route, or the blackhole that
		// Calico keeps for those of its addresses that no pod has.
		blackhole := Pick(r, false, true)
		code := cause.NoReturnRoute
		if blackhole {
			code = cause.RouteBlackhole
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(pod, other)
				if blackhole {
					w.Route(Host, "blackhole "+net.String())
				}
			},
			Break: func(w *World) { w.DelRoute(Host, pod.IP()+" dev "+pod.NodeDev()) },
			Goals: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(other.Name, pod.IP()),
			},
			Guards: []Check{
				Reaches(other.Name, NodeIP).Because("%s worked before", "%s 原来是通的", other.Name),
				HasRoute(Host, Route{Dst: "default", Via: Router}).Because("the node itself needs it", "节点自己要用它"),
			},
			Fix: []change.Change{In(Host, "ip route add "+pod.IP()+" dev "+pod.NodeDev())},
			Wrong: []Tempting{
				tempted("The pod's tables were right: its packets do arrive.", "Pod 里的表没有错：它的包确实到了节点。",
					In(pod.Name, "ip route replace default via "+net.IP(1)+" dev eth0 onlink"), In(pod.Name, "ip neigh flush all")),
				tempted("ARP works already. It is the node that does not know where to send the reply.", "ARP 早就通了，是节点不知道应答该往哪儿送。",
					In(Host, "sysctl -w net.ipv4.conf."+pod.NodeDev()+".proxy_arp=1")),
			},
			Causes: []cause.Code{code},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: NodeIP},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Veth": pod.NodeDev(), "Net": net.String(),
				"Blackhole": word(blackhole),
			},
		}
	},
}

// asymmetric is a cluster whose nodes are joined by a second cable, eth2 to
// eth2: requests of the pod a take the first one, replies the second one.
type asymmetric struct {
	cluster
	second         Subnet
	hostIP2, node2 string
}

func newAsymmetric(r *Seed) asymmetric {
	a := asymmetric{cluster: newCluster(r), second: r.Subnet()}
	hosts := r.Hosts(2)
	a.hostIP2, a.node2 = a.second.IP(hosts[0]), a.second.IP(hosts[1])
	return a
}

func (a asymmetric) build(w *World) {
	a.cluster.build(w)
	w.Cable(Host, "eth2", a.node, "eth2")
	w.Addr(Host, "eth2", a.hostIP2+"/24")
	w.Addr(a.node, "eth2", a.node2+"/24")
	w.Route(Host, a.there().String()+" via "+a.nodeIP+" dev eth1")
	w.Route(a.node, a.here().String()+" via "+a.hostIP2+" dev eth2")
	for _, p := range []Pod{a.a, a.near} {
		w.Sysctl(Host, "net.ipv4.conf."+p.NodeDev()+".rp_filter", "1")
	}
	w.Sysctl(a.node, "net.ipv4.conf."+a.b.NodeDev()+".rp_filter", "1")
}

// strict are the guards that no pod gets the right to send in others' names.
func (a asymmetric) strict() []Check {
	because := func(c Check) Check {
		return c.Because("no pod may send in another's name, and of `all` and the device's own value the larger one counts",
			"Pod 不许冒用别人的地址；`all` 和网卡自己的值，取大的那个")
	}
	return []Check{
		because(Setting(Host, "net.ipv4.conf."+a.a.NodeDev()+".rp_filter", "1")),
		because(Setting(Host, "net.ipv4.conf.all.rp_filter", "0")),
		because(Setting(a.node, "net.ipv4.conf."+a.b.NodeDev()+".rp_filter", "1")),
		because(Setting(a.node, "net.ipv4.conf.all.rp_filter", "0")),
	}
}

// strictReversePath: one node takes packets only from where it would answer
// them to, and the way back is another one.
var strictReversePath = Exercise{
	Name: "strict-reverse-path", Level: 3, Group: "return",
	Source: []string{"https://github.com/cloudnativelabs/kube-router/issues/138", "https://github.com/cilium/cilium/issues/19761"},
	Make: func(r *Seed) Case {
		c := newAsymmetric(r)
		// The reply is dropped here, or the request there.
		at := Pick(r, steps.Dev{Netns: Host, Name: "eth2"}, steps.Dev{Netns: c.node, Name: "eth1"})
		return Case{
			Build: c.build,
			Break: func(w *World) { w.Sysctl(at.Netns, "net.ipv4.conf."+at.Name+".rp_filter", "1") },
			Goals: []Check{Reaches(c.a.Name, c.b.IP()), Reaches(c.near.Name, c.b.IP())},
			Guards: append(c.strict(),
				Reaches(Host, c.nodeIP), Reaches(Host, c.node2), Reaches(c.a.Name, c.near.IP())),
			Fix: []change.Change{In(at.Netns, "sysctl -w net.ipv4.conf."+at.Name+".rp_filter=2")},
			Wrong: []Tempting{
				tempted("Of `all` and the device's own value the larger one counts: 0 there changes nothing.", "`all` 和网卡自己的值取大的那个：在 `all` 里写 0 毫无作用。",
					In(at.Netns, "sysctl -w net.ipv4.conf.all.rp_filter=0")),
				tempted("That makes every device loose, the pods' too.", "这样所有网卡都放宽了，连 Pod 那边的也是。",
					In(at.Netns, "sysctl -w net.ipv4.conf.all.rp_filter=2")),
			},
			Causes: []cause.Code{cause.RPFilter},
			At:     []string{at.Netns},
			Watch:  steps.Watch{Netns: c.a.Name, Ping: c.b.IP()},
			Vars: c.vars(map[string]string{
				"At": at.Netns, "Dev": at.Name, "Second": c.second.String(), "First": c.lan.String(),
				"Reply": word(at.Netns == Host),
			}),
		}
	},
}

// twoWaysBack: the other node lost the way to its pod, and behind that this
// one refuses the reply.
var twoWaysBack = Exercise{
	Name: "two-ways-back", Level: 4, Group: "return",
	Source: []string{"https://github.com/projectcalico/calico/issues/4779", "https://github.com/cloudnativelabs/kube-router/issues/138"},
	Make: func(r *Seed) Case {
		c := newAsymmetric(r)
		blackhole := Pick(r, false, true)
		code := cause.NoRoute
		if blackhole {
			code = cause.RouteBlackhole
		}
		route := In(c.node, "ip route add "+c.b.IP()+" dev "+c.b.NodeDev())
		return Case{
			Build: func(w *World) {
				c.build(w)
				if blackhole {
					w.Route(c.node, "blackhole "+c.there().String())
				}
			},
			Break: func(w *World) {
				w.DelRoute(c.node, c.b.IP()+" dev "+c.b.NodeDev())
				w.Sysctl(Host, "net.ipv4.conf.eth2.rp_filter", "1")
			},
			Goals: []Check{Reaches(c.a.Name, c.b.IP()), Reaches(c.near.Name, c.b.IP())},
			Guards: append(c.strict(),
				Reaches(Host, c.nodeIP), Reaches(Host, c.node2), Reaches(c.a.Name, c.near.IP())),
			Fix:   []change.Change{route, In(Host, "sysctl -w net.ipv4.conf.eth2.rp_filter=2")},
			First: 1,
			Wrong: []Tempting{
				tempted("No reply was ever sent: the request does not get to the pod yet.", "根本没有应答：请求还没到 Pod 呢。",
					In(Host, "sysctl -w net.ipv4.conf.eth2.rp_filter=2")),
				tempted("That makes every device loose, the pods' too.", "这样所有网卡都放宽了，连 Pod 那边的也是。",
					route, In(Host, "sysctl -w net.ipv4.conf.all.rp_filter=2")),
			},
			Causes: []cause.Code{code, cause.RPFilter},
			At:     []string{c.node, Host},
			Watch:  steps.Watch{Netns: c.a.Name, Ping: c.b.IP()},
			Vars: c.vars(map[string]string{
				"Veth": c.b.NodeDev(), "Second": c.second.String(), "First": c.lan.String(),
				"Blackhole": word(blackhole),
			}),
		}
	},
}
