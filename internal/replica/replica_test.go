package replica

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/ipset"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// copied builds a network of some namespaces and its copy, whose namespaces are
// called copy-NAME. The value goes through JSON, as it does between processes.
func copied(t testing.TB, script string, names ...string) (originals map[string]*nsenter.Namespace, n Network, c *Copy) {
	t.Helper()
	originals, n = original(t, script, names...)
	data, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	n = Network{}
	if err := json.Unmarshal(data, &n); err != nil {
		t.Fatal(err)
	}
	return originals, n, build(t, n)
}

// original builds a network of some namespaces, and reads it. Its copy's namespaces are
// to be called copy-NAME.
func original(t testing.TB, script string, names ...string) (originals map[string]*nsenter.Namespace, n Network) {
	t.Helper()
	originals = map[string]*nsenter.Namespace{}
	var sources []Source
	for _, name := range names {
		originals[name] = labtest.Netns(t, name)
		sources = append(sources, Source{"copy-" + name, originals[name]})
	}
	labtest.Script(t, originals, script)
	settled(t, originals)
	n, err := Read(context.Background(), sources)
	if err != nil {
		t.Fatal(err)
	}
	return originals, n
}

// build makes the copy, for as long as the test takes.
func build(t testing.TB, n Network) *Copy {
	t.Helper()
	c, err := Build(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		for _, s := range n.Spaces {
			nsenter.Delete("/run/netns/" + s.Name)
		}
	})
	return c
}

