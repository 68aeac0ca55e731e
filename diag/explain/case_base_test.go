package explain_test

import (
	"testing"

	"nstutor/internal/lab/labtest"
)

// nodeScript is a node and what is outside of it, which has no route to any pod.
const nodeScript = `
host: ip link add eth0 address 02:00:c0:a8:06:a0 type veth peer name up0 address 02:00:c0:a8:06:01 netns inet
host: ip link set eth0 up
host: ip addr add 192.168.6.160/24 dev eth0
inet: ip link set up0 up
inet: ip addr add 192.168.6.1/24 dev up0
inet: ip addr add 203.0.113.10/32 dev lo
host: ip route add default via 192.168.6.1
host: sysctl -qw net.ipv4.ip_forward=1
`

// routed is a node with two pods behind unnumbered, proxying veths.
var routed = baseNetwork{"routed", nodeScript + `
host: ip link add veth-pod-a address 02:00:00:00:a0:01 type veth peer name eth0 address 02:00:00:00:a0:02 netns pod-a
host: ip link add veth-pod-b address 02:00:00:00:b0:01 type veth peer name eth0 address 02:00:00:00:b0:02 netns pod-b
host: ip link set veth-pod-a up
host: ip link set veth-pod-b up
host: ip route add 10.244.1.10 dev veth-pod-a
host: ip route add 10.244.1.11 dev veth-pod-b
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=1 net.ipv4.conf.veth-pod-b.proxy_arp=1
pod-a: ip addr add 10.244.1.10/24 dev eth0
pod-a: ip link set eth0 up
pod-a: ip route add default via 169.254.10.24 dev eth0 onlink
pod-b: ip addr add 10.244.1.11/24 dev eth0
pod-b: ip link set eth0 up
pod-b: ip route add default via 169.254.10.24 dev eth0 onlink
`, []journey{{"pod-a", "10.244.1.11"}, {"pod-b", "10.244.1.10"}, {"pod-a", "192.168.6.160"}, {"host", "10.244.1.10"}, {"host", "203.0.113.10"}}}

// masqueraded is the same node, whose pods reach the outside.
var masqueraded = routed.with("masqueraded", `
host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -o eth0 -j MASQUERADE
`, journey{"pod-a", "203.0.113.10"}, journey{"pod-b", "203.0.113.10"})

// bridged is a node whose pods are ports of one bridge.
var bridged = baseNetwork{"bridged", nodeScript + `
host: ip link add cni0 address 02:00:00:00:01:01 type bridge
host: ip addr add 10.244.1.1/24 dev cni0
host: ip link set cni0 up
host: ip link add veth-pod-a type veth peer name eth0 address 02:00:00:00:a0:02 netns pod-a
host: ip link add veth-pod-b type veth peer name eth0 address 02:00:00:00:b0:02 netns pod-b
host: ip link add veth-pod-c type veth peer name eth0 address 02:00:00:00:c0:02 netns pod-c
host: ip link set veth-pod-a master cni0 up
host: ip link set veth-pod-b master cni0 up
host: ip link set veth-pod-c master cni0 up
pod-a: ip addr add 10.244.1.10/24 dev eth0
pod-a: ip link set eth0 up
pod-a: ip route add default via 10.244.1.1
pod-b: ip addr add 10.244.1.11/24 dev eth0
pod-b: ip link set eth0 up
pod-b: ip route add default via 10.244.1.1
pod-c: ip addr add 10.244.1.12/24 dev eth0
pod-c: ip link set eth0 up
pod-c: ip route add default via 10.244.1.1
`, []journey{{"pod-a", "10.244.1.11"}, {"pod-c", "10.244.1.11"}, {"pod-b", "10.244.1.1"}, {"host", "10.244.1.10"}}}

// bridgeNetfilter is the same node, whose iptables see what the bridge switches.
var bridgeNetfilter = bridged.with("bridge-nf-call-iptables", `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=1
`)

