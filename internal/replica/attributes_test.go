package replica

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/lab/labtest"
)

// What a link tells of itself that is no setting: timers, counts, and who is there.
var (
	toldOfBridge = []uint16{unix.IFLA_BR_HELLO_TIMER, unix.IFLA_BR_TCN_TIMER, unix.IFLA_BR_TOPOLOGY_CHANGE_TIMER, unix.IFLA_BR_GC_TIMER,
		unix.IFLA_BR_ROOT_ID, unix.IFLA_BR_BRIDGE_ID, unix.IFLA_BR_FDB_N_LEARNED, unix.IFLA_BR_TOPOLOGY_CHANGE, unix.IFLA_BR_TOPOLOGY_CHANGE_DETECTED, unix.IFLA_BR_MCAST_QUERIER_STATE}
	toldOfPort = []uint16{unix.IFLA_BRPORT_MESSAGE_AGE_TIMER, unix.IFLA_BRPORT_FORWARD_DELAY_TIMER, unix.IFLA_BRPORT_HOLD_TIMER,
		unix.IFLA_BRPORT_ROOT_ID, unix.IFLA_BRPORT_BRIDGE_ID, unix.IFLA_BRPORT_CONFIG_PENDING, unix.IFLA_BRPORT_TOPOLOGY_CHANGE_ACK}
)

// unlike are the attributes of devices that are others in a copy.
func unlike(n, m Network) (all []string) {
	for i, s := range n.Spaces {
		for _, l := range s.Links {
			j := slices.IndexFunc(m.Spaces[i].Links, func(o Link) bool { return o.Index == l.Index })
			if j < 0 {
				all = append(all, l.Name+" is missing")
				continue
			}
			o := m.Spaces[i].Links[j]
			compare := func(what string, a, b []byte, told []uint16) {
				for kind, v := range attr.All(a) {
					if w := attr.Find(b, kind); !slices.Contains(told, kind) && !bytes.Equal(v, w) {
						all = append(all, fmt.Sprintf("%s: %s %d: %x, in the copy %x", l.Name, what, kind, v, w))
					}
				}
			}
			compare("data", l.info(unix.IFLA_INFO_DATA), o.info(unix.IFLA_INFO_DATA), toldOfBridge)
			compare("port", l.info(unix.IFLA_INFO_SLAVE_DATA), o.info(unix.IFLA_INFO_SLAVE_DATA), toldOfPort)
			const told = unix.IFF_RUNNING | unix.IFF_LOWER_UP
			if l.flags()&^told != o.flags()&^told {
				all = append(all, fmt.Sprintf("%s: flags %x, in the copy %x", l.Name, l.flags(), o.flags()))
			}
			for _, kind := range []uint16{unix.IFLA_MTU, unix.IFLA_TXQLEN, unix.IFLA_ADDRESS, unix.IFLA_GROUP, unix.IFLA_LINKMODE, unix.IFLA_PROTO_DOWN, unix.IFLA_GSO_MAX_SIZE, unix.IFLA_MAP} {
				if !bytes.Equal(l.attr(kind), o.attr(kind)) {
					all = append(all, fmt.Sprintf("%s: %d: %x, in the copy %x", l.Name, kind, l.attr(kind), o.attr(kind)))
				}
			}
		}
		for _, t := range []struct {
			name string
			a, b [][]byte
			as   func([]byte) []byte
		}{
			{"next hop", s.NextHops, m.Spaces[i].NextHops, nextHop}, {"route", s.Routes, m.Spaces[i].Routes, route}, {"rule", s.Rules, m.Spaces[i].Rules, policyRule},
			{"address", s.Addrs, m.Spaces[i].Addrs, address}, {"neighbour", s.Neighbours, m.Spaces[i].Neighbours, neighbour},
		} {
			have := asked(t.b, t.as)
			for _, row := range asked(t.a, t.as) {
				if !slices.ContainsFunc(have, func(h []byte) bool { return bytes.Equal(h, row) }) {
					all = append(all, fmt.Sprintf("%s %x is not in the copy", t.name, row))
				}
			}
		}
	}
	return all
}

