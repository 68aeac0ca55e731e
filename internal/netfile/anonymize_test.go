package netfile

import (
	"math/rand/v2"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica"
)

func TestAddressesKeepTheirNetworks(t *testing.T) {
	m := addressMap{key: []byte("a key of this test")}
	for _, p := range []string{"10.1.2.0/24", "192.168.6.160/24", "203.0.112.0/20", "10.244.0.0/16"} {
		m.keepEdges(netip.MustParsePrefix(p))
	}
	for _, same := range []string{"0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.22", "255.255.255.255"} {
		if a := netip.MustParseAddr(same); m.of(a) != a {
			t.Errorf("%s becomes %s", a, m.of(a))
		}
	}
	if a, b := m.of(netip.MustParseAddr("10.1.2.0")), m.of(netip.MustParseAddr("10.1.2.255")); a.As4()[3] != 0 || b.As4()[3] != 255 {
		t.Errorf("a network and its broadcast become %s and %s", a, b)
	}
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[netip.Addr]netip.Addr{}
	others := 0
	for range 5000 {
		a := netip.AddrFrom4([4]byte{byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))})
		b := netip.AddrFrom4([4]byte(a.AsSlice()))
		bits := r.IntN(33)
		if p, err := a.Prefix(bits); err == nil {
			b = p.Addr()
		}
		x, y := m.of(a), m.of(b)
		if p, _ := x.Prefix(bits); !p.Contains(y) {
			t.Fatalf("%s and %s have %d bits in common, %s and %s have not", a, b, bits, x, y)
		}
		if was, ok := seen[x]; ok && was != a {
			t.Fatalf("%s and %s both become %s", a, was, x)
		}
		if seen[x] = a; x != a {
			others++
		}
		if a.IsPrivate() != x.IsPrivate() || a.IsLoopback() != x.IsLoopback() || a.IsMulticast() != x.IsMulticast() {
			t.Fatalf("%s becomes %s", a, x)
		}
	}
	for range 2000 {
		a := [16]byte{0xfd, 0, byte(r.IntN(4))}
		if r.IntN(2) == 0 {
			a = [16]byte{0x20, 1, byte(r.IntN(256))}
		}
		for i := 8; i < 16; i++ {
			a[i] = byte(r.IntN(256))
		}
		from := netip.AddrFrom16(a)
		bits := r.IntN(129)
		p, err := from.Prefix(bits)
		if err != nil {
			t.Fatal(err)
		}
		x, y := m.of(from), m.of(p.Addr())
		if q, _ := x.Prefix(bits); !q.Contains(y) {
			t.Fatalf("%s and %s have %d bits in common, %s and %s have not", from, p.Addr(), bits, x, y)
		}
		if x.IsPrivate() != from.IsPrivate() || x == from {
			t.Fatalf("%s becomes %s", from, x)
		}
	}
	for _, same := range []string{"::", "::1", "ff02::1"} {
		if a := netip.MustParseAddr(same); m.of(a) != a {
			t.Errorf("%s becomes %s", a, m.of(a))
		}
	}
	if a := m.of(netip.MustParseAddr("fe80::1234")); !netip.MustParsePrefix("fe80::/64").Contains(a) {
		t.Errorf("fe80::1234 becomes %s", a)
	}
	if others < 2500 {
		t.Errorf("only %d of 5000 become others", others)
	}
}

// secret is a network with names and addresses that nobody is to read.
const secret = `
	acme-db: ip link set lo up
	acme-db: ip link add acmedb0 type veth peer name acmegw netns acme-gw
	acme-db: ip addr add 10.77.88.99/24 dev acmedb0
	acme-db: ip link set acmedb0 up
	acme-db: ip route add default via 10.77.88.1
	acme-db: ip rule add from 10.77.88.99 lookup 77
	acme-gw: ip link set acmegw up
	acme-gw: ip addr add 10.77.88.1/24 dev acmegw
	acme-gw: ip addr add 198.51.77.88/32 dev lo
	acme-gw: ip link set lo up
	acme-db: sysctl -qw net.ipv6.conf.acmedb0.accept_dad=0 net.ipv6.conf.acmedb0.disable_ipv6=0
	acme-gw: sysctl -qw net.ipv6.conf.acmegw.accept_dad=0 net.ipv6.conf.acmegw.disable_ipv6=0
	acme-db: ip addr add fd77:8899:aabb::99/64 dev acmedb0
	acme-gw: ip addr add fd77:8899:aabb::1/64 dev acmegw
	acme-db: ip route add fd77:8899:ccdd::/48 via fd77:8899:aabb::1
	acme-db: until ip -6 addr show dev acmedb0 | grep -q fe80 && ! ip -6 addr show dev acmedb0 | grep -q tentative; do sleep 0.01; done
`