// Two nodes of a cluster, each with one pod, and what connects them.
const (
	nodesScript = `
host1: ip link set eth0 up
host1: ip addr add 10.57.4.20/24 dev eth0
host1: ip link add veth-pod-a address 02:00:00:00:a0:01 type veth peer name eth0 address 02:00:00:00:a0:02 netns pod-a
host1: ip addr add 169.254.1.1/32 dev veth-pod-a
host1: ip link set veth-pod-a up
host1: ip route add 192.168.10.10 dev veth-pod-a
host1: sysctl -qw net.ipv4.ip_forward=1
host2: ip link set eth0 up
host2: ip addr add 10.57.4.21/24 dev eth0
host2: ip link add veth-pod-b address 02:00:00:00:b0:01 type veth peer name eth0 address 02:00:00:00:b0:02 netns pod-b
host2: ip addr add 169.254.1.1/32 dev veth-pod-b
host2: ip link set veth-pod-b up
host2: ip route add 192.168.11.10 dev veth-pod-b
host2: sysctl -qw net.ipv4.ip_forward=1
pod-a: ip addr add 192.168.10.10/24 dev eth0
pod-a: ip link set eth0 up
pod-a: ip route add default via 169.254.1.1 dev eth0 onlink
pod-b: ip addr add 192.168.11.10/24 dev eth0
pod-b: ip link set eth0 up
pod-b: ip route add default via 169.254.1.1 dev eth0 onlink
`
	cableScript = `
host1: ip link add eth0 address 02:00:0a:39:04:14 type veth peer name eth0 address 02:00:0a:39:04:15 netns host2
`
	lanScript = `
sw: ip link add br0 type bridge
sw: ip link set br0 up
sw: ip link add p1 type veth peer name eth0 address 02:00:0a:39:04:14 netns host1
sw: ip link add p2 type veth peer name eth0 address 02:00:0a:39:04:15 netns host2
sw: ip link add p3 type veth peer name eth0 address 02:00:0a:39:04:16 netns host3
sw: ip link set p1 master br0 up
sw: ip link set p2 master br0 up
sw: ip link set p3 master br0 up
host3: ip link set eth0 up
host3: ip addr add 10.57.4.22/24 dev eth0
`
	hostRoutesScript = `
host1: ip route add 192.168.11.0/24 via 10.57.4.21 dev eth0 onlink
host2: ip route add 192.168.10.0/24 via 10.57.4.20 dev eth0 onlink
`
)

var podToPod = []journey{{"pod-a", "192.168.11.10"}, {"pod-b", "192.168.10.10"}, {"host1", "10.57.4.21"}}

// Host routes, over a cable and through a switch with a third machine.
var (
	hostGW   = baseNetwork{"two nodes", cableScript + nodesScript + hostRoutesScript, podToPod}
	switched = baseNetwork{"two nodes on a switch", lanScript + nodesScript + hostRoutesScript, append(podToPod, journey{"host3", "10.57.4.20"}, journey{"host1", "10.57.4.22"})}
)

// learning is VXLAN with flooding and learning between the nodes.
var learning = baseNetwork{"vxlan", cableScript + nodesScript + `
host1: ip link add vxlan0 address 02:00:00:00:0a:01 type vxlan id 100 dstport 4789 local 10.57.4.20 dev eth0 learning
host1: ip addr add 192.168.10.1/32 dev vxlan0
host1: ip link set vxlan0 up
host1: ip route add 192.168.11.0/24 via 192.168.11.1 dev vxlan0 onlink
host1: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self permanent
host2: ip link add vxlan0 address 02:00:00:00:0b:01 type vxlan id 100 dstport 4789 local 10.57.4.21 dev eth0 learning
host2: ip addr add 192.168.11.1/32 dev vxlan0
host2: ip link set vxlan0 up
host2: ip route add 192.168.10.0/24 via 192.168.10.1 dev vxlan0 onlink
host2: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.20 self permanent
`, podToPod}

// flannel is VXLAN with everything written down, as flannel does.
var flannel = baseNetwork{"flannel", cableScript + nodesScript + `
host1: ip link add flannel.1 address 02:00:00:00:0a:01 type vxlan id 1 dstport 8472 local 10.57.4.20 dev eth0 nolearning
host1: ip addr add 192.168.10.0/32 dev flannel.1
host1: ip link set flannel.1 up
host1: ip route add 192.168.11.0/24 via 192.168.11.0 dev flannel.1 onlink
host1: ip neigh add 192.168.11.0 lladdr 02:00:00:00:0b:01 dev flannel.1 nud permanent
host1: bridge fdb append 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.21 self permanent
host2: ip link add flannel.1 address 02:00:00:00:0b:01 type vxlan id 1 dstport 8472 local 10.57.4.21 dev eth0 nolearning
host2: ip addr add 192.168.11.0/32 dev flannel.1
host2: ip link set flannel.1 up
host2: ip route add 192.168.10.0/24 via 192.168.10.0 dev flannel.1 onlink
host2: ip neigh add 192.168.10.0 lladdr 02:00:00:00:0a:01 dev flannel.1 nud permanent
host2: bridge fdb append 02:00:00:00:0a:01 dev flannel.1 dst 10.57.4.20 self permanent
`, podToPod}