// settled has the kernel deal with the carriers of all devices: a bridge's first, which
// has one once its ports have.
func settled(t testing.TB, spaces map[string]*nsenter.Namespace) {
	t.Helper()
	for range 2 {
		for _, ns := range spaces {
			n, err := Read(context.Background(), []Source{{"", ns}})
			if err == nil {
				err = settle(ns, n.Spaces[0].Links)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// same compares all tables of the copy with those of the original.
func same(t *testing.T, originals map[string]*nsenter.Namespace, n Network, c *Copy) {
	t.Helper()
	for i, space := range n.Spaces {
		name := strings.TrimPrefix(space.Name, "copy-")
		want, got := tables(t, originals[name]), tables(t, c.Spaces[i])
		ignored := cmp.Options{
			cmpopts.IgnoreFields(table.Link{}, "PeerNetns", "PeerNetnsID"),
			cmpopts.IgnoreFields(table.Neighbour{}, "Age", "Since"),
			cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}),
		}
		if diff := cmp.Diff(want, got, ignored); diff != "" {
			t.Errorf("%s differs (-original +copy):\n%s", name, diff)
		}
		if want, got := ruleLines(t, originals[name], space.ByHandle), ruleLines(t, c.Spaces[i], space.ByHandle); want != got {
			t.Errorf("%s: rules:\n%s\nin the copy:\n%s", name, want, got)
		}
	}
}

type tabled struct {
	Links   []table.Link
	Addrs   []table.Addr
	Routes  []table.Route
	Rules   []table.PolicyRule
	Near    []table.Neighbour
	Sysctls []table.Sysctl
	Six     []Setting // those of IPv6
	Proxies int
}

func tables(t *testing.T, ns *nsenter.Namespace) tabled {
	t.Helper()
	s, err := table.Read(context.Background(), ns, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var six []Setting
	err = ns.Do(func() error {
		for _, l := range s.Links {
			for _, c := range conf6 {
				if value, ok := readSetting("net/ipv6/conf/" + l.Name + "/" + c.name); ok {
					six = append(six, Setting{l.Name + "." + c.name, value})
				}
			}
		}
		for _, path := range []string{"net/ipv6/icmp/echo_ignore_all", "net/ipv6/conf/all/forwarding", "net/ipv6/conf/default/forwarding", "net/ipv6/conf/all/proxy_ndp"} {
			value, _ := readSetting(path)
			six = append(six, Setting{path, value})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := Read(context.Background(), []Source{{"", ns}})
	if err != nil {
		t.Fatal(err)
	}
	proxies := 0
	for _, row := range n.Spaces[0].Neighbours {
		if row[10]&unix.NTF_PROXY != 0 {
			proxies++
		}
	}
	return tabled{s.Links, s.Addrs, s.Routes, s.PolicyRules, s.Neighbours, s.Sysctls, six, proxies}
}

func ruleLines(t *testing.T, ns *nsenter.Namespace, byHandle bool) string {
	t.Helper()
	sets, err := ipset.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	set, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	set.Netns = ""
	for i := range set.Tables {
		for j := range set.Tables[i].Chains {
			for k := range set.Tables[i].Chains[j].Rules {
				if rule := &set.Tables[i].Chains[j].Rules[k]; rule.IPTables && !byHandle {
					rule.Handle = 0
				}
			}
		}
	}
	data, err := json.MarshalIndent([]any{set, sets}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTablesOfTheCopyEqualThoseOfTheOriginal(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, script string
		spaces       []string
	}{
		{"a pod, its node and the router", `
			a: ip link set lo up
			a: ip link add eth0 address 02:00:00:00:00:0a type veth peer name veth-a address 02:00:00:00:00:0b netns b
			a: ip addr add 172.20.1.10/24 dev eth0
			a: ip addr add 172.20.1.11/24 dev eth0
			a: ip link set eth0 mtu 1400 up
			b: ip link set veth-a up
			b: ip route add 172.20.1.10 dev veth-a
			b: ip route add blackhole 10.9.0.0/16 metric 5
			b: ip route add prohibit 10.10.0.0/16
			b: ip route add 10.11.0.0/16 via 172.20.1.10 table 100 mtu 1300
			b: ip rule add from 10.1.0.0/16 iif veth-a fwmark 0x1/0xf lookup 100 pref 99
			b: ip rule add to 10.2.0.0/16 prohibit pref 98
			b: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.veth-a.proxy_arp=1 net.ipv4.conf.all.rp_filter=2 net.ipv4.icmp_echo_ignore_all=1 net.ipv4.conf.veth-a.forwarding=0
			a: ip route add default via 172.20.1.1 dev eth0 onlink
			a: ip route del 172.20.1.0/24 dev eth0
			a: ip neigh add 172.20.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent
			b: ip neigh add 172.20.1.10 lladdr 02:00:00:00:00:0a dev veth-a nud stale
			b: ip neigh add proxy 172.20.1.1 dev veth-a
		`, []string{"a", "b"}},
		{"what is down stays down", `
			a: ip link add eth0 type veth peer name eth1 netns b
			a: ip addr add 10.0.0.1/24 dev eth0
			a: ip link set eth0 up
			b: ip addr add 10.0.0.2/24 dev eth1
		`, []string{"a", "b"}},
		{"routes over several next hops", `
			a: ip link set lo up
			a: ip link add d0 type veth peer name p0
			a: ip link add d1 type veth peer name p1
			a: ip addr add 10.0.0.1/24 dev d0
			a: ip addr add 10.0.1.1/24 dev d1
			a: ip link set d0 up
			a: ip link set d1 up
			a: ip link set p0 up
			a: ip link set p1 up
			a: ip route add 10.5.0.0/16 nexthop via 10.0.0.2 dev d0 weight 2 nexthop via 10.0.1.2 dev d1
			a: ip nexthop add id 7 via 10.0.0.9 dev d0
			a: ip route add 10.6.0.0/16 nhid 7
		`, []string{"a"}},
		{"routes that outlive what made their gateways near", `
			a: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
			a: ip link add eth0 type veth peer name eth0 netns b
			a: ip link set eth0 up
			b: ip link set eth0 up
			a: ip addr add 10.0.0.1/24 dev eth0
			a: ip addr add 10.5.0.1/24 dev eth0
			a: ip route add 10.6.0.0/16 via 10.5.0.9
			a: ip route add 10.7.0.0/16 nexthop via 10.5.0.8 dev eth0 nexthop via 10.0.0.8 dev eth0
			a: ip route add 10.8.0.0/16 via 10.5.0.7 table 100
			a: ip addr del 10.5.0.1/24 dev eth0
			a: ip addr add fd00:1::10/64 dev eth0 nodad
			a: ip route add default via fd00:1::1
			a: ip route add fd00:7::/64 nexthop via fd00:1::2 nexthop via fd00:1::3
			a: until ip -6 addr show dev eth0 | grep -q fe80 && ! ip -6 addr show dev eth0 | grep -q tentative; do sleep 0.01; done
			a: ip addr change fd00:1::10/64 dev eth0 preferred_lft 0 noprefixroute
		`, []string{"a", "b"}},
		{"a bridge and its ports", `
			host: ip link set lo up
			host: ip link add br0 type bridge forward_delay 0
			host: ip link add v1 type veth peer name eth0 netns a
			host: ip link add v2 type veth peer name eth0 netns b
			host: ip link set v1 master br0
			host: ip link set v2 master br0
			host: ip addr add 10.0.0.1/24 dev br0
			host: ip link set br0 up
			host: ip link set v1 up
			host: ip link set v2 up
			host: bridge link set dev v2 hairpin on learning off
			host: bridge fdb add 02:00:00:00:00:77 dev v1 master static
			host: bridge fdb add 02:00:00:00:00:78 dev v1 master static sticky
			host: ip link add v3 type veth peer name eth1 netns b
			host: ip link set v3 master br0 up
			b: ip link set eth1 up
			host: bridge link set dev v3 state 0
			a: ip addr add 10.0.0.2/24 dev eth0
			a: ip link set eth0 up
			b: ip link set eth0 up
		`, []string{"host", "a", "b"}},
		{"a bridge with a spanning tree, whose ports pass already", `
			host: ip link add br0 type bridge
			host: ip link add v1 type veth peer name eth0 netns a
			host: ip link set v1 master br0
			host: ip link set br0 up
			host: ip link set v1 up
			a: ip link set eth0 up
			host: until ip link show br0 | grep -q LOWER_UP; do sleep 0.01; done
			host: ip link set br0 type bridge stp_state 1
		`, []string{"host", "a"}},
		{"a tunnel, a macvlan in another namespace", `
			a: ip link add eth0 type veth peer name eth0 netns b
			a: ip addr add 192.168.6.1/24 dev eth0
			a: ip link set eth0 up
			b: ip link set eth0 up
			b: ip addr add 192.168.6.2/24 dev eth0
			a: ip link add vx0 type vxlan id 42 dev eth0 local 192.168.6.1 dstport 4789 nolearning
			a: ip addr add 10.1.0.1/24 dev vx0
			a: ip link set vx0 up
			a: bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.6.2
			a: bridge fdb add 02:00:00:00:00:55 dev vx0 dst 192.168.6.2
			b: ip link add mv0 link eth0 netns c type macvlan mode bridge
			c: ip link set mv0 up
			c: ip addr add 192.168.6.3/24 dev mv0
		`, []string{"a", "b", "c"}},
		{"IPv6", `
			a: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.forwarding=0
			b: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1
			b: sysctl -qw net.ipv6.icmp.echo_ignore_all=1 net.ipv6.conf.all.proxy_ndp=1
			a: ip link set lo up
			a: ip link add eth0 type veth peer name veth-a netns b
			a: sysctl -qw net.ipv6.conf.eth0.hop_limit=7 net.ipv6.conf.eth0.accept_ra=0
			b: sysctl -qw net.ipv6.conf.veth-a.addr_gen_mode=1
			b: ip link add off type veth peer name on
			b: sysctl -qw net.ipv6.conf.off.disable_ipv6=1
			b: ip link set off up
			b: ip link set on mtu 1000 up
			a: ip addr add fd00:1::10/64 dev eth0
			a: ip addr add fd00:1::11/64 dev eth0 preferred_lft 0
			a: ip addr add fd00:9::9/128 dev lo
			b: ip addr add fd00:1::1/64 dev veth-a
			a: ip link set eth0 up
			b: ip link set veth-a up
			a: until ip -6 addr show dev eth0 | grep -q fe80 && ! ip -6 addr show dev eth0 | grep -q tentative; do sleep 0.01; done
			b: until ! ip -6 addr show dev veth-a | grep -q tentative; do sleep 0.01; done
			a: ip route add default via fd00:1::1
			a: ip route add fd00:2::/64 nexthop via fd00:1::1 weight 2 nexthop via fd00:1::2
			a: ip route add unreachable fd00:3::/64 metric 77
			a: ip route add blackhole fd00:4::/64
			a: ip route add fd00:5::/64 via fe80::1 dev eth0 table 99 pref high
			a: ip -6 rule add from fd00:1::10 iif eth0 lookup 99 pref 98
			b: ip -6 route del fd00:1::/64 dev veth-a
			a: ip neigh add fd00:1::1 lladdr 02:00:00:00:00:99 dev eth0 router nud permanent
			b: ip neigh add fd00:1::10 lladdr 02:00:00:00:00:0a dev veth-a nud stale
			b: ip neigh add proxy fd00:1::77 dev veth-a
		`, []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			originals, n, replica := copied(t, c.script, c.spaces...)
			for _, m := range replica.Missing {
				t.Errorf("not copied: %+v", m)
			}
			same(t, originals, n, replica)
		})
	}
}

// A port whose carrier the kernel has not looked at is not passing yet, as one is that was
// told to. In the copy it opens, as it is about to.
func TestAPortThatIsAboutToOpen(t *testing.T) {
	_, n := original(t, `
		host: ip link add br0 type bridge
		host: ip link set br0 up
		host: ip link add v1 type veth peer name v2
		host: ip link set v1 master br0 up
		host: ip link set v2 up
	`, "host")
	n.Spaces[0].Name = "" // of two copies
	for _, shut := range []bool{true, false} {
		want := "forwarding"
		if shut {
			want = "disabled"
		}
		for i, l := range n.Spaces[0].Links {
			if l.Name != "v1" {
				continue
			}
			binary.NativeEndian.PutUint32(l.Message[8:], l.flags()&^unix.IFF_RUNNING)
			if shut {
				binary.NativeEndian.PutUint32(l.Message[8:], l.flags()|unix.IFF_RUNNING)
			}
			n.Spaces[0].Links[i].Message = bytes.Replace(l.Message, []byte{5, 0, unix.IFLA_BRPORT_STATE, 0, 3}, []byte{5, 0, unix.IFLA_BRPORT_STATE, 0, 0}, 1)
		}
		for _, l := range tables(t, build(t, n).Spaces[0]).Links {
			if l.Name == "v1" && l.Port.State != want {
				t.Errorf("told to be shut %v: the port is %s in the copy", shut, l.Port.State)
			}
		}
	}
}

func TestRuleSetsAreCopied(t *testing.T) {
	for _, c := range []struct{ name, tool, script string }{
		{"iptables", "iptables", `
			a: iptables -P FORWARD DROP
			a: iptables -N DOCKER
			a: iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			a: iptables -A FORWARD -i br-a ! -o br-a -j DOCKER
			a: iptables -A DOCKER -p tcp -m tcp --dport 80 -j ACCEPT
			a: iptables -A DOCKER -p icmp -m icmp --icmp-type 8 -m comment --comment "let echoes in" -j ACCEPT
			a: iptables -A DOCKER -p tcp -m multiport --dports 80,443 -j REJECT --reject-with tcp-reset
			a: iptables -t nat -A POSTROUTING -s 10.0.0.0/8 ! -d 10.0.0.0/8 -j MASQUERADE
			a: iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80
			a: iptables -t mangle -A PREROUTING -j MARK --set-mark 7
		`},
		{"iptables-legacy", "iptables-legacy", `
			a: ipset create hosts hash:ip
			a: iptables-legacy -P FORWARD DROP
			a: iptables-legacy -N OWN
			a: iptables-legacy -A FORWARD -i br0 -p tcp -m tcp --dport 80 -j OWN
			a: iptables-legacy -A OWN -m conntrack --ctstate NEW -m comment --comment "one's own" -j ACCEPT
			a: iptables-legacy -A OWN -m set --match-set hosts src -j REJECT
			a: iptables-legacy -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
			a: ip6tables-legacy -A INPUT -s fd00::/8 -j DROP
		`},
		{"ipsets", "ipset", `
			a: ipset create gone hash:ip
			a: ipset create hosts hash:ip
			a: ipset create nets hash:net family inet6
			a: ipset add hosts 10.0.0.7
			a: ipset add nets fd00:7::/64
			a: iptables -A FORWARD -m set --match-set hosts src -j DROP
			a: ip6tables -A FORWARD -m set ! --match-set nets dst -j DROP
			a: ipset destroy gone
		`},
		{"nft", "nft", `
			a: nft add table inet t
			a: nft 'add chain inet t forward { type filter hook forward priority 0; policy drop; }'
			a: nft 'add set inet t hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1 } }'
			a: nft 'add chain inet t deep'
			a: nft 'add map inet t jumps { type ifname : verdict; elements = { "br0" : jump deep } }'
			a: nft 'add rule inet t forward ip saddr @hosts tcp dport { 80, 443 } counter accept comment "web"'
			a: nft 'add rule inet t forward iifname vmap @jumps'
			a: nft 'add rule inet t deep ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 23 } drop'
			a: nft 'add rule inet t deep icmp type echo-request limit rate 5/second accept'
			a: nft 'add rule inet t deep ct state vmap { established : accept, invalid : drop }'
		`},
		{"handles of nft, and of iptables", "nft", `
			a: nft 'add table ip t; add chain ip t gone; add chain ip t skipped; add rule ip t skipped counter; add rule ip t skipped counter; flush chain ip t skipped'
			a: nft 'delete chain ip t gone; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c ip daddr 10.0.0.1 drop'
			a: nft 'insert rule ip t c ip daddr 10.0.0.2 drop; insert rule ip t c ip daddr { 10.0.0.3, 10.0.0.5 } drop; add rule ip t c ip daddr 10.0.0.4 drop'
			a: nft insert rule ip t c index 1 tcp dport '{ 80, 443 }' drop
			a: nft replace rule ip t c handle $(nft -a list chain ip t c | sed -n 's/.*10.0.0.4 drop # handle //p') ip daddr 10.0.0.6 drop
			a: nft 'add map ip t ways { type ipv4_addr : verdict; }; add rule ip t c ip daddr vmap @ways; add chain ip t late; add element ip t ways { 10.0.0.9 : jump late }'
			a: nft 'add counter ip t n; add set ip t fixed { type inet_service; flags constant; elements = { 53 }; }; add rule ip t late udp dport @fixed counter name n accept'
			a: for i in 1 2 3; do nft 'table ip t { chain more { tcp dport vmap { 22 : accept, 23 : drop }; jump late; ip saddr { 10.1.0.1, 10.1.0.2 } drop; }; chain least { }; }'; done
			a: nft 'delete rule ip t more handle '$(nft -a list chain ip t more | sed -n 's/.*jump late # handle //p' | head -1)
			a: ! type iptables-nft > /dev/null || { iptables-nft -A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT; iptables-nft -I FORWARD -p tcp -m tcp --dport 81 -j ACCEPT; iptables-nft -D FORWARD 2; iptables-nft -A FORWARD -p tcp -m tcp --dport 82 -j ACCEPT; }
			a: nft 'add table ip6 u; add chain ip6 u c; add rule ip6 u c drop; insert rule ip6 u c accept'
		`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.tool); err != nil {
				t.Skip(c.tool + " is not installed")
			}
			originals, n := original(t, c.script, "a")
			n.Spaces[0].ByHandle = strings.HasPrefix(c.name, "handles")
			replica := build(t, n)
			for _, m := range replica.Missing {
				t.Errorf("not copied: %+v", m)
			}
			same(t, originals, n, replica)
		})
	}
}

// What was heard since is forgotten, and what was known before is known again.
func TestACopyForgetsWhatItHasHeard(t *testing.T) {
	_, _, c := copied(t, `
a: ip link add br0 address 02:00:00:00:00:01 type bridge
a: ip link add p1 type veth peer name eth0 netns b
a: ip link set p1 master br0 up
a: ip addr add 10.9.0.1/24 dev br0
a: ip link set br0 up
b: ip link set eth0 address 02:00:00:00:00:02
b: ip addr add 10.9.0.2/24 dev eth0
b: ip link set eth0 up
b: ip neigh add 10.9.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud stale
a: ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent
a: bridge fdb add 02:00:00:00:00:77 dev p1 master static
`, "a", "b")
	known, err := c.Heard()
	if err != nil {
		t.Fatal(err)
	}
	spaces := map[string]*nsenter.Namespace{"a": c.Spaces[0], "b": c.Spaces[1]}
	for addr, replies := range map[string]bool{"10.9.0.2": true, "10.9.0.3": false} {
		got := probe.Ping(t.Context(), spaces["a"], probe.Echo{To: addr, Dst: netip.MustParseAddr(addr), Timeout: time.Second})
		if (got.Outcome == probe.Replied) != replies {
			t.Fatalf("%s: %s", addr, got.Message)
		}
	}
	labtest.Script(t, spaces, `
b: ip neigh replace 10.9.0.1 lladdr 02:00:00:00:00:66 dev eth0 nud reachable
a: ip neigh del 10.9.0.9 dev br0
a: bridge fdb del 02:00:00:00:00:77 dev p1 master`)
	if learned, err := c.Heard(); err != nil || cmp.Equal(known, learned) {
		t.Fatalf("it has heard nothing: %v", err)
	}
	if err := c.Forget(known); err != nil {
		t.Fatal(err)
	}
	left, err := c.Heard()
	if diff := cmp.Diff(known, left); err != nil || diff != "" {
		t.Errorf("%v, (-known before +known):\n%s", err, diff)
	}
}

// Whoever waits for silence knows whether an answer of a neighbour may still come.
func TestACopyKnowsWhetherItAsksForANeighbour(t *testing.T) {
	_, _, c := copied(t, `
a: ip link add eth0 type veth peer name eth0 netns b
a: ip addr add 10.9.0.1/24 dev eth0
a: ip link set eth0 up
b: ip link set eth0 up
`, "a", "b")
	if c.Asking() {
		t.Error("it asks although nobody has sent anything")
	}
	labtest.Script(t, map[string]*nsenter.Namespace{"a": c.Spaces[0]}, "a: ping -c 1 -W 1 10.9.0.2 > /dev/null & sleep 0.01; ip neigh replace 10.9.0.3 dev eth0 nud incomplete")
	if !c.Asking() {
		t.Error("it does not know that it asks")
	}
}