// TestAttributesOfTheCopyAreThoseOfTheOriginal builds devices with what may be set of them.
func TestAttributesOfTheCopyAreThoseOfTheOriginal(t *testing.T) {
	labtest.Slow(t)
	const bridge = `
a: ip link add br0 type bridge
a: ip link add p1 type veth peer name eth0 netns b
a: ip link set p1 master br0
a: ip link set br0 up
a: ip link set p1 up
b: ip link set eth0 up
`
	const wire = "a: ip link add d0 type veth peer name z0 netns b\nb: ip link set z0 up"
	for _, c := range []struct{ name, script string }{
		{"querier", bridge + "a: ip link set br0 type bridge mcast_querier 1"},
		{"no snooping", bridge + "a: ip link set br0 type bridge mcast_snooping 0"},
		{"multicast router", bridge + "a: ip link set br0 type bridge mcast_router 2\na: bridge link set dev p1 mcast_router 2"},
		{"versions of multicast", bridge + "a: ip link set br0 type bridge mcast_igmp_version 3 mcast_mld_version 2"},
		{"times of multicast", bridge + "a: ip link set br0 type bridge mcast_query_interval 1000 mcast_querier_interval 2000 mcast_membership_interval 3000 mcast_hash_max 512"},
		{"spanning tree", bridge + "a: ip link set br0 type bridge stp_state 1 priority 100"},
		{"no_linklocal_learn", bridge + "a: ip link set br0 type bridge no_linklocal_learn 1"},
		{"port flags", bridge + "a: bridge link set dev p1 hairpin on isolated on learning off flood off mcast_flood off bcast_flood off neigh_suppress on guard on root_block on"},
		{"port flags 2", bridge + "a: ip link set p1 type bridge_slave proxy_arp on mcast_fast_leave on locked on learning off"},
		{"vxlan", "a: ip link add vx0 type vxlan id 7 local 10.0.0.1 remote 10.0.0.2 dstport 4789 ttl 9 tos 4 df set nolearning noudpcsum ageing 77 srcport 1000 2000"},
		{"vxlan 2", "a: ip link add vx0 type vxlan id 7 local 10.0.0.1 dstport 4789 ttl inherit rsc proxy l2miss l3miss maxaddress 12 udp6zerocsumrx udp6zerocsumtx"},
		{"vxlan over IPv6", "a: ip link add vx0 type vxlan id 7 local fd00::1 remote fd00::2 dstport 4789 flowlabel 0x42 udp6zerocsumtx"},
		{"vxlan 3", "a: ip link add vx0 type vxlan external dstport 4789 gbp"},
		{"macvlan", wire + "\na: ip link add link d0 name m0 type macvlan mode passthru nopromisc\na: ip link set d0 up"},
		{"macvlan private", wire + "\na: ip link add link d0 name m0 type macvlan mode private bcqueuelen 500"},
		{"macvlan source", wire + "\na: ip link add link d0 name m0 type macvlan mode source\na: ip link set m0 type macvlan macaddr add 02:00:00:00:00:11"},
		{"flags", wire + "\na: ip link set d0 up arp off promisc on allmulticast on multicast off"},
		{"route metrics", wire + "\na: ip link set d0 up\na: ip addr add 10.9.0.1/24 dev d0\na: ip route add 10.8.0.0/24 via 10.9.0.2 mtu lock 1300 advmss 1000 window 5000 initcwnd 4 hoplimit 7 features ecn"},
		{"nexthops", wire + "\na: ip link set d0 up\na: ip addr add 10.9.0.1/24 dev d0\na: ip link set lo up\na: ip nexthop add id 1 via 10.9.0.2 dev d0\na: ip nexthop add id 2 via 10.9.0.3 dev d0\na: ip nexthop add id 3 blackhole\na: ip nexthop add id 10 group 1,3/2,5\na: ip nexthop add id 11 group 1/2 type resilient buckets 32 idle_timer 60\na: ip route add 10.8.0.0/24 nhid 10\na: ip route add 10.7.0.0/24 nhid 3"},
		{"nexthop fdb", wire + "\na: ip link set d0 up\na: ip nexthop add id 5 via 10.1.1.1 fdb"},
		{"rules", "a: ip rule add from 10.0.0.0/8 lookup 100 suppress_prefixlength 0 pref 50\na: ip rule add from all lookup 100 suppress_ifgroup 5 pref 51\na: ip rule add dsfield 4 ipproto tcp dport 80-90 uidrange 0-0 lookup 100 pref 52\na: ip rule add goto 60 pref 53\na: ip rule add from all tun_id 5 lookup 100 pref 60\na: ip rule add not from 10.0.0.0/8 nop pref 61"},
		{"encap", wire + "\na: ip link set d0 up\na: ip addr add 10.9.0.1/24 dev d0\na: ip link add vx0 type vxlan external dstport 4789\na: ip link set vx0 up\na: ip route add 10.8.0.0/24 encap ip id 5 dst 10.9.0.2 dev vx0"},
		{"peers and lifetimes", wire + "\na: ip link set d0 up\na: ip addr add 10.9.0.1 peer 10.9.0.2/32 dev d0 metric 50 noprefixroute\na: sysctl -qw net.ipv6.conf.d0.disable_ipv6=0\na: ip addr add fd00::1/64 dev d0 nodad metric 60"},
		{"neighbours", wire + "\na: ip link set d0 up\na: ip addr add 10.9.0.1/24 dev d0\na: ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:01 dev d0 extern_learn\na: ip neigh add proxy 10.9.0.3 dev d0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, n, made := copied(t, c.script, "a", "b")
			var sources []Source
			for i, s := range n.Spaces {
				sources = append(sources, Source{s.Name, made.Spaces[i]})
			}
			again, err := Read(t.Context(), sources)
			if err != nil {
				t.Fatal(err)
			}
			if groups := slices.ContainsFunc(made.Missing, func(o Omission) bool { return o.What == Groups }); groups != (c.name == "querier") {
				t.Errorf("missing: %v", made.Missing)
			}
			for _, line := range unlike(n, again) {
				t.Error(line)
			}
		})
	}
}
