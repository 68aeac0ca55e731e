package verify

import (
	"slices"
	"testing"

	"nstutor/diag/explain"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
)

// guarded is a node that forwards nothing new but what is asked for, and whose uplink leads
// to who cannot be seen.
func guarded(t *testing.T) *network {
	n := build(t, routed, "pod", "host", "inet")
	n.listens("pod", "10.244.1.10:8080")
	n.run(`host: iptables -P FORWARD DROP
		host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
		host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE`)
	return n
}

func opens(v *Verified, to string) (strangers []string) {
	for _, f := range v.Others.Flows {
		if f.Stranger != "" && f.To == to && f.Change == Opened && f.Dev == "eth0" && f.From == "host" {
			strangers = append(strangers, f.Stranger)
		}
	}
	return strangers
}

// What a fix opens to whoever comes from outside is listed, whether the outside can be seen
// or not.
func TestWhatAFixOpensToAStrangerIsListed(t *testing.T) {
	labtest.Slow(t)
	wide := change.In("host", "iptables", "-I", "FORWARD", "-j", "ACCEPT")
	for name, hidden := range map[string]bool{"seen": false, "hidden": true} {
		t.Run(name, func(t *testing.T) {
			n := guarded(t)
			n.answered("host", "203.0.113.10")
			if hidden {
				n.hide("inet")
			}
			n.sends = true
			v, a := n.try("pod", "203.0.113.10", func(a *explain.Answer) { a.Fix = []change.Command{wide} })
			if v == nil || !v.Passed {
				t.Fatalf("%s: %+v", a.Cause.Code, v)
			}
			for _, to := range []string{"10.244.1.10", "10.244.1.10:8080"} {
				if !slices.Contains(opens(v, to), "198.51.100.77") {
					t.Errorf("%s is opened to %v", to, opens(v, to))
				}
			}
			v, _ = n.try("pod", "203.0.113.10", nil)
			if v == nil || !v.Passed || len(opens(v, "10.244.1.10:8080")) > 0 {
				t.Errorf("what is offered: %v: %+v", v.Fix, v)
			}
		})
	}
}

// A rule for the network of who asks lets in whoever else is on its wire, beyond what can be
// seen: one for him alone is offered.
func TestAFixThatOpensToANeighbourOutOfSightIsNotOfferedWhereANarrowerOnePasses(t *testing.T) {
	n := build(t, `
pod: ip link add eth0 type veth peer name v1 netns host
lan: ip link add eth0 type veth peer name up0 netns host
far: ip link add eth0 type veth peer name out0 netns host
host: ip link add br0 type bridge forward_delay 0
host: ip addr add 192.168.7.1/24 dev br0
host: ip link set v1 master br0 up
host: ip link set up0 master br0 up
host: ip link set br0 up
host: ip route add default via 192.168.7.254
host: ip addr add 192.168.9.1/24 dev out0
host: ip link set out0 up
host: sysctl -qw net.ipv4.ip_forward=1
pod: ip addr add 192.168.7.10/24 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 192.168.7.1
lan: ip addr add 192.168.7.254/24 dev eth0
lan: ip link set eth0 up
far: ip addr add 192.168.9.2/24 dev eth0
far: ip link set eth0 up
far: ip route add default via 192.168.9.1
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
`, "pod", "host", "lan", "far")
	n.answered("host", "192.168.7.254")
	n.hide("lan")
	v, a := n.try("pod", "192.168.9.2", nil)
	if len(a.Swaps()) == 0 {
		t.Fatalf("there is nothing narrower: %v", a.Fix)
	}
	if !v.Passed || len(v.Others.Flows) > 0 || !slices.EqualFunc(v.Instead, a.Fix, change.Command.Equal) {
		t.Errorf("%v instead of %v: %+v", v.Fix, v.Instead, v.Others)
	}
	n.apply(v.Fix)
	n.answered("pod", "192.168.9.2")
}

