package steps_test

import (
	"nstutor/steps"
	"nstutor/steps/gateway"
	"nstutor/steps/process"
)

// handCase is an action, what must be there before it, lines that do the same,
// and lines that do not, each with a part of what the first condition that is
// not met has seen.
type handCase struct {
	name   string
	start  []steps.Action
	action steps.Action
	right  []string
	wrong  map[string]string
}

const toPod = "ip netns exec ns1 "

func handCases() []handCase {
	noDefault := []steps.Action{steps.RouteDel{Netns: host, Dst: "default", Via: "192.168.6.1"}}
	addressed := append(cabled(), steps.LinkUp{Netns: host, Name: "veth-ns1"},
		steps.AddrAdd{Netns: pod, Addr: "172.20.1.10/24", Dev: "ns1-eth0"}, steps.LinkUp{Netns: pod, Name: "ns1-eth0"})
	veth := steps.Dev{Netns: host, Name: "veth-ns1"}
	return []handCase{
		{"a namespace", nil, steps.NetnsAdd{Name: pod},
			[]string{"ip netns add other; ip netns add ns1", "ip netns add x; touch /run/netns/ns1; mount --bind /run/netns/x /run/netns/ns1"},
			map[string]string{"ip netns add ns-1": "", "mkdir -p /run/netns; ip netns add ns1; ip netns del ns1": ""}},
		{"a namespace away", []steps.Action{steps.NetnsAdd{Name: pod}, steps.NetnsAdd{Name: "other"}}, steps.NetnsDel{Name: pod},
			[]string{"umount -l /run/netns/ns1; rm /run/netns/ns1", "ip netns del other; ip netns del ns1"},
			map[string]string{"ip netns del other": "ns1", "touch /run/netns/ns2; rm /run/netns/ns2": "ns1"}},
		{"a cable", []steps.Action{steps.NetnsAdd{Name: pod}}, steps.VethAdd{Netns: host, Name: "ns1-eth0", Peer: "veth-ns1"},
			[]string{"ip link add veth-ns1 type veth peer name ns1-eth0", "ip link add ns1-eth0 netns ns1 type veth peer name veth-ns1", "ip link add veth-ns1 type veth peer name eth0 netns ns1",
				"ip link add x0 type veth peer name x1; ip link set x0 name ns1-eth0; ip link set x1 name veth-ns1"},
			map[string]string{"ip link add veth-ns1 type bridge": "veth-ns1: <BROADCAST,MULTICAST>", "ip link add other type veth peer name veth-ns1": "veth-ns1@other:", "ip link add ns1-eth0 type veth peer name veth-ns2": ""}},
		{"a bridge", nil, steps.BridgeAdd{Netns: host, Name: "br0"},
			[]string{"ip link add br0 type bridge stp_state 1", "ip link add x type bridge; ip link set x name br0"},
			map[string]string{"ip link add br0 type veth peer name x1": "br0@x1: <BROADCAST,MULTICAST,M-DOWN>", "ip link add br1 type bridge": ""}},
		{"a bridge's port", []steps.Action{steps.BridgeAdd{Netns: host, Name: "br0"}, steps.BridgeAdd{Netns: host, Name: "br1"}, steps.VethAdd{Netns: host, Name: "cable0", Peer: "cable1"}},
			steps.LinkMaster{Netns: host, Name: "cable0", Bridge: "br0"},
			[]string{"ip link set dev cable0 master br0", "ip link set cable0 master br1; ip link set cable0 master br0"},
			map[string]string{"ip link set cable0 master br1": "master br1", "ip link set cable1 master br0": "cable0@cable1"}},
		{"pods let through", append(connected(), gateway.ForwardPolicy{Netns: host, Policy: "drop"}), gateway.Pass{Netns: host, Src: "172.20.0.0/16", Dst: "172.20.0.0/16"},
			[]string{"nft insert rule ip filter FORWARD ip saddr 172.20.0.0/16 ip daddr 172.20.0.0/16 counter accept", "iptables -I FORWARD -s 172.20.0.0/16 -d 172.20.0.0/16 -j ACCEPT",
				"nft add rule ip filter FORWARD ip saddr 172.20.0.0/16 accept", "nft 'add chain ip filter FORWARD { policy accept; }'", "iptables -P FORWARD ACCEPT"},
			map[string]string{"nft add rule ip filter FORWARD ip saddr 172.21.0.0/16 accept": "policy drop", "nft add rule ip filter FORWARD ip saddr 172.20.0.0/16 icmp type echo-request accept": "policy drop",
				"nft add rule ip filter FORWARD ip saddr 172.20.1.10 drop; nft add rule ip filter FORWARD ip saddr 172.20.0.0/16 accept": "172.20.1.10"}},
		{"a move", cabled()[:2], steps.LinkNetns{Netns: host, Name: "ns1-eth0", To: pod},
			[]string{"ip link del veth-ns1; ip link add ns1-eth0 netns ns1 type veth peer name veth-ns1", "ip link set ns1-eth0 netns ns1 name x; " + toPod + "ip link set x name ns1-eth0"},
			map[string]string{"ip link set veth-ns1 netns ns1": "host: ", toPod + "ip link add ns1-eth0 type bridge": "ns1-eth0: <BROADCAST,MULTICAST>", "ip link set ns1-eth0 netns ns1 name eth0": ""}},
		{"up", cabled(), steps.LinkUp{Netns: host, Name: "veth-ns1"},
			[]string{"ip link set dev veth-ns1 up", "ip link set up dev veth-ns1"},
			map[string]string{toPod + "ip link set ns1-eth0 up": "<BROADCAST,MULTICAST", "ip link set veth-ns1 up; ip link set veth-ns1 down": "state DOWN"}},
		{"a MAC address", connected(), steps.LinkAddress{Netns: host, Name: "veth-ns1", MAC: "ee:ee:ee:ee:ee:ee"},
			[]string{"ip link set dev veth-ns1 down address ee:ee:ee:ee:ee:ee", "ip link set veth-ns1 address EE:EE:EE:EE:EE:EE"},
			map[string]string{"ip link set veth-ns1 address ee:ee:ee:ee:ee:e0": "link/ether ee:ee:ee:ee:ee:e0", toPod + "ip link set ns1-eth0 address ee:ee:ee:ee:ee:ee": "link/ether"}},
		{"promiscuous", cabled(), steps.LinkPromisc{Netns: host, Name: "veth-ns1"},
			[]string{"ip link set dev veth-ns1 up promisc on", "ip link set promisc on dev veth-ns1"},
			map[string]string{toPod + "ip link set ns1-eth0 promisc on": "veth-ns1", "ip link set veth-ns1 allmulticast on": "veth-ns1"}},
		{"an address", cabled(), steps.AddrAdd{Netns: pod, Addr: "172.20.1.10/24", Dev: "ns1-eth0"},
			[]string{toPod + "ip addr add 172.20.1.10/24 brd + label ns1-eth0:1 dev ns1-eth0", "ip -n ns1 addr replace 172.20.1.10/24 dev ns1-eth0", toPod + "ip link set ns1-eth0 up; " + toPod + "ip addr add 172.20.1.10/24 dev ns1-eth0",
				"ip -n ns1 link set ns1-eth0 up; ip -n ns1 addr add 172.20.1.10 dev ns1-eth0; ip -n ns1 route add 172.20.1.0/24 dev ns1-eth0"},
			map[string]string{
				toPod + "ip addr add 172.20.1.10 dev ns1-eth0":                                                 "inet 172.20.1.10/32 scope global ns1-eth0",
				toPod + "ip addr add 172.20.1.11/24 dev ns1-eth0":                                              "inet 172.20.1.11/24",
				toPod + "ip addr add 172.20.1.10/24 dev lo":                                                    "lo    inet 172.20.1.10/24",
				"ip addr add 172.20.1.10/24 dev veth-ns1":                                                      "",
				"ip -n ns1 link set ns1-eth0 up; ip -n ns1 addr add 172.20.1.10/24 dev ns1-eth0 noprefixroute": "noprefixroute",
			}},
		{"an address away", nil, steps.AddrDel{Netns: host, Addr: "192.168.6.160/24", Dev: "eth0"},
			[]string{"ip addr flush dev eth0", "ip addr del local 192.168.6.160/24 dev eth0"},
			map[string]string{"ip link set eth0 down": "inet 192.168.6.160/24", "ip addr add 192.168.6.161/24 dev eth0": "inet 192.168.6.160/24"}},
		{"a default route", addressed, steps.RouteAdd{Netns: pod, Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"},
			[]string{toPod + "ip r a 0/0 via 172.20.1.1", "ip -n ns1 route replace default via 172.20.1.1 dev ns1-eth0 onlink metric 100 proto static",
				"ip -n ns1 route add 0.0.0.0/1 via 172.20.1.1; ip -n ns1 route add 128.0.0.0/1 via 172.20.1.1",
				"ip -n ns1 route add default via 172.20.1.1 table 100; ip -n ns1 rule add lookup 100"},
			map[string]string{
				toPod + "ip route add default via 172.20.1.2 dev ns1-eth0":                                                     "default via 172.20.1.2 dev ns1-eth0",
				toPod + "ip route add default dev ns1-eth0":                                                                    "default dev ns1-eth0 scope link",
				toPod + "ip route add 192.168.6.0/24 via 172.20.1.1":                                                           "",
				toPod + "ip route add unreachable default":                                                                     "unreachable default",
				"ip -n ns1 route add default via 172.20.1.1 metric 200; ip -n ns1 route add default via 172.20.1.9 metric 100": "via 172.20.1.9",
			}},
		{"a default route by whichever device", noDefault, steps.RouteAdd{Netns: host, Dst: "default", Via: "192.168.6.1"},
			[]string{"ip route add default via 192.168.6.1 dev eth0", "ip route append 0.0.0.0/0 nexthop via 192.168.6.1 dev eth0"},
			map[string]string{"ip route add default via 192.168.6.2": "default via 192.168.6.2 dev eth0", "ip route add 203.0.113.0/24 via 192.168.6.1": ""}},
		{"a route to the pod", addressed, steps.RouteAdd{Netns: host, Dst: "172.20.1.10", Dev: "veth-ns1"},
			[]string{"ip route add 172.20.1.0/24 dev veth-ns1", "ip route replace 172.20.1.10/32 dev veth-ns1 scope link", "ip addr add 172.20.1.1/24 dev veth-ns1"},
			map[string]string{
				"ip route add 172.20.1.10 dev eth0":                                                 "172.20.1.10 dev eth0 scope link",
				"ip route add 172.20.1.10 via 172.20.1.1 dev veth-ns1 onlink":                       "172.20.1.10 via 172.20.1.1 dev veth-ns1 onlink",
				"ip route add 172.20.2.0/24 dev veth-ns1":                                           "default via 192.168.6.1 dev eth0",
				"ip route add 172.20.1.0/24 dev veth-ns1; ip route add 172.20.1.10 via 192.168.6.1": "172.20.1.10 via 192.168.6.1 dev eth0",
				"ip link set veth-ns1 down":                                                         "veth-ns1@if",
			}},
		{"a route on a link", addressed, steps.RouteAdd{Netns: pod, Dst: "default", Via: "169.254.1.1", Dev: "ns1-eth0", Onlink: true},
			[]string{"ip -n ns1 route add 169.254.1.1 dev ns1-eth0; ip -n ns1 route add default via 169.254.1.1", "ip -n ns1 route add default via 169.254.1.1 dev ns1-eth0 onlink mtu 1400"},
			map[string]string{"ip -n ns1 route add 169.254.1.1 dev ns1-eth0": "", "ip -n ns1 route add default via 172.20.1.1": "default via 172.20.1.1 dev ns1-eth0"}},
		{"a route away", nil, steps.RouteDel{Netns: host, Dst: "default", Via: "192.168.6.1", Dev: "eth0"},
			[]string{"ip route flush default", "ip route replace default via 192.168.6.9"},
			map[string]string{"ip route add default via 192.168.6.9 metric 9": "default via 192.168.6.1 dev eth0", "ip route add 10.0.0.0/8 via 192.168.6.1": "default via 192.168.6.1"}},
		{"a neighbour", connected(), steps.NeighReplace{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", MACOf: veth},
			[]string{toPod + "ip neigh add 172.20.1.1 lladdr $(ip -br link show veth-ns1 | awk '{print $3}') dev ns1-eth0",
				"ip -n ns1 neigh add 172.20.1.1 lladdr 02:00:00:00:00:09 dev ns1-eth0; ip -n ns1 neigh change 172.20.1.1 lladdr $(ip -br link show veth-ns1 | awk '{print $3}') dev ns1-eth0 nud permanent"},
			map[string]string{toPod + "ip neigh add 172.20.1.1 lladdr 02:00:00:00:00:99 dev ns1-eth0 nud permanent": "lladdr 02:00:00:00:00:99",
				toPod + "ip neigh add 172.20.1.1 lladdr $(ip -br link show veth-ns1 | awk '{print $3}') dev ns1-eth0 nud reachable": "REACHABLE",
				toPod + "ip neigh add proxy 172.20.1.1 dev ns1-eth0":                                                                ""}},
		{"a neighbour away", []steps.Action{gatewayEntry}, steps.NeighDel{Netns: host, Dst: "192.168.6.1", Dev: "eth0", Written: true},
			[]string{"ip neigh flush dev eth0 nud permanent", "ip neigh change 192.168.6.1 lladdr 02:00:00:00:00:99 dev eth0 nud stale", "ip link set eth0 down; ip link set eth0 up"},
			map[string]string{"ip neigh flush all": "PERMANENT", "ip neigh replace 192.168.6.1 lladdr 02:00:00:00:00:98 dev eth0": "lladdr 02:00:00:00:00:98 PERMANENT"}},
		{"a learned neighbour away", []steps.Action{steps.Send{Netns: host, To: "192.168.6.1"}}, steps.NeighDel{Netns: host, Dst: "192.168.6.1", Dev: "eth0"},
			[]string{"ip neigh flush dev eth0", "ip neigh flush to 192.168.6.1"},
			map[string]string{"ip neigh flush nud permanent": "192.168.6.1 dev eth0 lladdr", "ip neigh replace 192.168.6.1 lladdr 02:00:00:00:00:98 dev eth0": "PERMANENT"}},
		{"forwarding", connected()[:len(connected())-1], steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"},
			[]string{"sysctl -q net.ipv4.conf.all.forwarding=1", "sysctl -q net.ipv4.conf.eth0.forwarding=1 net.ipv4.conf.veth-ns1.forwarding=1", "echo 1 > /proc/sys/net/ipv4/ip_forward"},
			map[string]string{"sysctl -q net.ipv4.conf.default.forwarding=1": "net.ipv4.ip_forward = 0", "sysctl -q net.ipv4.conf.eth0.forwarding=1": "net.ipv4.ip_forward = 0",
				"sysctl -q net.ipv4.ip_forward=1; sysctl -q net.ipv4.conf.eth0.forwarding=0": "net.ipv4.conf.eth0.forwarding = 0",
				toPod + "sysctl -q net.ipv4.ip_forward=1":                                    "net.ipv4.ip_forward = 0"}},
		{"a device's forwarding", cabled(), steps.Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "1"},
			[]string{"sysctl -q net.ipv4.ip_forward=1", "sysctl -q net.ipv4.conf.all.forwarding=1"},
			map[string]string{"sysctl -q net.ipv4.conf.eth0.forwarding=1": "net.ipv4.conf.veth-ns1.forwarding = 0", "sysctl -q net.ipv4.conf.default.forwarding=1": "= 0"}},
		{"a proxy", cabled(), steps.Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
			[]string{"sysctl -q net.ipv4.conf.all.proxy_arp=1", "echo 1 | tee /proc/sys/net/ipv4/conf/veth-ns1/proxy_arp"},
			map[string]string{"sysctl -q net.ipv4.conf.eth0.proxy_arp=1": "net.ipv4.conf.veth-ns1.proxy_arp = 0", "sysctl -q net.ipv4.conf.default.proxy_arp=1": "proxy_arp = 0"}},
		{"a name server", cabled(), steps.Resolver{Netns: pod, Server: "203.0.113.53"},
			[]string{"mkdir -p /etc/netns/ns1; printf 'search example.com\\nnameserver\\t203.0.113.53\\n' > /etc/netns/ns1/resolv.conf", "mkdir -p /etc/netns/ns1; echo nameserver 203.0.113.53 | tee /etc/netns/ns1/resolv.conf"},
			map[string]string{"mkdir -p /etc/netns/ns1; echo nameserver 203.0.113.10 > /etc/netns/ns1/resolv.conf": "nameserver 203.0.113.10",
				"mkdir -p /etc/netns/ns1; echo '#nameserver 203.0.113.53' > /etc/netns/ns1/resolv.conf": "#nameserver 203.0.113.53",
				"mkdir -p /etc/netns/ns2; echo nameserver 203.0.113.53 > /etc/netns/ns2/resolv.conf":    ""}},
		{"a server", cabled(), process.Run{Netns: pod, Name: "web-ns1", Argv: []string{"web"}},
			[]string{toPod + background("web"), "nsenter --net=/run/netns/ns1 " + background("web 80")},
			map[string]string{background("web"): "", toPod + background("web 8080"): "web :8080"}},
		{"a program that waits", cabled(), process.Run{Netns: pod, Name: "sidecar", Argv: []string{"pause"}},
			[]string{toPod + background("pause"), "nsenter --net=/run/netns/ns1 " + background("pause")},
			map[string]string{background("pause"): "", toPod + background("web"): "web :80"}},
		{"masquerade", connected(), masquerade,
			[]string{"iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "iptables-legacy -t nat -A POSTROUTING -s 172.20.0.0/16 -j MASQUERADE",
				"nft add table ip n; nft 'add chain ip n c { type nat hook postrouting priority 100; }'; nft add rule ip n c oif eth0 ip saddr 172.20.1.0/24 counter masquerade",
				"iptables -t nat -A POSTROUTING -s 172.20.1.10 ! -o lo -j SNAT --to-source 192.168.6.160",
				"iptables -t mangle -A FORWARD -i veth-ns1 -j MARK --set-mark 7; iptables -t nat -A POSTROUTING -m mark --mark 7 -j MASQUERADE"},
			map[string]string{"iptables -t nat -A POSTROUTING -s 172.20.1.10 -o veth-ns1 -j MASQUERADE": "-o veth-ns1 -j MASQUERADE",
				"iptables -t nat -A POSTROUTING -s 172.20.1.10 -j SNAT --to-source 192.168.6.99":         "--to-source 192.168.6.99",
				"iptables -t nat -A POSTROUTING -s 172.20.1.10 -p icmp -j MASQUERADE":                    "-p icmp",
				"iptables -t nat -A POSTROUTING -s 172.20.2.0/24 -j MASQUERADE":                          "-s 172.20.2.0/24",
				"iptables -t nat -A POSTROUTING -j ACCEPT; iptables -t nat -A POSTROUTING -j MASQUERADE": "-j MASQUERADE"}},
		{"a narrower masquerade", append(connected(), masquerade), narrow,
			[]string{"iptables -t nat -R POSTROUTING 1 -o eth0 -j MASQUERADE", "iptables -t nat -I POSTROUTING -d 172.20.1.0/24 -j ACCEPT",
				"iptables -t nat -F POSTROUTING; nft add table ip n; nft 'add chain ip n c { type nat hook postrouting priority 100; }'; nft add rule ip n c ip saddr 172.20.1.0/24 ip daddr != 172.20.1.0/24 masquerade"},
			map[string]string{"iptables -t nat -A POSTROUTING -s 172.20.1.0/24 ! -d 172.20.1.0/24 -j MASQUERADE": "-s 172.20.1.10/32 -j MASQUERADE",
				"iptables -t nat -F POSTROUTING": ""}},
	}
}
