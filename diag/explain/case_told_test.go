package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// tolds are faults of which the code and the place are half of what has to be said: what is
// next to it tells why.
var tolds = []farAway{
	{name: "a rule for another mark", base: routed, fault: `
host: iptables -t mangle -A PREROUTING -i veth-pod-a -j MARK --set-xmark 0x5
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -N ACL
host: iptables -A FORWARD -i veth-pod-a -j ACL
host: iptables -A ACL -m mark --mark 0x1 -j ACCEPT
host: iptables -A ACL -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "-A ACL -m mark --mark 0x1 -j ACCEPT would apply, but for meta mark, which is 0x00000005 here"},
	{name: "a rule for another port", base: routed, fault: `
host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; policy drop; }; add rule inet f fw ct state established accept; add rule inet f fw ip daddr 10.244.1.12 accept'`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "ip daddr 10.244.1.12 accept would apply, but for ip daddr, which is 10.244.1.11 here"},
	{name: "a rule whose limit is used up", base: routed, fault: `
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -p icmp -m limit --limit 1/hour --limit-burst 1 -j ACCEPT
host: iptables -A FORWARD -j DROP
pod-a: ping -c 2 -i 0.2 -W 1 10.244.1.11 || true`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", says: "-m limit --limit 1/hour --limit-burst 1 -j ACCEPT, lets it pass no more: there are more packets than its rate allows"},
	{name: "a rule that drops what is more than its limit", base: routed, fault: `
host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; }; add rule inet f fw icmp type echo-request limit rate over 1/hour burst 1 packets drop'
pod-a: ping -c 2 -i 0.2 -W 1 10.244.1.11 || true`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", says: "there are more packets than its rate allows"},
	{name: "a rule that drops what is more than its limit for each", base: routed, fault: `
host: iptables -A FORWARD -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name tried -j DROP
pod-a: ping -c 2 -i 0.2 -W 1 10.244.1.11 || true`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", says: "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name tried -j DROP"},
	{name: "a rule whose quota is used up", base: routed, fault: `
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -m quota --quota 100 -j ACCEPT
host: iptables -A FORWARD -j DROP
pod-a: ping -c 2 -i 0.2 -W 1 10.244.1.11 || true`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", says: "-m quota --quota 100 -j ACCEPT, lets it pass no more: its quota is used up"},
	{name: "a rule that cannot be judged, both ways", base: routed, fault: `host: iptables -A FORWARD -m u32 --u32 "6&0xFF=1" -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "[match u32] -j DROP"},
	{name: "a table that a rule has asked for what is sent from here", base: routed, hide: []string{"inet"}, fault: `
host: ip rule add pref 100 iif lo lookup 70
host: ip route add default via 192.168.6.77 table 70`,
		from: "host", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host", beyond: "eth0", says: "the policy rule 100: from all iif lo lookup 70 has it go by the table 70; by main it would go default via 192.168.6.1"},
	{name: "a table that a rule has asked for a protocol", base: routed, hide: []string{"inet"}, fault: `
host: ip link add up1 type veth peer name far1 netns inet
host: ip addr add 192.168.9.2/24 dev up1
host: ip link set up1 up
inet: ip link set far1 up
inet: ip addr add 192.168.9.1/24 dev far1
inet: iptables -A INPUT -i far1 -j DROP
host: ip route add default via 192.168.9.1 table 70
host: ip rule add pref 100 ipproto icmp lookup 70`,
		from: "host", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "up1", says: "the policy rule 100: from all ipproto icmp lookup 70 has it go by the table 70"},
	{name: "a table that a rule has asked, which leads to who is no router", base: masqueraded, fault: `
host: ip route add default via 10.244.1.10 dev veth-pod-a onlink table 70
host: ip rule add pref 100 ipproto icmp lookup 70`,
		from: "host", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "203.0.113.10 is behind eth0, but the policy rule 100 has another table asked before main"},
	{name: "whom a router once named in its place", base: switched, hide: []string{"sw", "host3", "pod-b"}, fault: `
host1: sysctl -qw net.ipv4.conf.all.accept_redirects=1 net.ipv4.conf.eth0.accept_redirects=1 net.ipv4.conf.eth0.secure_redirects=0
host2: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.eth0.send_redirects=1
host3: ip addr add 203.0.113.10/32 dev lo
host1: ip route add 203.0.113.0/24 via 10.57.4.21
host2: ip route add 203.0.113.0/24 via 10.57.4.22
host1: ping -c 3 -i 0.2 -W 1 203.0.113.10
host3: ip link set eth0 down
host2: ip route del 203.0.113.0/24
host2: ip addr add 203.0.113.10/32 dev lo
host1: ip neigh flush dev eth0`,
		from: "host1", to: "203.0.113.10", want: cause.NeighbourUnanswered, netns: "host1", mends: true, says: "an ICMP redirect of a router led what goes to 203.0.113.10 there once", fix: "ip route flush cache"},
	{name: "a wide prefix, and a router on its wire", base: routed, hide: []string{"inet"}, fault: "host: ip addr add 10.5.1.20/16 dev eth0",
		from: "host", to: "10.5.9.10", want: cause.DestinationAbsent, netns: "host", beyond: "eth0", says: "that prefix is too wide"},
	{name: "no forwarding, and nothing masquerades", base: bridged, hide: []string{"inet"}, fault: "host: sysctl -qw net.ipv4.ip_forward=0",
		from: "pod-a", to: "203.0.113.10", want: cause.ForwardingOff, netns: "host", mends: true},
	{name: "a rule that comes too late", base: routed, fault: `
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -j DROP
host: iptables -A FORWARD -d 10.244.1.11 -j ACCEPT`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "-A FORWARD -d 10.244.1.11/32 -j ACCEPT would let it pass, but stands behind it"},
	{name: "an accept of another table", base: routed, fault: `
host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; }; add rule inet f fw ip saddr 10.244.1.10 accept'
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -P FORWARD DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "ip saddr 10.244.1.10 accept lets it pass, which ends the chain of that table alone"},
	{name: "a rule for what comes by the way back", base: routed, fault: `
host: ip rule add pref 90 to 10.244.1.10 iif lo lookup 70
host: ip route add 10.244.1.10 dev veth-pod-b table 70
host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -150; policy drop; }; add rule inet f pre iifname != veth-pod-a accept; add rule inet f pre fib saddr . mark . iif oif exists accept'`,
		from: "pod-a", to: "192.168.6.1", want: cause.Filtered, netns: "host", says: "but the way back to its source leads by veth-pod-b"},
	{name: "a container's own address", base: routed, fault: `
host: iptables -N DOCKER
host: iptables -N DOCKER-USER
host: iptables -A FORWARD -j DOCKER-USER
host: iptables -A FORWARD -o veth-pod-a -j DOCKER
host: iptables -A DOCKER ! -i veth-pod-a -o veth-pod-a -m conntrack --ctstate NEW -j DROP
host: iptables -t raw -A PREROUTING -d 10.244.1.10/32 ! -i veth-pod-a -j DROP`,
		from: "pod-b", to: "10.244.1.10", want: cause.Filtered, netns: "host", mends: true, says: "gateway_mode_ipv4=nat-unprotected"},
	{name: "the masquerading of others", base: routed, fault: "host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 203.0.113.0/24 -o eth0 -j MASQUERADE",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true, says: "would apply, but for ip daddr, which is 203.0.113.10 here"},
	{name: "masquerading at another device", base: routed, fault: "host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth1 -j MASQUERADE",
		from: "pod-a", to: "203.0.113.10", want: cause.NotMasqueraded, netns: "host", mends: true, says: "would apply, but for oifname, which is \"eth0\" here"},
	{name: "a reply in another zone of connection tracking", base: routed, fault: `
host: iptables -t raw -A PREROUTING -i veth-pod-a -j CT --zone 5
host: iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "tracked in zone 5 of connection tracking, and it comes back in zone 0"},
	{name: "masquerading of what is not tracked, within", base: bridged, fault: `
pod-b: ip route del default
host: ip addr add 10.9.9.1/24 dev cni0
pod-a: ip addr flush dev eth0
pod-a: ip addr add 10.9.9.2/24 dev eth0
pod-a: ip route add default via 10.9.9.1
host: iptables -t nat -A POSTROUTING -s 10.9.9.0/24 -o cni0 -j MASQUERADE
host: iptables -t raw -A PREROUTING -s 10.9.9.0/24 -j CT --notrack`,
		from: "pod-a", to: "10.244.1.11", want: cause.NotMasqueraded, netns: "host", mends: true, says: "keeps connection tracking from it"},
	{name: "a reply by a router that has not seen its request", base: twoRouters, fault: "r1: iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
		from: "client", to: "10.1.0.10", want: cause.Filtered, netns: "r1", mends: true, says: "the request did not pass here but through r0"},
	{name: "a reply by a route that leads around", base: masqueraded, fault: otherWayHome + "\nfar: iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
		from: "pod-a", to: "203.0.113.10", want: cause.NoReturnRoute, netns: "inet", mends: true, says: "leaves by west"},
	{name: "two ways out, and the reply takes the other one", base: routed, fault: secondWayOut,
		from: "client", to: "10.9.2.10", want: cause.NoReturnRoute, netns: "host", mends: true, says: "it is from 10.9.2.10, an address of up2"},
	{name: "the way back is by another device", base: masqueraded, fault: otherWayHome + "\nhost: sysctl -qw net.ipv4.conf.up2.rp_filter=1",
		from: "pod-a", to: "203.0.113.10", want: cause.RPFilter, netns: "host", mends: true, says: "would be reached through eth0, not up2"},
	{name: "the source is of another uplink, whose table no rule has asked", base: routed, fault: eniUplink + "\ninet: sysctl -qw net.ipv4.conf.all.rp_filter=0\ninet: ip route add 10.9.2.55 via 10.9.2.10 dev up1",
		from: "pod-a", to: "203.0.113.10", want: cause.RPFilter, netns: "inet", mends: true, says: "the table 2 leads out of eth1"},
	{name: "a way out without an address is no port that a bridge has lost", base: bridged, fault: `
host: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0 net.ipv6.conf.cni0.disable_ipv6=0
inet: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.up0.disable_ipv6=0
host: ip addr add fd00:244::1/64 dev cni0 nodad
inet: ip addr add fd00:6::1/64 dev up0 nodad
inet: ip route add fd00:244::1 dev up0
host: ip route add fd00:6::1 dev eth0`,
		from: "host", to: "fd00:6::1", want: cause.NeighbourUnanswered, netns: "inet", says: "eth0: inet fe80::"},
	{name: "whose address is in a set", base: routed, fault: `
host: nft 'add table inet f2b; add set inet f2b banned { type ipv4_addr; elements = { 10.244.1.10, 203.0.113.77 }; }; add chain inet f2b fw { type filter hook forward priority 0; }; add rule inet f2b fw ip saddr @banned drop'`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "that is in the set banned by its element 10.244.1.10", fix: "nft delete element inet f2b banned '{ 10.244.1.10 }'"},
	{name: "whose network is in a set", base: routed, fault: `
host: nft 'add table inet f2b; add set inet f2b banned { type ipv4_addr; flags interval; elements = { 10.244.1.8/30, 203.0.113.0/24 }; }; add chain inet f2b fw { type filter hook forward priority 0; }; add rule inet f2b fw ip saddr @banned drop'`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "by its element 10.244.1.8/30", fix: "nft insert rule"},
	{name: "whose address is in an ipset for a while", base: routed, fault: `
host: ipset create nstt-banned hash:ip timeout 3600
host: ipset add nstt-banned 10.244.1.10
host: iptables -A FORWARD -m set --match-set nstt-banned src -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "-m set --match-set nstt-banned src -j DROP (hook forward) stops 10.244.1.10 > 10.244.1.11; that is in the ipset nstt-banned by its element 10.244.1.10, which is gone by itself in", fix: "ipset del nstt-banned 10.244.1.10"},
	{name: "whose network is in an ipset", base: routed, fault: `
host: ipset create nstt-nets hash:net
host: ipset add nstt-nets 10.0.0.0/8
host: ipset add nstt-nets 10.244.1.0/28
host: ipset add nstt-nets 10.244.0.0/16
host: ipset create nstt-all list:set
host: ipset add nstt-all nstt-nets
host: iptables -A FORWARD -m set --match-set nstt-all src -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "the ipset nstt-nets by its element 10.244.1.0/28", fix: "-I FORWARD"},
	{name: "who is in none of those that are let in", base: routed, fault: `
host: ipset create nstt-ours hash:ip
host: ipset add nstt-ours 10.244.1.99
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -m set --match-set nstt-ours src -j ACCEPT
host: iptables -A FORWARD -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "is for members of the ipset nstt-ours, which does not have 10.244.1.10", fix: "-I FORWARD"},
	{name: "whose second device of a network arp_filter keeps silent", base: switched, fault: `
sw: ip link add p9 type veth peer name eth1 netns host2
sw: ip link set p9 master br0 up
host2: ip link set eth1 up
host2: ip addr add 10.57.4.99/24 dev eth1
host2: ip route del 10.57.4.0/24 dev eth1
host2: sysctl -qw net.ipv4.conf.all.arp_filter=1 net.ipv4.conf.all.arp_ignore=1`,
		from: "host1", to: "10.57.4.99", want: cause.NeighbourUnanswered, netns: "host1", mends: true, says: "arp_filter keeps eth1 silent", fix: "ip route add 10.57.4.0/24 dev eth1 table 100"},
	{name: "who asks as somebody of another network", base: switched, fault: `
host1: ip addr add 10.255.0.1/32 dev lo
host1: ip route replace 10.57.4.0/24 dev eth0 src 10.255.0.1
host2: ip route add 10.255.0.1 via 10.57.4.20
host2: sysctl -qw net.ipv4.conf.eth0.arp_ignore=2`,
		from: "host1", to: "10.57.4.21", want: cause.NeighbourUnanswered, netns: "host1", mends: true, says: "has the address 10.57.4.21, but answers only who asks from its network (arp_ignore 2)", fix: "sysctl -w net.ipv4.conf.eth0.arp_ignore=0"},
	{name: "another port of VXLAN", base: flannel, fault: `
host2: ip link del flannel.1
host2: ip link add flannel.1 address 02:00:00:00:0b:01 type vxlan id 1 dstport 4789 local 10.57.4.21 dev eth0 nolearning
host2: ip addr add 192.168.11.0/32 dev flannel.1
host2: ip link set flannel.1 up`,
		from: "pod-a", to: "192.168.11.10", want: cause.NeighbourUnanswered, netns: "host1", says: "of the same VNI 1, takes what comes to port 4789"},
	{name: "a network that is behind another device as well", base: bridged, fault: `
host: ip link add eth9 type veth peer name eth9 netns inet
inet: ip link set eth9 up
inet: ip addr add 10.244.1.200/24 dev eth9
host: ip addr add 10.244.1.2/24 dev eth9 metric 300
host: ip link set eth9 up`,
		from: "host", to: "10.244.1.200", want: cause.NeighbourUnanswered, netns: "host", mends: true, says: "whose network 10.244.1.0/24 overlaps that of cni0"},
	{name: "a network that may be behind another device as well", base: bridged, hide: []string{"inet"}, fault: `
host: ip link add eth9 type veth peer name eth9 netns inet
inet: ip link set eth9 up
inet: ip addr add 10.244.1.200/24 dev eth9
host: ip addr add 10.244.1.2/24 dev eth9 metric 300
host: ip link set eth9 up`,
		from: "host", to: "10.244.1.200", want: cause.DestinationAbsent, netns: "host", says: "it is in the network of eth9 as well (10.244.1.0/24), where nobody is asked"},
	{name: "a service of somebody who is gone", base: bridged, fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.20/32 -j DNAT --to-destination 10.244.1.99`,
		from: "pod-a", to: "10.96.0.20", want: cause.DestinationAbsent, netns: "host", says: "a rule sends the request there (-t nat -A PREROUTING -d 10.96.0.20/32 -j DNAT --to-destination 10.244.1.99)"},
	{name: "neighbour discovery that a bridge passes on", base: bridged6, fault: `
host: sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
host: ip6tables -P FORWARD DROP`,
		from: "pod-a", to: "fd00:244:1::11", want: cause.Filtered, netns: "host", mends: true, says: "net.bridge.bridge-nf-call-ip6tables = 1"},
	{name: "a port of a bridge, as a security group has it", base: bridged, fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=1
host: iptables -N sg-a
host: iptables -N spoof-a
host: iptables -A FORWARD -m physdev --physdev-in veth-pod+ --physdev-is-bridged -j sg-a
host: iptables -A sg-a -m physdev --physdev-out veth-pod-b -j spoof-a
host: iptables -A spoof-a -s 10.244.1.99 -j RETURN
host: iptables -A spoof-a -j DROP`,
		from: "pod-a", to: "10.244.1.11", want: cause.Filtered, netns: "host", mends: true, says: "-A spoof-a -j DROP"},
	{name: "a table that throws what another one should have", base: bridged, fault: `
host: ip rule add pref 100 lookup 52
host: ip route add throw 203.0.113.0/24 table 52
host: ip route del default
host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth0 -j MASQUERADE`,
		from: "pod-a", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "throw 203.0.113.0/24 table 52", fix: "ip route add default via 192.168.6.1"},
	{name: "an address far behind the first one of services", base: masqueraded, fault: served + `
host: iptables -t nat -A PREROUTING -d 10.96.0.1 -p tcp --dport 443 -j SVC`,
		hide: []string{"inet"}, from: "pod-a", to: "10.104.77.9", want: service.NotTranslated, netns: "host", says: "10.96.0.1:443/tcp, which host"},
	{name: "an address of a narrow scope", base: bridged, fault: `
host: ip addr flush dev cni0
host: ip addr flush dev eth0
host: ip addr add 192.168.6.160/24 dev eth0 scope host
host: ip route add default via 192.168.6.1 dev eth0 onlink`,
		from: "host", to: "203.0.113.10", want: cause.NoAddress, netns: "host", mends: true, says: "has the scope host", fix: "src 192.168.6.160"},
	{name: "two devices with one network", base: bridged, fault: `
host: ip link add br9 type bridge
host: ip addr add 10.244.1.2/24 dev br9
host: ip link set br9 up
host: ip link set veth-pod-a master br9
pod-a: ip route replace default via 10.244.1.2`,
		from: "pod-a", to: "10.244.1.2", want: cause.NoReturnRoute, netns: "host", mends: true, says: "cni0 and br9 have the same network, 10.244.1.0/24"},
	{name: "a policy rule leads the reply away", base: masqueraded, fault: `
host: ip link add up2 type veth peer name down2 netns far
host: ip addr add 10.9.9.2/24 dev up2
host: ip link set up2 up
far: ip addr add 10.9.9.1/24 dev down2
far: ip link set down2 up
host: ip route add default via 10.9.9.1 dev up2 table 52
host: ip rule add pref 5270 iif eth0 lookup 52`,
		from: "pod-a", to: "203.0.113.10", want: cause.NoReturnRoute, netns: "host", mends: true, says: "the policy rule 5270: from all iif eth0 lookup 52 has it so"},
}

// secondWayOut gives the node another one, whose router asks it for an address of that.
const secondWayOut = `
host: ip link add up2 type veth peer name down2 netns far
host: ip addr add 10.9.2.10/24 dev up2
host: ip link set up2 up
far: ip addr add 10.9.2.1/24 dev down2
far: ip link set down2 up
far: ip link add lan type veth peer name eth0 netns client
far: ip addr add 10.99.0.1/24 dev lan
far: ip link set lan up
far: sysctl -qw net.ipv4.ip_forward=1
client: ip addr add 10.99.0.5/24 dev eth0
client: ip link set eth0 up
client: ip route add default via 10.99.0.1
host: sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.up2.rp_filter=0`

// otherWayHome has the node's address reached through a second router.
const otherWayHome = `
host: ip link add up2 type veth peer name down2 netns far
host: ip addr add 10.9.9.2/24 dev up2
host: ip link set up2 up
far: ip addr add 10.9.9.1/24 dev down2
far: ip link set down2 up
far: ip link add east type veth peer name west netns inet
far: ip addr add 10.9.8.1/24 dev east
far: ip link set east up
inet: ip addr add 10.9.8.2/24 dev west
inet: ip link set west up
far: sysctl -qw net.ipv4.ip_forward=1
far: ip route add 192.168.6.160 via 10.9.9.2
far: ip route add 203.0.113.10 via 10.9.8.2
inet: ip route add 192.168.6.160 via 10.9.8.1`

// twoRouters are two between the same two wires: the client sends by the one, and the server
// answers by the other.
var twoRouters = baseNetwork{"two routers", `
sw: ip link add bra type bridge
sw: ip link set bra up
sw: ip link add brb type bridge
sw: ip link set brb up
client: ip link add eth0 type veth peer name c netns sw
server: ip link add eth0 type veth peer name s netns sw
r0: ip link add eth0 type veth peer name a0 netns sw
r0: ip link add eth1 type veth peer name b0 netns sw
r1: ip link add eth0 type veth peer name a1 netns sw
r1: ip link add eth1 type veth peer name b1 netns sw
sw: ip link set c master bra up
sw: ip link set a0 master bra up
sw: ip link set a1 master bra up
sw: ip link set s master brb up
sw: ip link set b0 master brb up
sw: ip link set b1 master brb up
client: ip addr add 10.0.0.10/24 dev eth0
client: ip link set eth0 up
server: ip addr add 10.1.0.10/24 dev eth0
server: ip link set eth0 up
r0: ip addr add 10.0.0.1/24 dev eth0
r0: ip link set eth0 up
r0: ip addr add 10.1.0.1/24 dev eth1
r0: ip link set eth1 up
r1: ip addr add 10.0.0.2/24 dev eth0
r1: ip link set eth0 up
r1: ip addr add 10.1.0.2/24 dev eth1
r1: ip link set eth1 up
r0: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
r1: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
client: ip route add default via 10.0.0.1
server: ip route add default via 10.1.0.2
`, []journey{{"client", "10.1.0.10"}}}

// TestWhyIsTold: the rule beside it, the other way, the same network twice.
func TestWhyIsTold(t *testing.T) {
	labtest.Slow(t)
	abreast(tolds, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
}
