package netfile

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica"
)

// build makes namespaces, and does what lines of "NETNS: COMMAND" say.
func build(t testing.TB, script string, names ...string) (spaces map[string]*nsenter.Namespace, sources []replica.Source) {
	t.Helper()
	spaces = map[string]*nsenter.Namespace{}
	for _, name := range names {
		spaces[name] = labtest.Netns(t, name)
		sources = append(sources, replica.Source{Name: "copy-" + name, NS: spaces[name]})
	}
	labtest.Script(t, spaces, script)
	for begun := time.Now(); !settledLinks(t, spaces) && time.Since(begun) < linkwatch; {
		time.Sleep(10 * time.Millisecond)
	}
	return spaces, sources
}

// linkwatch is how long the kernel may be late to say that a device runs (linkwatch_do_dev()).
const linkwatch = 1500 * time.Millisecond

// settledLinks reports whether every device that is up runs.
func settledLinks(t testing.TB, spaces map[string]*nsenter.Namespace) (all bool) {
	all = true
	for name, ns := range spaces {
		err := ns.Do(func() error {
			devices, err := net.Interfaces()
			for _, d := range devices {
				all = all && (d.Flags&net.FlagUp == 0 || d.Flags&net.FlagRunning != 0)
			}
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// taken is a network as text.
func taken(t testing.TB, sources []replica.Source, asked *Asked) string {
	t.Helper()
	n, err := replica.Read(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := (File{asked, n}).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// anew is the text of the network that is made of a text.
func anew(t testing.TB, text string) string {
	t.Helper()
	f, err := Read(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c, err := replica.Build(t.Context(), f.Network)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		for _, s := range f.Network.Spaces {
			nsenter.Delete("/run/netns/" + s.Name)
		}
	})
	for _, m := range c.Missing[len(f.Network.Missing):] {
		t.Errorf("not made: %+v", m)
	}
	var sources []replica.Source
	for i, s := range f.Network.Spaces {
		sources = append(sources, replica.Source{Name: s.Name, NS: c.Spaces[i]})
	}
	return taken(t, sources, f.Asked)
}

// told are what the file of a network has to say, besides that nothing of it changes.
var told = map[string][]string{
	others: {"options=", "senders( lladdr=02:00:00:00:00:11 )", "fdb", "buckets{"},
}

const others = "what else is told of bridges, macvlan and next hops"

// networks are such as a node has.
var networks = []struct {
	name, tool, script string
	spaces             []string
}{
	{"routes, rules and neighbours", "ip", `
		a: ip link set lo up
		a: ip link add eth0 type veth peer name veth-a netns b
		a: ip addr add 172.20.1.10/24 dev eth0
		a: ip link set eth0 up mtu 1400
		a: ip route add default via 172.20.1.1
		a: ip route add 10.9.0.0/16 via 172.20.1.2 mtu 1300
		a: ip route add unreachable 10.7.0.0/16
		a: ip route add 10.8.0.0/16 nexthop via 172.20.1.3 weight 2 nexthop via 172.20.1.4
		a: ip rule add from 172.20.1.10 fwmark 7 lookup 77
		a: ip rule add iif eth0 lookup 78
		a: ip neigh add 172.20.1.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
		b: ip link set veth-a up
		b: ip addr add 172.20.1.1/24 dev veth-a
		b: sysctl -qw net.ipv4.ip_forward=1
		b: sysctl -qw net.ipv4.conf.veth-a.rp_filter=1
		b: ip neigh add proxy 172.20.1.9 dev veth-a
	`, []string{"a", "b"}},
	{others, "ip", `
		host: ip link add br0 type bridge no_linklocal_learn 1 mcast_igmp_version 3 mcast_query_interval 1000
		host: ip link add v1 type veth peer name eth0 netns a
		host: ip link set v1 master br0 up
		host: ip link set v1 type bridge_slave mcast_fast_leave on
		host: ip link set br0 up
		a: ip link set eth0 up
		a: ip link add mv0 link eth0 type macvlan mode source
		a: ip link set mv0 type macvlan macaddr add 02:00:00:00:00:11
		a: ip addr add 10.9.0.1/24 dev eth0
		a: ip nexthop add id 1 via 10.9.0.2 dev eth0
		a: ip nexthop add id 5 via 10.1.1.1 fdb
		a: ip nexthop add id 11 group 1 type resilient buckets 32 idle_timer 60
	`, []string{"host", "a"}},
	{"a bridge, a tunnel and what stands on a device", "ip", `
		host: ip link add br0 type bridge forward_delay 0
		host: ip link add v1 type veth peer name eth0 netns a
		host: ip link set v1 master br0
		host: ip addr add 10.0.0.1/24 dev br0
		host: ip link set br0 up
		host: ip link set v1 up
		host: bridge link set dev v1 hairpin on
		host: bridge fdb add 02:00:00:00:00:77 dev v1 master static
		a: ip addr add 10.0.0.2/24 dev eth0
		a: ip link set eth0 up
		a: ip link add mv0 link eth0 type macvlan mode bridge
		a: ip link set mv0 protodown on
		a: ip link add vx6 type vxlan id 6 local fd00::1 remote fd00::2 dstport 4790 flowlabel 0x42 udp6zerocsumtx
		host: ip link add vx0 type vxlan id 42 local 10.0.0.1 dstport 4789 nolearning
		host: bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.2
	`, []string{"host", "a"}},
	{"IPv6", "ip", `
		a: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
		b: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1
		a: ip link set lo up
		a: ip link add eth0 type veth peer name veth-a netns b
		a: sysctl -qw net.ipv6.conf.eth0.hop_limit=7
		a: ip addr add fd00:1::10/64 dev eth0
		a: ip addr add fd00:1::11/64 dev eth0 preferred_lft 0
		b: ip addr add fd00:1::1/64 dev veth-a
		a: ip link set eth0 up
		b: ip link set veth-a up
		a: until ip -6 addr show dev eth0 | grep -q fe80 && ! ip -6 addr show dev eth0 | grep -q tentative; do sleep 0.01; done
		b: until ip -6 addr show dev veth-a | grep -q fe80 && ! ip -6 addr show dev veth-a | grep -q tentative; do sleep 0.01; done
		a: ip route add default via fd00:1::1
		a: ip route add fd00:2::/64 nexthop via fd00:1::1 weight 2 nexthop via fd00:1::2
		a: ip -6 rule add from fd00:1::10 iif eth0 lookup 99 pref 98
		a: ip neigh add fd00:1::1 lladdr 02:00:00:00:00:99 dev eth0 router nud permanent
		b: ip neigh add proxy fd00:1::77 dev veth-a
		b: ip6tables -A FORWARD -s fd00:1::/64 -p tcp --dport 80 -j DROP
		b: ip6tables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination [fd00:1::10]:80
	`, []string{"a", "b"}},
	{"iptables", "iptables", `
		a: iptables -P FORWARD DROP
		a: iptables -N DOCKER
		a: iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		a: iptables -A FORWARD -s 10.1.0.0/16 -d 10.2.3.4 -i cali+ -j DOCKER
		a: iptables -A DOCKER -p tcp -m multiport --dports 80,443 -j REJECT --reject-with tcp-reset
		a: iptables -A DOCKER -p icmp -m comment --comment "let echoes in" -j ACCEPT
		a: iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
		a: iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80
	`, []string{"a"}},
	{"ipsets", "ipset", `
		a: ipset create gone hash:ip
		a: ipset create hosts hash:ip,port comment
		a: ipset create six hash:net family inet6 timeout 60
		a: ipset create ports bitmap:port range 10-90
		a: ipset create all list:set
		a: ipset add hosts 10.0.0.7,tcp:80 comment "said by somebody"
		a: ipset add six fd00:7::/64
		a: ipset add ports 80
		a: ipset add all hosts
		a: iptables -A FORWARD -m set --match-set hosts src,dst -j DROP
		a: ip6tables -A FORWARD -m set ! --match-set six dst -j DROP
		a: ipset destroy gone
	`, []string{"a"}},
	{"nft", "nft", `
		a: nft add table inet t
		a: nft 'add chain inet t forward { type filter hook forward priority 0; policy drop; }'
		a: nft 'add set inet t hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1 } }'
		a: nft 'add chain inet t gone; delete chain inet t gone; add chain inet t deep'
		a: nft 'add map inet t jumps { type ifname : verdict; elements = { "br0" : jump deep } }'
		a: nft 'add rule inet t forward ip saddr @hosts tcp dport { 80, 443 } counter accept comment "web"'
		a: nft 'add rule inet t forward iifname vmap @jumps'
		a: nft 'add rule inet t deep ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 23 } drop'
		a: nft 'add rule inet t deep ct state vmap { established : accept, invalid : drop }'
	`, []string{"a"}},
}

// settled are the lines of a network but for the groups and addresses that its devices have
// by themselves; the kernel keeps a forwarding database in no order.
func settled(text string) []string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.Contains(line, " dst=224.") || strings.Contains(line, " dst=ff02:") || strings.HasPrefix(line, "fdb ") && strings.Contains(line, ".state=128")
	})
	for i, line := range lines {
		if strings.HasPrefix(line, "nft-elements ") { // which a set of the kernel's has in an order of its own
			words := strings.Fields(line)
			slices.Sort(words)
			lines[i] = strings.Join(words, " ")
		}
	}
	slices.Sort(lines)
	return lines
}

func TestANetworkIsTheSameOutOfItsFile(t *testing.T) {
	for _, c := range networks {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.tool); err != nil {
				t.Skip(c.tool + " is not installed")
			}
			_, sources := build(t, c.script, c.spaces...)
			text := taken(t, sources, &Asked{sources[0].Name, "tcp", netip.MustParseAddr("203.0.113.10"), 80, &Came{probe.Refused, netip.MustParseAddr("203.0.113.10"), 1300 * time.Millisecond}})
			if diff := cmp.Diff(settled(text), settled(anew(t, text))); diff != "" {
				t.Errorf("(-original +anew)\n%s", diff)
			}
			for _, want := range told[c.name] {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
		})
	}
}