func TestNothingOfANetworkIsInItsAnonymousFile(t *testing.T) {
	script := secret
	for tool, lines := range map[string]string{
		"iptables": `
	acme-gw: iptables -N ACME-WALL
	acme-gw: ip6tables -N ACME-WALL6
	acme-gw: iptables -A FORWARD -s 10.77.88.0/24 -d 198.51.77.0/26 -i acmegw -m comment --comment "acme wants it" -j ACME-WALL
	acme-gw: iptables -A FORWARD -i acme+ -j DROP
	acme-gw: iptables -A FORWARD -m string --string acme --algo bm -j DROP
	acme-gw: iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.77.88.99:8080
	acme-gw: ip6tables -A FORWARD -s fd77:8899:aabb::/48 -d fd77:8899:aabb::99 -i acmegw -p icmpv6 -j ACME-WALL6
	acme-gw: ip6tables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd77:8899:aabb::99]:8080
`, "ipset": `
	acme-gw: ipset create acmeset hash:net comment
	acme-gw: ipset add acmeset 10.77.88.96/28 comment "acme"
	acme-gw: ipset create acmerange bitmap:ip range 10.77.88.0/24
	acme-gw: ipset create acmesix hash:ip family inet6
	acme-gw: ipset add acmesix fd77:8899:aabb::99
	acme-gw: iptables -A FORWARD -m set --match-set acmeset src -j DROP
`, "nft": `
	acme-gw: nft add table ip acmewall
	acme-gw: nft 'add chain ip acmewall acmechain { type filter hook forward priority 1; }'
	acme-gw: nft 'add set ip acmewall acmehosts { type ipv4_addr; elements = { 10.77.88.99, 10.77.88.98 }; }'
	acme-gw: nft 'add set ip acmewall acmenets { type ipv4_addr; flags interval; elements = { 10.77.88.0/25 }; }'
	acme-gw: nft 'add rule ip acmewall acmechain ip saddr @acmehosts tcp dport { 80, 443 } drop comment "acme"'
	acme-gw: nft 'add rule ip acmewall acmechain ip saddr @acmenets drop'
	acme-gw: nft 'add rule ip acmewall acmechain ip saddr . tcp dport { 10.77.88.99 . 22 } iifname { "acmegw", "acmedb0" } drop'
`} {
		if _, err := exec.LookPath(tool); err == nil {
			script += lines
		}
	}
	_, sources := build(t, script, "acme-db", "acme-gw")
	n, err := replica.Read(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	f := File{&Asked{sources[0].Name, "icmp", netip.MustParseAddr("198.51.77.88"), 0, &Came{probe.Replied, netip.MustParseAddr("198.51.77.88"), 0}}, n}
	var original, b strings.Builder
	if err := f.Write(&original); err != nil {
		t.Fatal(err)
	}
	hidden := f.disguised([]byte("a key of this test"))
	if err := hidden.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	macs := strings.Fields(original.String())
	for _, word := range append([]string{"acme", "ACME", "61636d65", "41434d45", "10.77.", "198.51.77", "fd77:8899", "fd778899", "0a4d58", "c6334d", "4d58"},
		slices.DeleteFunc(macs, func(w string) bool {
			return !strings.HasPrefix(w, "lladdr=") || strings.HasSuffix(w, "00:00:00:00:00") || strings.HasPrefix(w, "lladdr=01") || strings.HasPrefix(w, "lladdr=33")
		})...) {
		if i := strings.Index(text, word); i >= 0 {
			t.Errorf("%q is in it: …%s…", word, text[max(0, i-80):min(len(text), i+80)])
		}
	}
	if again := f.disguised([]byte("a key of this test")); again.Asked.Dest != hidden.Asked.Dest {
		t.Error("the same key makes another network")
	}
	// It is a network all the same: what is asked gets through in it.
	after := anew(t, text)
	if got, want := strings.Count(after, "\nnft-rule "), strings.Count(text, "\nnft-rule "); got != want || got == 0 && strings.Contains(original.String(), "nft-rule") {
		t.Errorf("%d rules of %d", got, want)
	}
	ns, err := nsenter.Open("ns1", "/run/netns/ns1")
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	if six := hidden.Network.Spaces[1].Addresses(); !six[len(six)-1].Is6() {
		t.Errorf("no address of IPv6: %v", six)
	} else if r := probe.Ping(t.Context(), ns, probe.Echo{Dst: six[len(six)-1]}); r.Outcome != probe.Replied {
		t.Errorf("%s is not answered in the anonymous network: %s", six[len(six)-1], r.Message)
	}
	if r := probe.Ping(t.Context(), ns, probe.Echo{Dst: hidden.Asked.Dest}); r.Outcome != probe.Replied {
		t.Errorf("%s is not answered in the anonymous network: %s", hidden.Asked.Dest, r.Message)
	}
	if !strings.Contains(original.String(), "nft-rule") {
		return
	}
	if strings.Contains(original.String(), "ipset ") && (!strings.Contains(text, "lacks ns2 ipset ") || strings.Count(after, "\nipset ") != 2 || strings.Count(after, "\nipset-entry ") != 2) {
		t.Errorf("ipsets:\n%s", after)
	}
	if !strings.Contains(text, "lacks ns2 filter ") {
		t.Error("it is not said that rules were left out")
	}
}
