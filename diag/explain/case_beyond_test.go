package explain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// farAway is a network whose outer part is another machine: it is alive, and
// cannot be entered.
type farAway struct {
	name     string
	base     baseNetwork
	fault    string
	hide     []string
	from, to string
	want     cause.Code // of the answer after the ping
	netns    string
	beyond   string // the device, where all is well up to there
	mends    bool   // the fix is here, and works
	says     string // a part of the detail or of the evidence
	fix      string // a part of its first command
	noFix    bool   // nothing is offered
	doubted  bool   // it works, and is doubted before a ping was sent
}

// farNodes are two nodes with a LAN between them that somebody else owns.
var farNodes = []string{"sw", "host2", "host3", "pod-b"}

var farAways = []farAway{
	{name: "healthy", base: masqueraded, hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "healthy, from the node", base: routed, hide: []string{"inet"}, from: "host", to: "203.0.113.10"},
	{name: "healthy nodes", base: switched, hide: farNodes, from: "pod-a", to: "192.168.11.10"},
	{name: "healthy tunnel", base: flannel, hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10"},
	{name: "healthy tunnel that learns", base: learning, hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10"},
	{name: "no masquerade", base: routed, hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10",
		want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "no masquerade behind a bridge", base: bridged, hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10",
		want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a source that the node has no more", base: routed, fault: "host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth0 -j SNAT --to-source 192.168.6.161",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a source that the node has no more, by nft", base: routed, fault: "host: nft add table ip f\nhost: nft 'add chain ip f post { type nat hook postrouting priority 100; }'\nhost: nft add rule ip f post ip saddr 10.244.0.0/16 oifname eth0 snat to 192.168.6.161",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a source that is one of another device", base: routed, fault: "host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth0 -j SNAT --to-source 192.168.6.161\nhost: ip addr add 192.168.6.161/32 dev lo",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "masquerade without connection tracking", base: masqueraded, fault: "host: iptables -t raw -A PREROUTING -s 10.244.0.0/16 -j CT --notrack",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a rule of nat lets it by first", base: routed, fault: "host: iptables -t nat -N OWN\nhost: iptables -t nat -A OWN -j ACCEPT\nhost: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -j OWN\nhost: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true, says: "-A OWN -j ACCEPT"},
	{name: "a rule of nat returns first, and there is none behind it", base: routed, fault: "host: iptables -t nat -A POSTROUTING -d 203.0.0.0/8 -j RETURN",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true, says: "-j RETURN"},
	{name: "a rule of nat lets all by first", base: routed, fault: "host: iptables -t nat -A POSTROUTING -j ACCEPT\nhost: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a rule of another chain of nat lets it by", base: routed, fault: "host: nft add table ip f\nhost: nft 'add chain ip f post { type nat hook postrouting priority 90; }'\nhost: nft add rule ip f post accept",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "a gateway that nobody has, before another one", base: masqueraded, fault: "host: ip link add up1 type veth peer name far1 netns inet\ninet: ip link set far1 up\nhost: ip addr add 192.168.9.2/24 dev up1\nhost: ip link set up1 up\nhost: ip route del default\nhost: ip route add default via 192.168.6.1 metric 100\nhost: ip route add default via 192.168.9.1 metric 50",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "metric 100"},
	{name: "the answer would come by another device, where rp_filter minds who asks for the node", base: masqueraded,
		fault: "host: ip link add up1 type veth peer name far1 netns inet\ninet: ip link set far1 up\nhost: ip addr add 10.9.0.2/24 dev up1\nhost: ip link set up1 up\ninet: ip addr add 10.9.0.1/24 dev far1\nhost: sysctl -qw net.ipv4.conf.up1.rp_filter=1\ninet: ip route add 192.168.6.160 via 10.9.0.2 dev far1",
		hide:  []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.RPFilter, netns: "host", mends: true, says: "asks for 10.9.0.2"},
	{name: "a pod of the LAN that nobody answers for", base: routed, fault: "pod-a: ip addr add 192.168.6.50/32 dev eth0\npod-a: ip addr del 10.244.1.10/24 dev eth0\npod-a: ip route replace default via 169.254.10.24 dev eth0 onlink src 192.168.6.50\nhost: ip route add 192.168.6.50 dev veth-pod-a",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "asks for 192.168.6.50"},
	{name: "a pod asks for a gateway that the node does not answer for", base: masqueraded, fault: "pod-b: ip ntable change name arp_cache dev eth0 retrans 60\nhost: sysctl -qw net.ipv4.conf.veth-pod-b.proxy_arp=0",
		hide: []string{"pod-b"}, from: "host", to: "10.244.1.11", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "asks for 169.254.10.24"},
	{name: "the same, of IPv6", base: bridged6, fault: "pod-a: ip addr add fd00:6::50/128 dev eth0\nhost: ip route add fd00:6::50 dev cni0\npod-a: sleep 0.1\npod-a: ip route replace default via fd00:244:1::1 src fd00:6::50",
		hide: []string{"inet"}, from: "pod-a", to: "fd00:203::10", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "asks for fd00:6::50"},
	{name: "a policy stops what goes there and what comes back", base: twoWaysBack, fault: "host: iptables -P FORWARD DROP",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.Filtered, netns: "host", mends: true},
	{name: "a rule of the node leaves one hop to live", base: switched, fault: "host1: iptables -t mangle -A POSTROUTING -o eth0 -j TTL --ttl-set 1",
		hide: farNodes, from: "pod-a", to: "192.168.11.10", want: cause.RouteLoop, netns: "host1", mends: true},
	{name: "a pod's packets begin with a TTL that ends beyond", base: chain, fault: "a: sysctl -qw net.ipv4.ip_default_ttl=3",
		hide: []string{"r3", "r4", "b"}, from: "a", to: "10.2.0.2", want: cause.RouteLoop, netns: "a", mends: true, says: "too small"},
	{name: "a circle beyond, which spends any TTL", base: chain, fault: "r4: ip route replace 10.2.0.0/24 via 10.34.0.3\nr4: sysctl -qw net.ipv4.conf.all.send_redirects=0",
		hide: []string{"r3", "r4", "b"}, from: "a", to: "10.2.0.2", want: cause.NotKnown, netns: "r2", beyond: "right", says: "ttl-exceeded"},
	{name: "the reply is dropped here", base: masqueraded, fault: "host: nft add table ip f\nhost: nft 'add chain ip f forward { type filter hook forward priority 0; }'\nhost: nft add rule ip f forward iifname eth0 drop",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.Filtered, netns: "host", mends: true},
	{name: "a route takes the reply", base: switched, fault: "host1: ip route replace 192.168.10.10 via 10.57.4.22 dev eth0",
		hide: farNodes, from: "pod-a", to: "192.168.11.10", want: cause.NoReturnRoute, netns: "host1", mends: true},
	{name: "the way back is missing, and the default route leads out again", base: chain, fault: "r2: ip route replace default via 10.23.0.3\nr2: ip route del 10.2.0.0/24\nr2: ip route del 10.1.0.0/24",
		hide: []string{"r3", "r4", "b"}, from: "a", to: "10.2.0.2", want: cause.NoReturnRoute, netns: "r2", mends: true},
	{name: "the far end says nothing", base: masqueraded, fault: "inet: sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "eth0"},
	{name: "a pod says nothing", base: routed, fault: "pod-b: sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		hide: []string{"pod-b"}, from: "pod-a", to: "10.244.1.11", want: cause.NotKnown, netns: "host", beyond: "veth-pod-b"},
	{name: "a node that we route by says nothing", base: switched, fault: "host2: sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		hide: farNodes, from: "pod-a", to: "10.57.4.21", want: cause.NotKnown, netns: "host1", beyond: "eth0"},
	{name: "nobody has the MAC address of a permanent entry", base: masqueraded, fault: "host: ip neigh replace 192.168.6.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "eth0", says: "the entry of 192.168.6.1: it is permanent"},
	{name: "two halves of a default route lead into a tunnel whose far end passes nothing on", base: routed, fault: besideTunnel + "\nfar: ip addr add 10.9.7.1/24 dev tun1\nhost: ip addr replace 10.9.7.2/24 dev tun0\nhost: ip route add 0.0.0.0/1 via 10.9.7.1\nhost: ip route add 128.0.0.0/1 via 10.9.7.1",
		hide: []string{"far"}, from: "host", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "tun0", says: "128.0.0.0/1 via 10.9.7.1 dev tun0 comes before default via"},
	{name: "nobody beyond knows the way to a source of another device", base: routed, fault: "host: ip addr add 10.9.9.9/32 dev lo\nhost: ip route replace default via 192.168.6.1 src 10.9.9.9",
		hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "eth0", says: "10.9.9.9 is in no network of eth0"},
	{name: "a deprecated address leaves one of a range of its own", base: ownRange, fault: uplinkULA + "\nhost: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0",
		hide: []string{"inet"}, from: "host", to: world6, want: source.WrongSource, netns: "host", mends: true},
	{name: "… also to what masquerades", base: ownRange, fault: uplinkULA + "\nhost: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0",
		hide: []string{"inet"}, from: "pod-a", to: world6, want: source.WrongSource, netns: "host", mends: true},
	{name: "a route names a source of a range of its own", base: ownRange, fault: uplinkULA + "\nhost: ip route replace default via 2001:db8:6::1 src fd00:6::160",
		hide: []string{"inet"}, from: "host", to: world6, want: source.WrongSource, netns: "host", mends: true},
	{name: "the uplink has an address of a range of its own alone", base: ownRange, fault: uplinkULA + "\nhost: ip addr del 2001:db8:6::160/64 dev eth0\nhost: ip route replace default via fe80::c0ff:fea8:601 dev eth0",
		hide: []string{"inet"}, from: "host", to: world6, want: cause.NoAddress, netns: "host"},
	{name: "… which the far side knows", base: ownRange, fault: uplinkULA + "\nhost: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0\ninet: ip route add fd00:6::/64 dev up0",
		hide: []string{"inet"}, from: "host", to: world6, doubted: true},
	{name: "nothing masquerades IPv6", base: ownRange, fault: "host: ip6tables -t nat -F POSTROUTING",
		hide: []string{"inet"}, from: "pod-a", to: world6, want: cause.NotMasqueraded, netns: "host", mends: true},
	{name: "IPv6 is masqueraded", base: ownRange, hide: []string{"inet"}, from: "pod-a", to: world6},
	{name: "the far end of a tunnel that learns is not there", base: learning, fault: "host2: ip link set vxlan0 down",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NotKnown, netns: "host1", beyond: "eth0", says: "nothing there opens UDP port 4789"},
	{name: "the far end of a tunnel that learns gets nothing", base: learning, fault: "host2: iptables -A INPUT -p udp -j DROP",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NeighbourUnanswered, netns: "host1", beyond: "eth0", says: "in a packet of VXLAN"},
	{name: "a tunnel that floods to several ends, and a rule stops all that it sends", base: learning, fault: severalEnds + "\nhost1: iptables -A OUTPUT -p udp --dport 4789 -j DROP",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.Filtered, netns: "host1", mends: true},
	{name: "… all that comes back", base: learning, fault: severalEnds + "\nhost1: nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in udp dport 4789 drop'",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.Filtered, netns: "host1", mends: true},
	{name: "… what it sends to one of them, where nobody is", base: learning, fault: severalEnds + "\nhost1: iptables -A OUTPUT -p udp -d 10.57.4.22 -j DROP",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10"},
	{name: "… no route leads to one of them", base: learning, fault: strings.ReplaceAll(severalEnds, "10.57.4.22", "10.99.0.1"),
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10"},
	{name: "the far end of a tunnel gets nothing, and there is a way out", base: learning, fault: "host2: iptables -A INPUT -p udp -j DROP\nhost1: ip route add default via 10.57.4.22 dev eth0",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NeighbourUnanswered, netns: "host1", beyond: "eth0", says: "in a packet of VXLAN"},
	{name: "the far end of a tunnel is not there", base: flannel, fault: "host2: ip link set flannel.1 down",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NotKnown, netns: "host1", beyond: "eth0", says: "nothing there opens UDP port"},
	{name: "a tunnel is down, and nothing names the route that went with it", base: flannel, fault: "host1: ip link set flannel.1 down",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.LinkDown, netns: "host1", says: "has to write it again"},
	{name: "the far end of a tunnel says nothing", base: flannel, fault: "pod-b: sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NotKnown, netns: "host1", beyond: "eth0", says: "in a packet of VXLAN"},
	{name: "the far end of a tunnel is its own namespace", base: flannel, fault: "host1: bridge fdb del 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.21 self\nhost1: bridge fdb append 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.20 self permanent",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.RouteLoop, netns: "host1", says: "10.57.4.20, which is an address of"},
	{name: "a table of a tunnel is asked before the network of the uplink", base: routed, fault: besideTunnel + "\nhost: ip route add 192.168.6.0/24 dev tun0 table 52\nhost: ip rule add pref 5270 lookup 52",
		hide: []string{"far"}, from: "host", to: "192.168.6.1", want: cause.NoRoute, netns: "host", mends: true, says: "the policy rule 5270"},
	{name: "… whose host cannot be seen either", base: routed, fault: besideTunnel + "\nhost: ip route add 192.168.6.0/24 dev tun0 table 52\nhost: ip rule add pref 5270 lookup 52",
		hide: []string{"far", "inet"}, from: "host", to: "192.168.6.1", want: cause.NoRoute, netns: "host", mends: true, says: "in the network of eth0"},
	{name: "… and leads there as well", base: routed, fault: besideTunnel + "\nhost: ip route add 192.168.6.0/24 dev tun0 table 52\nhost: ip rule add pref 5270 lookup 52\nfar: ip addr add 192.168.6.1/24 dev tun1",
		hide: []string{"far"}, from: "host", to: "192.168.6.1"},
	{name: "a ping to a service", base: routed, fault: served,
		hide: []string{"inet"}, from: "pod-a", to: "10.96.0.10", want: service.NotTranslated, netns: "host"},
	{name: "a macvlan's own node, whose uplink leads out of sight", base: stacked,
		hide: []string{"inet"}, from: "pod-b", to: "192.168.6.160", want: cause.NotKnown, netns: "pod-b", mends: true, says: "the kernel passes no frame"},
	{name: "a macvlan of one's own node", base: stacked,
		hide: []string{"inet"}, from: "host", to: "192.168.6.100", want: cause.NotKnown, netns: "host", mends: true, says: "the kernel passes no frame"},
	{name: "a table of a policy rule has a kill switch alone", base: masqueraded, fault: "host: nft 'add table ip f; add chain ip f pre { type filter hook prerouting priority mangle; }; add rule ip f pre ip saddr 10.244.1.10 meta mark set 0x10000'\nhost: ip rule add pref 30000 fwmark 0x10000/0xff0000 lookup 200\nhost: ip route add blackhole default table 200\nhost: ip route add blackhole default table 201\nhost: ip rule add pref 20000 fwmark 0x20000/0xff0000 lookup 201",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.RouteBlackhole, netns: "host", mends: true, says: "the policy rule 30000"},
	{name: "a macvlan whose switch gives nothing back", base: bridged, fault: vepa,
		hide: []string{"inet"}, from: "pod-a", to: "192.168.6.101", want: cause.NeighbourUnanswered, netns: "pod-a", mends: true, says: "in mode vepa"},
	{name: "an hour at which a rule does not hold", base: masqueraded, fault: "host: iptables -P FORWARD DROP\nhost: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nhost: iptables -A FORWARD -i veth-pod-a -m time --datestop 2020-01-01T00:00:00 -j ACCEPT",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.Filtered, netns: "host", mends: true, says: "at another time"},
	{name: "an hour at which a rule holds", base: masqueraded, fault: "host: iptables -P FORWARD DROP\nhost: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nhost: iptables -A FORWARD -i veth-pod-a -m time --datestart 2020-01-01T00:00:00 --timestart 00:00 --timestop 23:59:59 -j ACCEPT\nhost: iptables -A FORWARD -m time --datestop 2020-01-01T00:00:00 -j DROP",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "an hour of nft's at which a rule does not hold", base: masqueraded, fault: "host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; policy drop; }; add rule inet f fw ct state established accept; add rule inet f fw iifname veth-pod-a meta time < 1577836800 accept'",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.Filtered, netns: "host", mends: true, says: "at another time"},
	{name: "… and does", base: masqueraded, fault: "host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; policy drop; }; add rule inet f fw ct state established accept; add rule inet f fw meta day { 0, 1, 2, 3, 4, 5, 6 } meta hour 0-86399 meta time > 1577836800 accept'",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "a route for one address leads where nobody is", base: routed, fault: "host: ip link add vold type veth peer name eth9 netns pod-b\npod-b: ip link set eth9 up\nhost: ip link set vold up\nhost: ip route add 192.168.6.1 dev vold",
		hide: []string{"inet"}, from: "host", to: "192.168.6.1", want: cause.NoRoute, netns: "host", mends: true, says: "a part of that"},
	{name: "a kill switch, and the device before it is down", base: bridged, fault: "host: ip link add tun0 type veth peer name tun1 netns inet\nhost: ip addr add 10.9.7.2/24 dev tun0\ninet: ip addr add 10.9.7.1/24 dev tun1\ninet: ip link set tun1 up\ninet: ip route add 10.244.1.10 via 10.9.7.2\nhost: ip rule add pref 100 from 10.244.1.10 iif cni0 lookup 66\nhost: ip route add blackhole default metric 1000 table 66",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.LinkDown, netns: "host", says: "nothing here names the router"},
	{name: "a route of zeroconf takes an address of the world for a neighbour", base: masqueraded, fault: zeroconf + "\nhost: ip route add 169.254.0.0/16 dev eth0 metric 1000",
		hide: []string{"inet"}, from: "host", to: "169.254.169.254", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "names no gateway"},
	{name: "… by a device of its own, for a pod", base: masqueraded, fault: zeroconf + "\nhost: ip link add eth9 type veth peer name lan9 netns inet\ninet: ip link set lan9 up\nhost: ip link set eth9 up\nhost: ip addr add 10.9.9.2/24 dev eth9\nhost: ip route add 169.254.0.0/16 dev eth9\nhost: iptables -t nat -A POSTROUTING -o eth9 -j MASQUERADE",
		hide: []string{"inet"}, from: "pod-a", to: "169.254.169.254", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "names no gateway"},
	{name: "… where somebody is heard of who is on that wire", base: masqueraded, fault: zeroconf + "\nhost: ip route add 169.254.0.0/16 dev eth0 metric 1000\nhost: ip neigh add 169.254.7.7 lladdr 02:00:00:00:00:77 dev eth0 nud permanent",
		hide: []string{"inet"}, from: "host", to: "169.254.169.254", want: cause.DestinationAbsent, netns: "host", beyond: "eth0"},
	{name: "… where the node has an address of it", base: masqueraded, fault: zeroconf + "\nhost: ip route add 169.254.0.0/16 dev eth0 metric 1000\nhost: ip addr add 169.254.7.7/32 dev eth0",
		hide: []string{"inet"}, from: "host", to: "169.254.169.254", want: cause.DestinationAbsent, netns: "host", beyond: "eth0"},
	{name: "a pod's prefix takes in what is behind its router", base: bridged, fault: "pod-a: ip addr add 10.244.1.10/8 dev eth0\npod-a: ip addr del 10.244.1.10/24 dev eth0\npod-a: ip route replace default via 10.244.1.1",
		hide: []string{"host", "pod-b", "pod-c"}, from: "pod-a", to: "10.9.9.9", want: cause.DestinationAbsent, netns: "pod-a", beyond: "eth0", says: "that prefix is too wide"},
	{name: "a port of a bridge has the address", base: routed, fault: "host: ip link add br0 type bridge\nhost: ip link set br0 up\nhost: ip link set eth0 master br0",
		hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "a port of br0"},
	{name: "a route for a part of the uplink's network leads into a tunnel", base: routed, fault: besideTunnel + "\nhost: ip route add 192.168.6.0/25 dev tun0",
		hide: []string{"far", "inet"}, from: "host", to: "192.168.6.1", want: cause.NoRoute, netns: "host", mends: true, says: "a part of that"},
	{name: "… which is right", base: routed, fault: besideTunnel + "\nhost: ip route add 192.168.6.0/25 dev tun0\nfar: ip addr add 192.168.6.1/24 dev tun1",
		hide: []string{"far"}, from: "host", to: "192.168.6.1"},
	{name: "the rule for a source of another uplink is gone", base: routed, fault: eniUplink,
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true, says: "the table 2 leads out of eth1"},
	{name: "… and is there", base: routed, fault: eniUplink + "\nhost: ip rule add pref 1536 from 10.9.2.55 lookup 2",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "the far end of a tunnel's entry is nobody's", base: flannel, fault: "host1: bridge fdb replace 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.99 self permanent",
		hide: []string{"host2", "pod-b"}, from: "pod-a", to: "192.168.11.10", want: cause.NeighbourUnanswered, netns: "host1", beyond: "eth0"},
	{name: "nobody answers, and another device has the network as well", base: masqueraded, fault: "host: ip link add up1 type veth peer name far1 netns inet\ninet: ip link set far1 up\nhost: ip addr add 192.168.6.161/24 dev up1\nhost: ip link set up1 up",
		hide: []string{"inet"}, from: "host", to: "192.168.6.77", want: cause.DestinationAbsent, netns: "host", beyond: "eth0", says: "up1 is in the network 192.168.6.0/24, too"},
	{name: "the uplink is down, and proxy ARP has no route to answer for", base: masqueraded, fault: "host: ip link set eth0 down",
		from: "pod-a", to: "203.0.113.10", want: cause.LinkDown, netns: "host", mends: true},
	{name: "… whose router cannot be seen", base: masqueraded, fault: "host: ip link set eth0 down",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.LinkDown, netns: "host", says: "nothing here names the router of 192.168.6.0/24"},
	{name: "a node has lost its uplink, and has a pod out of sight", base: masqueraded, fault: "host: ip link del eth0\nhost: ip addr add 10.244.1.1/32 dev veth-pod-a\nhost: ip addr add 10.244.1.1/32 dev veth-pod-b\npod-a: ip route replace default via 10.244.1.1 dev eth0 onlink",
		hide: []string{"pod-b"}, from: "pod-a", to: "203.0.113.10", want: cause.NoRoute, netns: "host", noFix: true},
	{name: "a node has no default route, and nothing names its router", base: bridged, fault: "host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\nhost: ip route del default",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "192.168.6.1 dev eth0"},
	{name: "the device to a router is down, and the default route takes what was for it", base: masqueraded, fault: otherRouter,
		from: "pod-a", to: "10.77.0.9", want: cause.LinkDown, netns: "host", mends: true, says: "the route to 10.77.0.9"},
	{name: "… out of sight", base: masqueraded, fault: otherRouter,
		hide: []string{"inet"}, from: "pod-a", to: "10.77.0.9", want: cause.LinkDown, netns: "host", mends: true},
	{name: "… whose router cannot be seen either", base: masqueraded, fault: otherRouter,
		hide: []string{"inet", "far"}, from: "pod-a", to: "10.77.0.9", want: cause.NotKnown, netns: "host", beyond: "eth0", says: "is down, and its routes with it: nothing here says"},
	{name: "the ARP of the uplink is off", base: masqueraded, fault: "host: ip link set eth0 arp off",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourWrongMAC, netns: "host", mends: true},
	{name: "nothing masquerades, and the far side says nothing to anybody", base: routed, fault: "inet: sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "eth0", noFix: true, says: "is not answered either"},
	{name: "a router of a network behind another one does not forward, and who is beyond knows the way back", base: chain, fault: routedOut + "\nr2: sysctl -qw net.ipv4.ip_forward=0",
		hide: []string{"r3", "r4", "b"}, from: "a", to: "203.0.113.10", want: cause.ForwardingOff, netns: "r2", mends: true},
	{name: "the ARP of a bridge is off, and the uplink is its port", base: masqueraded, fault: uplinkBridged + "host: ip link set br0 arp off",
		hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NeighbourWrongMAC, netns: "host", mends: true, says: "the ARP of br0 is off"},
	{name: "the ARP of a pod's macvlan is off", base: bridged, fault: macvlanPod + "pod-a: ip link set mv0 arp off",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourWrongMAC, netns: "pod-a", mends: true, says: "the ARP of mv0 is off"},
	{name: "the router is gone", base: masqueraded, fault: "inet: ip addr flush dev up0",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host", beyond: "eth0"},
}

// zeroconf has somebody out of sight, behind the router, with an address of links.
const zeroconf = `
inet: ip addr add 169.254.169.254/32 dev lo
inet: sysctl -qw net.ipv4.conf.all.arp_ignore=1`

// routedOut has the default routes of routers lead to a public address, whose host knows the way
// back to their first network alone.
const routedOut = `
r1: ip route add default via 10.12.0.2
r2: ip route add default via 10.23.0.3
r3: ip route add default via 10.34.0.4
r4: ip route add 203.0.113.10 via 10.2.0.2
b: ip addr add 203.0.113.10/32 dev eth0`

// severalEnds has host1 send what is for everybody to one more end of its tunnel, first.
const severalEnds = `
host1: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self
host1: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.22 self permanent
host1: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self permanent`

// otherRouter gives the node a device that is down, and behind it a router to a network.
const otherRouter = `
host: ip link add up2 type veth peer name down2 netns far
host: ip addr add 10.9.9.2/24 dev up2
far: ip addr add 10.9.9.1/24 dev down2
far: ip link set down2 up
far: ip addr add 10.77.0.9/32 dev lo
host: iptables -t nat -A POSTROUTING -o up2 -j MASQUERADE`

// eniUplink gives the node another one, whose network the pod's address is of, and a table with
// the way out by it.
const eniUplink = `
host: ip link add eth1 type veth peer name up1 netns inet
host: ip link set eth1 up
inet: ip link set up1 up
host: ip addr add 10.9.2.10/24 dev eth1
inet: ip addr add 10.9.2.1/24 dev up1
host: ip route add default via 10.9.2.1 dev eth1 table 2
host: sysctl -qw net.ipv4.conf.eth1.proxy_arp=1 net.ipv4.neigh.eth1.proxy_delay=0
inet: sysctl -qw net.ipv4.conf.up0.rp_filter=1
pod-a: ip addr del 10.244.1.10/24 dev eth0
pod-a: ip addr add 10.9.2.55/32 dev eth0
pod-a: ip route replace default via 169.254.10.24 dev eth0 onlink
host: ip route add 10.9.2.55 dev veth-pod-a`

// uplinkBridged makes the uplink a port of a bridge, which has its address from then on.
const uplinkBridged = `
host: ip addr flush dev eth0
host: ip link add br0 address 02:00:c0:a8:06:a0 type bridge
host: ip link set eth0 master br0
host: ip link set br0 up
host: ip addr add 192.168.6.160/24 dev br0
host: ip route add default via 192.168.6.1
`

// macvlanPod has a pod share the node's device.
const macvlanPod = `
host: ip link add mv0 link eth0 type macvlan mode bridge
host: ip link set mv0 netns pod-a
pod-a: ip link del eth0
pod-a: ip link set mv0 up
pod-a: ip addr add 192.168.6.77/24 dev mv0
pod-a: ip route add default via 192.168.6.1
`

// vepa puts two pods on the node's device in a mode in which the switch has to give frames back.
const vepa = `
host: ip link add mv0 link eth0 type macvlan mode vepa
host: ip link set mv0 netns pod-a name net1
host: ip link add mv0 link eth0 type macvlan mode vepa
host: ip link set mv0 netns pod-b name net1
pod-a: ip addr add 192.168.6.100/24 dev net1
pod-b: ip addr add 192.168.6.101/24 dev net1
pod-a: ip link set net1 up
pod-b: ip link set net1 up`

// besideTunnel gives the node a tunnel to somebody else.
const besideTunnel = `
host: ip link add tun0 type veth peer name tun1 netns far
host: ip link set tun0 up
host: ip addr add 100.64.0.1/32 dev tun0
far: ip link set tun1 up
far: ip route add 100.64.0.1 dev tun1`

// TestAFarSideThatCannotBeSeen: what leaves what can be seen is followed as
// though it were answered, and the ping decides.
func TestAFarSideThatCannotBeSeen(t *testing.T) {
	labtest.Slow(t)
	abreast(farAways, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
}

func (c farAway) try(b *built) {
	b.t.Helper()
	needTools(b.t, c.fault)
	b.run(c.fault)
	b.hurry()
	b.forget()
	for _, netns := range c.hide {
		b.hide(netns)
	}
	ping := breakage{from: c.from, to: c.to}
	before := b.explain(ping, false)
	if before.Verdict == explain.Delivered {
		b.t.Errorf("without a probe it says that the far side answers\n%s", b.account(before))
	}
	if c.want == "" && (before.Verdict != explain.Undecided || before.Beyond == "" != c.doubted) {
		b.t.Errorf("without a probe: %s, %s, beyond %q\n%s", before.Verdict, before.Cause.Code, before.Beyond, b.account(before))
	}
	a := b.explain(ping, true)
	verdict := explain.Broken
	if c.want == "" {
		verdict, c.want = explain.Delivered, cause.None
	}
	if a.Verdict != verdict || a.Cause.Code != c.want || b.script(a.Cause.Netns) != c.netns || a.Beyond != c.beyond {
		b.t.Errorf("%s, %s in %s, beyond %q\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), a.Beyond, b.account(a))
	}
	if !slices.ContainsFunc(append([]explain.Text{a.Cause.Detail}, a.Cause.Evidence...), func(line explain.Text) bool { return strings.Contains(line.String(), c.says) }) && c.says != "" {
		b.t.Errorf("the evidence does not say %q: %v", c.says, a.Cause.Evidence)
	}
	if c.fix != "" && (len(a.Fix) == 0 || !strings.Contains(a.Fix[0].String(), c.fix)) {
		b.t.Errorf("the fix is not %q\n%s", c.fix, b.account(a))
	}
	if c.noFix && len(a.Fix) > 0 {
		b.t.Errorf("the fix is %v\n%s", a.Fix, b.account(a))
	}
	if !c.mends || b.t.Failed() {
		return
	}
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
		b.t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
	}
}

// TestAnAnswerToAnotherRouterOfASwitch: the switch is seen, and on its wires the answer of a
// host that sends it to a router of its own. That is no answer which came back.
func TestAnAnswerToAnotherRouterOfASwitch(t *testing.T) {
	b := switched.build(t)
	b.run("host1: ip neigh replace 10.57.4.22 lladdr 02:00:0a:39:04:16 dev eth0 nud reachable\nhost1: ip route add default via 10.57.4.21\n" +
		"host2: ip route del 192.168.10.0/24\nhost3: ip route add default via 10.57.4.21")
	b.hurry()
	for _, netns := range []string{"host2", "host3", "pod-b"} {
		b.hide(netns)
	}
	ping := breakage{from: "pod-a", to: "10.57.4.22"}
	a := b.explain(ping, true)
	if a.Verdict != explain.Broken || a.Cause.Code != cause.NotMasqueraded || b.script(a.Cause.Netns) != "host1" || len(a.Fix) == 0 || !strings.Contains(fmt.Sprint(a.Cause.Evidence), "into p3") {
		t.Fatalf("%s, %s in %s\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), b.account(a))
	}
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
	}
}

// hide takes the name from a namespace: no process is in it, so that nobody can
// find it.
func (b *built) hide(netns string) {
	b.t.Helper()
	path := filepath.Join("/run/netns", b.real(netns))
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
	if err := os.Remove(path); err != nil {
		b.t.Fatal(err)
	}
}

// TestAGatewayThatOnlyAFileNames: the default route has gone with its device, and nothing that
// can be seen tells whom it led to but the file that the device was configured by.
func TestAGatewayThatOnlyAFileNames(t *testing.T) {
	const folder = "/run/systemd/network"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.Remove(folder + "/10-eth0.network") })
	b := masqueraded.build(t)
	b.run("inet: ip addr add 192.168.6.254/24 dev up0\ninet: ip addr del 192.168.6.1/24 dev up0\nhost: ip link set eth0 down\nhost: ip link set eth0 up")
	b.hide("inet")
	if err := os.WriteFile(folder+"/10-eth0.network", []byte("[Match]\nName=eth0\n[Network]\nGateway=192.168.6.254\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	defer b.lostWithItsDevice(folder)
	a := b.explain(breakage{from: "host", to: "203.0.113.10"}, false)
	if len(a.Fix) != 1 || a.Cause.Code != cause.NoRoute || !strings.Contains(a.Fix[0].String(), "default via 192.168.6.254 dev eth0") ||
		!slices.ContainsFunc(a.Cause.Evidence, func(line explain.Text) bool { return line.String() == folder+"/10-eth0.network: Gateway=192.168.6.254" }) {
		t.Errorf("fix %v\n%s", a.Fix, b.account(a))
	}
}

// lostWithItsDevice: a file has the route that is gone with a device, and not the default
// route; the packet goes astray by that.
func (b *built) lostWithItsDevice(folder string) {
	b.t.Helper()
	b.run("host: ip route replace default via 192.168.6.254\nhost: ip link add eth9 type veth peer name eth8 netns pod-b\nhost: ip addr add 10.9.9.2/24 dev eth9")
	const file = "[Match]\nName=eth9\n[Network]\nGateway=10.9.9.1\n[Route]\nDestination=10.77.0.0/16\nGateway=10.9.9.254\n"
	if err := os.WriteFile(folder+"/11-eth9.network", []byte(file), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { os.Remove(folder + "/11-eth9.network") })
	a := b.explain(breakage{from: "host", to: "10.77.0.9"}, true)
	if len(a.Fix) != 2 || a.Cause.Code != cause.LinkDown || !strings.Contains(a.Fix[1].String(), "add 10.77.0.0/16 via 10.9.9.254 dev eth9") {
		b.t.Errorf("fix %v\n%s", a.Fix, b.account(a))
	}
}