func TestWhoListensIsInTheFile(t *testing.T) {
	spaces, sources := build(t, "a: ip link set lo up", "a")
	var closers []interface{ Close() error }
	err := spaces["a"].Do(func() error {
		l, err := net.Listen("tcp4", "127.0.0.1:8080")
		if err != nil {
			return err
		}
		p, err := net.ListenPacket("udp4", "0.0.0.0:53")
		closers = append(closers, l, p)
		if err != nil {
			return err
		}
		raw, err := p.(*net.UDPConn).SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(fd uintptr) {
			drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
			err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
			err = errors.Join(err, unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_TRANSPARENT, 1))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	text := taken(t, sources, nil)
	for _, c := range closers {
		c.Close()
	}
	for _, want := range []string{"listens tcp 127.0.0.1:8080\n", "listens udp 0.0.0.0:53 deaf transparent\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if again := anew(t, text); again != text {
		t.Errorf("%s", cmp.Diff(text, again))
	}
}

// A file of the first version says nothing of IPv6, and nobody speaks it there.
func TestAnOlderFileIsRead(t *testing.T) {
	script := strings.Replace(networks[0].script, "a: ip neigh add 172.20.1.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent\n", "", 1)
	_, sources := build(t, script, "a", "b")
	text := strings.Replace(taken(t, sources, &Asked{"copy-a", "icmp", netip.MustParseAddr("172.20.1.1"), 0, nil}), Heading+"4", Heading+"1", 1)
	var old strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "net/ipv6/") && !strings.Contains(line, ".family=10") {
			old.WriteString(line)
		}
	}
	f, err := Read(old.String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := replica.Build(t.Context(), f.Network)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		nsenter.Delete("/run/netns/copy-a")
		nsenter.Delete("/run/netns/copy-b")
	})
	if silent, err := c.Spaces[0].ReadSysctl("net/ipv6/conf/eth0/disable_ipv6"); silent != "1" || err != nil {
		t.Errorf("disable_ipv6 is %q, %v", silent, err)
	}
	if r := probe.Ping(t.Context(), c.Spaces[0], probe.Echo{Dst: f.Asked.Dest}); r.Outcome != probe.Replied {
		t.Errorf("%s: %s", f.Asked.Dest, r.Message)
	}
}