// What a stranger asks for has one end of a tunnel look for the other, which so hears where
// that is: in the copy as in the network, it is not known before.
func TestWhatStrangersTeachMendsNothing(t *testing.T) {
	n := build(t, `
near: ip link add eth0 type veth peer name eth0 netns far
near: ip addr add 192.168.9.1/24 dev eth0
near: ip link set eth0 up
pod: ip link add eth0 type veth peer name v1 netns near
pod: ip addr add 10.1.0.10/24 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 10.1.0.1
near: ip addr add 10.1.0.1/24 dev v1
near: ip link set v1 up
near: ip link add vx0 type vxlan id 42 local 192.168.9.1 dstport 4789
near: ip addr add 10.1.0.0/32 dev vx0
near: ip link set vx0 up
near: ip route add 10.2.0.0/24 via 10.2.0.0 dev vx0 onlink
near: sysctl -qw net.ipv4.ip_forward=1
far: ip addr add 192.168.9.2/24 dev eth0
far: ip addr add 10.2.0.10/32 dev lo
far: ip link set eth0 up
far: ip link set lo up
far: ip link add vx0 type vxlan id 42 local 192.168.9.2 dstport 4789
far: ip addr add 10.2.0.0/32 dev vx0
far: ip link set vx0 up
far: ip route add 10.1.0.0/24 via 10.1.0.0 dev vx0 onlink
far: ip route add default via 192.168.9.1
far: bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.9.1
far: sysctl -qw net.ipv4.ip_forward=1
`, "pod", "near", "far")
	v, a := n.try("pod", "10.2.0.10", nil)
	if v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.answered("pod", "10.2.0.10")
}

// An entry of a bridge that was put in by hand moves as well, when its owner answers somebody:
// what he was asked by strangers in the copy is taken back.
func TestWhatStrangersMoveIsPutBack(t *testing.T) {
	n := build(t, `
host: ip link add br0 type bridge
host: ip addr add 10.244.1.1/24 dev br0
host: ip link set br0 up
pod: ip link add eth0 address 02:00:00:00:b0:01 type veth peer name p1 netns host
pod: ip addr add 10.244.1.10/24 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 10.244.1.1
other: ip link add eth0 address 02:00:00:00:b0:02 type veth peer name p2 netns host
other: ip addr add 10.244.1.11/24 dev eth0
other: ip link set eth0 up
host: ip link set p1 master br0 up
host: ip link set p2 master br0 up
host: ip link add eth0 type veth peer name up0 netns inet
host: ip addr add 192.168.6.160/24 dev eth0
host: ip link set eth0 up
host: sysctl -qw net.ipv4.ip_forward=1
inet: ip addr add 192.168.6.1/24 dev up0
inet: ip link set up0 up
`, "host", "pod", "other", "inet")
	n.answered("other", "10.244.1.10")
	n.answered("host", "192.168.6.1")
	n.run("host: ip neigh flush dev br0\nhost: bridge fdb replace 02:00:00:00:b0:01 dev p2 master static")
	n.hide("inet")
	v, a := n.try("other", "10.244.1.10", nil)
	if v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.answered("other", "10.244.1.10")
}

// Whom the packet is for is no stranger, nor is a router that nobody has asked for yet: the copy
// answers as they would.
func TestWhomThePacketIsForIsNoStranger(t *testing.T) {
	labtest.Slow(t)
	n := build(t, routed, "pod", "host", "inet")
	n.run(`inet: ip addr add 192.168.6.161/24 dev up0
		host: ip route replace default via 192.168.6.162
		inet: ip addr add 192.168.6.162/24 dev up0
		host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
		pod: ip route del default`)
	n.hide("inet")
	for _, to := range []string{"192.168.6.161", "203.0.113.10"} {
		if v, a := n.try("pod", to, nil); v == nil || !v.Passed || len(v.Instead) > 0 {
			t.Errorf("%v: %+v", a.Fix, v)
		}
	}
}
