package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(hardenedNode, oneWayBan)

// hardenedNode: a list of secure settings also had the one in it that makes a
// node a node.
var hardenedNode = Exercise{
	Name: "hardened-node", Level: 1, Group: "forwarding",
	Source: []string{"https://github.com/NixOS/nixpkgs/issues/118656"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(2)
		pod := Pod{Name: r.Name(), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		// The whole node, only what comes from the pods, or only what comes back.
		key := Pick(r, "net.ipv4.ip_forward", "net.ipv4.conf.cni0.forwarding", "net.ipv4.conf.eth0.forwarding")
		wrong := []Tempting{
			tempted("No rule dropped it: the packet never came as far as the chain.", "不是规则丢的：包根本没走到那条链。",
				In(Host, "iptables -P FORWARD ACCEPT"), In(Host, "iptables -I FORWARD -j ACCEPT")),
		}
		if key != "net.ipv4.ip_forward" {
			wrong = append(wrong, tempted("It is 1 already, and writing the same value again changes no device.", "它本来就是 1，再写一遍同样的值，哪块网卡都不会变。",
				In(Host, "sysctl -w net.ipv4.ip_forward=1")))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, "cni0")
				w.Addr(Host, "cni0", net.CIDR(1))
				w.BridgePod("cni0", pod, other)
				w.IPTables(Host, "-t nat -A POSTROUTING -s "+net.String()+" ! -d "+net.String()+" -j MASQUERADE")
			},
			Break: func(w *World) {
				w.Sysctl(Host, "net.ipv4.conf.all.send_redirects", "0")
				w.Sysctl(Host, "net.ipv4.icmp_echo_ignore_broadcasts", "1")
				w.Sysctl(Host, key, "0")
			},
			Goals: []Check{Reaches(pod.Name, Web), Reaches(other.Name, Web)},
			Guards: []Check{
				Reaches(pod.Name, NodeIP),
				Reaches(pod.Name, other.IP()),
				Reaches(Host, Web),
				Setting(Host, "net.ipv4.conf.all.send_redirects", "0").Because("the hardening is there for a reason: take back only what was wrong", "加固有它的道理，只改错的那一条"),
				Setting(Host, "net.ipv4.icmp_echo_ignore_broadcasts", "1").Because("the hardening is there for a reason: take back only what was wrong", "加固有它的道理，只改错的那一条"),
			},
			Fix:    []change.Change{In(Host, "sysctl -w "+key+"=1")},
			Wrong:  wrong,
			Causes: []cause.Code{cause.ForwardingOff},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pod.Name, Ping: Web},
			Vars: map[string]string{
				"Pod": pod.Name, "PodIP": pod.IP(), "Other": other.Name, "Web": Web, "Key": key,
				"Whole": word(key == "net.ipv4.ip_forward"),
				"Back":  word(key == "net.ipv4.conf.eth0.forwarding"),
			},
		}
	},
}

// oneWayBan: a rule that forbids one way also drops the replies of the other.
var oneWayBan = Exercise{
	Name: "one-way-ban", Level: 2, Group: "forwarding",
	Source: []string{"https://github.com/ovn-kubernetes/ovn-kubernetes/issues/5667", "https://github.com/aws/aws-network-policy-agent/issues/175"},
	Make: func(r *Seed) Case {
		net, hosts := r.Subnet(), r.Hosts(3)
		guest := Pod{Name: r.Name("guest", "scraper", "plugin", "sandbox"), Addr: net.CIDR(hosts[0]), Gateway: net.IP(1)}
		pay := Pod{Name: r.Name("pay", "vault", "ledger", "billing"), Addr: net.CIDR(hosts[1]), Gateway: net.IP(1)}
		other := Pod{Name: r.Name(), Addr: net.CIDR(hosts[2]), Gateway: net.IP(1)}
		ban := "FORWARD " + Pick(r, "-s "+guest.IP()+" -d "+pay.IP(), "-i "+guest.NodeDev()+" -d "+pay.IP(), "-s "+guest.IP()+" -o "+pay.NodeDev()) + " -j DROP"
		replies := "FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
		// Nothing lets replies through, or what does stands behind the ban.
		behind := Pick(r, false, true)
		wrong := []Tempting{
			tempted("Then it may open connections again, which the ban is there against.", "这样它又能主动连过去了，而禁令防的正是这个。",
				In(Host, "iptables -D "+ban)),
			tempted("Requests do pass. It is the reply that is dropped.", "请求是过得去的，被丢的是应答。",
				In(Host, "iptables -A FORWARD -s "+pay.IP()+" -d "+guest.IP()+" -j ACCEPT")),
		}
		if !behind {
			wrong = append(wrong, tempted("Behind the ban it never sees the packet: rules are read from the top.", "排在禁令后面，包走不到它：规则从上往下读。",
				In(Host, "iptables -A "+replies)))
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.GatewayPod(guest, pay, other)
				w.IPTables(Host, "-P FORWARD ACCEPT")
				if behind {
					w.IPTables(Host, "-A "+replies)
				}
			},
			Break: func(w *World) { w.IPTables(Host, "-I "+ban) },
			Goals: []Check{Reaches(pay.Name, guest.IP())},
			Guards: []Check{
				Blocked(guest.Name, pay.IP()).Because("the ban is lifted: %s opens connections to %s", "禁令没了：%s 又能主动连 %s", guest.Name, pay.Name),
				Reaches(guest.Name, other.IP()),
				Reaches(other.Name, pay.IP()),
				Reaches(other.Name, guest.IP()),
			},
			Fix:    []change.Change{In(Host, "iptables -I "+replies)},
			Wrong:  wrong,
			Causes: []cause.Code{cause.Filtered},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: pay.Name, Ping: guest.IP()},
			Vars: map[string]string{
				"Guest": guest.Name, "GuestIP": guest.IP(), "Pay": pay.Name, "PayIP": pay.IP(), "Other": other.Name,
				"Ban": ban, "Replies": replies, "Behind": word(behind),
			},
		}
	},
}
