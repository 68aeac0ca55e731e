package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(ownService, ownDoor)

// ownService: a pod asks the service that leads to itself, and hears nothing.
var ownService = Exercise{
	Name: "own-service", Level: 2, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/13375", "https://github.com/kubernetes/kubernetes/issues/20475"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		pod := s.pods[0]
		back := "add rule ip svc postrouting ip saddr " + pod.IP() + " ip daddr " + pod.IP() + " counter masquerade"
		return Case{
			Build: func(w *World) { s.build(w); w.NFT(Host, s.both()...); w.NFT(Host, back) },
			Break: func(w *World) { w.NFT(Host, "flush chain ip svc postrouting") },
			Goals: []Check{Fetches(pod.Name, s.service.Addr)},
			Guards: []Check{
				FetchesAs(s.client.Name, s.service.Addr, s.client.IP()).Because("the log of %s names its clients: others are not to come as the node", "%s 的日志要记下真实客户端：别人不该以节点的身份出现", pod.Name),
				Fetches(Host, s.service.Addr),
			},
			Fix: []change.Change{rule(back)},
			Wrong: []Tempting{
				tempted("The packet is accepted then, and its answer does not pass the node.", "这样包是收下了，应答却不经过节点。",
					In(pod.Name, "sysctl -w net.ipv4.conf.eth0.accept_local=1")),
				tempted("Now all clients come as the node.", "这样所有客户端都成了节点。",
					In(Host, "iptables -t nat -A POSTROUTING -d "+pod.IP()+" -j MASQUERADE")),
			},
			Causes: []cause.Code{cause.Hairpin},
			At:     []string{pod.Name},
			Watch:  steps.Watch{Netns: pod.Name, Get: "http://" + s.service.Addr, Rules: Host, Flows: Host},
			Vars:   s.vars(),
		}
	},
}

// ownDoor: the same on a bridge, where the port does not let the packet back out.
var ownDoor = Exercise{
	Name: "own-door", Level: 3, Group: "services",
	Needs:  callIPTables,
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/22717", "https://github.com/kubernetes/kubernetes/issues/23322"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		s.client.Gateway, s.pods[0].Gateway = s.net.IP(1), s.net.IP(1)
		pod, bridge := s.pods[0], r.Name("cni0", "br0", "cbr0")
		hairpin := func(value string) change.PortSet {
			return change.PortSet{Netns: Host, Dev: pod.NodeDev(), Settings: []change.PortSetting{{Name: "hairpin", Value: value}}}
		}
		vars := s.vars()
		vars["Bridge"], vars["Veth"] = bridge, pod.NodeDev()
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Sysctl(Host, "net.bridge.bridge-nf-call-iptables", "1")
				w.Bridge(Host, bridge)
				w.Addr(Host, bridge, s.net.CIDR(1))
				w.BridgePod(bridge, s.client, pod)
				w.Serve(pod.Name, 80)
				w.Services(Host)
				w.NFT(Host, s.both()...)
				w.NFT(Host, "add rule ip svc postrouting ip saddr "+pod.IP()+" ip daddr "+pod.IP()+" counter masquerade")
				w.Make(hairpin("on"))
			},
			Break: func(w *World) { w.Make(hairpin("off")) },
			Goals: []Check{Fetches(pod.Name, s.service.Addr)},
			Guards: []Check{
				FetchesAs(s.client.Name, s.service.Addr, s.client.IP()).Because("the log of %s names its clients: others are not to come as the node", "%s 的日志要记下真实客户端：别人不该以节点的身份出现", pod.Name),
			},
			Fix: []change.Change{hairpin("on")},
			Wrong: []Tempting{
				tempted("There is such a rule, and nothing comes to it.", "这样的规则已经有了，包到不了它那里。",
					In(Host, "iptables -t nat -A POSTROUTING -s "+pod.IP()+" -d "+pod.IP()+" -j MASQUERADE")),
				tempted("Nothing has come back to the pod that it could refuse.", "没有包回到 Pod，谈不上收不收。",
					In(pod.Name, "sysctl -w net.ipv4.conf.eth0.accept_local=1")),
			},
			Causes: []cause.Code{cause.Hairpin},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Get: "http://" + s.service.Addr, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}