// chain is a — r1 — r2 — r3 — r4 — b.
var chain = baseNetwork{"four routers", `
a: ip link add eth0 address 02:00:00:01:00:02 type veth peer name left address 02:00:00:01:00:01 netns r1
r1: ip link add right type veth peer name left netns r2
r2: ip link add right type veth peer name left netns r3
r3: ip link add right type veth peer name left netns r4
r4: ip link add right address 02:00:00:02:00:01 type veth peer name eth0 address 02:00:00:02:00:02 netns b
a: ip addr add 10.1.0.2/24 dev eth0
a: ip link set eth0 up
a: ip route add default via 10.1.0.1
r1: ip addr add 10.1.0.1/24 dev left
r1: ip addr add 10.12.0.1/24 dev right
r1: ip link set left up
r1: ip link set right up
r1: ip route add 10.2.0.0/24 via 10.12.0.2
r1: ip route add 10.34.0.0/24 via 10.12.0.2
r1: sysctl -qw net.ipv4.ip_forward=1
r2: ip addr add 10.12.0.2/24 dev left
r2: ip addr add 10.23.0.2/24 dev right
r2: ip link set left up
r2: ip link set right up
r2: ip route add 10.1.0.0/24 via 10.12.0.1
r2: ip route add 10.2.0.0/24 via 10.23.0.3
r2: ip route add 10.34.0.0/24 via 10.23.0.3
r2: sysctl -qw net.ipv4.ip_forward=1
r3: ip addr add 10.23.0.3/24 dev left
r3: ip addr add 10.34.0.3/24 dev right
r3: ip link set left up
r3: ip link set right up
r3: ip route add 10.1.0.0/24 via 10.23.0.2
r3: ip route add 10.12.0.0/24 via 10.23.0.2
r3: ip route add 10.2.0.0/24 via 10.34.0.4
r3: sysctl -qw net.ipv4.ip_forward=1
r4: ip addr add 10.34.0.4/24 dev left
r4: ip addr add 10.2.0.1/24 dev right
r4: ip link set left up
r4: ip link set right up
r4: ip route add 10.1.0.0/24 via 10.34.0.3
r4: ip route add 10.12.0.0/24 via 10.34.0.3
r4: sysctl -qw net.ipv4.ip_forward=1
b: ip addr add 10.2.0.2/24 dev eth0
b: ip link set eth0 up
b: ip route add default via 10.2.0.1
`, []journey{{"a", "10.2.0.2"}, {"b", "10.1.0.2"}}}

// shortcut is the same chain with a second cable, from r1 to r3: requests take
// it, replies come back by r2.
var shortcut = chain.with("four routers and a shortcut", `
r1: ip link add short type veth peer name short netns r3
r1: ip addr add 10.13.0.1/24 dev short
r1: ip link set short up
r3: ip addr add 10.13.0.3/24 dev short
r3: ip link set short up
r1: ip route replace 10.2.0.0/24 via 10.13.0.3
`)

// TestHealthyNetworksAreDelivered: nothing is said to be wrong where pings are
// answered, with warm and with cold neighbour tables.
func TestHealthyNetworksAreDelivered(t *testing.T) {
	labtest.Slow(t)
	all := []baseNetwork{routed, masqueraded, bridged, bridgeNetfilter, hostGW, switched, learning, flannel, chain, shortcut}
	abreast(all, func(base baseNetwork) {
		t.Run(base.name, func(t *testing.T) {
			b := base.build(t)
			for _, j := range base.works {
				breakage{from: j.from, to: j.to, warm: true}.try(b)
				breakage{from: j.from, to: j.to}.try(b)
			}
		})
	})
}