func TestAFileThatIsNoneIsRefusedInOneSentence(t *testing.T) {
	_, sources := build(t, networks[0].script, "a", "b")
	good := taken(t, sources, &Asked{"copy-a", "icmp", netip.MustParseAddr("172.20.1.1"), 0, &Came{Outcome: probe.Silent, Waited: time.Second}})
	if _, err := Read(good); err != nil {
		t.Fatal(err)
	}
	put := func(old, new string) string {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, text := range map[string]string{
		"nothing":                        "",
		"something else":                 "#!/bin/sh\nrm -rf /\n",
		"a newer version":                put("nstutor network 5", "nstutor network 6"),
		"a file that is cut off":         good[:strings.LastIndex(good, "\ntimer ")+1],
		"something behind the end":       good + "namespace copy-z\n",
		"no namespace":                   "nstutor network 1\n",
		"a namespace that is a path":     put("namespace copy-a", "namespace ../../etc"),
		"a namespace that is a process":  put("namespace copy-a", "namespace pid:1"),
		"a namespace twice":              put("namespace copy-b", "namespace copy-a"),
		"a setting of the machine":       put("setting net/ipv4/ip_forward", "setting kernel/core_pattern"),
		"a setting out of its folder":    put("setting net/ipv4/ip_forward", "setting net/ipv4/../../kernel/hostname"),
		"a word that is none":            put("\nroute ", "\nrun "),
		"an attribute that is none":      put("gateway=172.20.1.1", "gatway=172.20.1.1"),
		"an address that is none":        put("gateway=172.20.1.1", "gateway=172.20.1.999"),
		"a nest without an end":          put("info(", "info( info("),
		"a device that leads to nowhere": put("link in=copy-b", "link in=copy-c"),
		"a device without an index":      put(".index=", ".index=0 .flags=0 .index=0 .family="),
		"a device whose name is a path":  put("name=eth0", "name=../eth0"),
		"a flow from elsewhere":          put("ask copy-a", "ask host"),
		"an outcome that is none":        put("came silent", "came well"),
		"an outcome from nobody":         put("came silent - 1s", "came silent example.com 1s"),
		"an outcome after years":         put("came silent - 1s", "came silent - 9999h"),
		"an outcome twice":               put("came silent - 1s\n", "came silent - 1s\ncame silent - 1s\n"),
		"a flow by no device of it":      put("ask copy-a icmp 172.20.1.1", "ask copy-a icmp fe80::1%eth7"),
		"a flow to nowhere":              put("ask copy-a icmp 172.20.1.1", "ask copy-a icmp example.com"),
		"nests without end":              "nstutor network 1\nnamespace a\nlink here name=x " + strings.Repeat("info( ", 1<<16),
		"an attribute that is too large": "nstutor network 1\nnamespace a\nnft-rule 2 note=0x" + strings.Repeat("00", 1<<16),
		"an ipset without a name":        "nstutor network 2\nnamespace a\nipset 0 type=hash:ip",
		"an ipset far away":              "nstutor network 2\nnamespace a\nipset 60000 name=x type=hash:ip",
		"an ipset twice":                 "nstutor network 2\nnamespace a\nipset 0 name=x type=hash:ip\nipset 1 name=x type=hash:ip",
		"an entry of no ipset":           "nstutor network 2\nnamespace a\nipset-entry ip{ v4=10.0.0.1 }",
		"a row that is too large":        "nstutor network 1\nnamespace a\nroute " + strings.Repeat("metrics=0x"+strings.Repeat("00", 1<<10)+" ", 100),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(text); err == nil {
				t.Error("it was read")
			} else if said := err.Error(); strings.Contains(said, "\n") || len(said) > 300 {
				t.Errorf("not one sentence: %q", said)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("nstutor network 1\nnamespace a\nsetting net/ipv4/ip_forward 1\nlink here .index=2 name=eth0 info{ kind=veth } families( inet( conf{ forwarding=1 } ) )\nroute .family=2 hops{ hop{ .index=2 gateway=10.0.0.1 } }\n")
	f.Add("nstutor network 2\nnamespace a\nipset 3 name=x type=hash:ip revision=5:1 family=2:1 data{ hashsize=1024 }\nipset-entry ip{ v4=10.0.0.1 } note=x\n")
	f.Add("nstutor network 4\nnamespace a\nend\n")
	f.Add("nstutor network 2\nask a tcp fd00::1 80\nnamespace a\nsetting net/ipv6/conf/all/forwarding 1\nlink here .index=2 name=eth0 families( inet6( conf{ forwarding=1 mtu=1500 disable_ipv6=0 } addr-gen-mode=1:1 ) )\nroute .family=10 .dst-len=64 dst=fd00:1::\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(text)
		if err != nil {
			return
		}
		var b strings.Builder
		if err := file.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(b.String()); err != nil {
			t.Errorf("what was written cannot be read: %v\n%s", err, b.String())
		}
	})
}
