package explain_test

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// narrow is a cable in the middle of the chain that takes less than its ends send.
const narrow = `
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400`

// clamping is the rule that has the ends agree on less.
const clamping = "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"

// swallowed is a connection that opens, and perhaps hangs then.
type swallowed struct {
	name     string
	base     baseNetwork
	fault    string
	from, to string
	server   string
	want     expected // none: data passes
	fix      []string
	clamps   string // the other fix; empty: there is none
}

var swallowing = []swallowed{
	{name: "the sender is told", base: chain, fault: narrow, from: "a", to: "10.2.0.2", server: "b"},
	{name: "a router on the way back drops what it is told", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\nr1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP",
		want:  expected{cause.MTUExceeded, "r2", request}, fix: []string{"r2: ip link set right mtu 1500", "r3: ip link set left mtu 1500"}, clamps: "r2: " + clamping},
	{name: "the router itself does", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\nr2: iptables -A OUTPUT -p icmp -j DROP",
		want:  expected{cause.MTUExceeded, "r2", request}, clamps: "r2: " + clamping},
	{name: "the sender itself does", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\na: nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in icmp type destination-unreachable drop'",
		want:  expected{cause.MTUExceeded, "r2", request}, clamps: "r2: " + clamping},
	{name: "on the way back", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\nr4: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP",
		want:  expected{cause.MTUExceeded, "r3", reply}, clamps: "r3: " + clamping},
	{name: "a narrower wire behind the first", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\nr3: ip link set right mtu 1300\nr4: ip link set left mtu 1300\nr1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP",
		want:  expected{cause.MTUExceeded, "r2", request}},
	{name: "nft clamps the size", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + `
r1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP
r2: nft 'add table ip m; add chain ip m f { type filter hook forward priority mangle; }; add rule ip m f tcp flags syn tcp option maxseg size set rt mtu'`},
	{name: "rules clamp the size", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + `
r1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP
r2: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1360`},
	{name: "the sender finds out", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + `
r1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP
a: sysctl -qw net.ipv4.tcp_mtu_probing=2`},
	{name: "only pings are dropped", base: chain, from: "a", to: "10.2.0.2", server: "b",
		fault: narrow + "\nr1: iptables -A FORWARD -p icmp --icmp-type echo-request -j DROP"},
	{name: "over IPv6, told", base: bridged6, from: "pod-a", to: "fd00:203::10", server: "inet", fault: "host: ip link set eth0 mtu 1400"},
	{name: "over IPv6", base: bridged6, from: "pod-a", to: "fd00:203::10", server: "inet",
		fault: "host: ip link set eth0 mtu 1400\nhost: ip6tables -A OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP",
		want:  expected{cause.MTUExceeded, "host", request}, fix: []string{"host: ip link set eth0 mtu 1500"}, clamps: "host: ip6tables" + clamping[len("iptables"):]},
	{name: "a tunnel", base: flannel, from: "pod-a", to: "192.168.11.10", server: "pod-b",
		fault: "host1: iptables -A OUTPUT -p icmp -j DROP\nhost2: iptables -A OUTPUT -p icmp -j DROP",
		want:  expected{cause.MTUExceeded, "host1", request}, fix: []string{"pod-a: ip link set eth0 mtu 1450"}, clamps: "host1: " + clamping},
}

// TestAConnectionThatOpensAndCarriesNothing: full-sized segments are lost, and their
// sender is not told. What is said of it is what a client meets, and its fix mends it.
func TestAConnectionThatOpensAndCarriesNothing(t *testing.T) {
	labtest.Slow(t)
	abreast(swallowing, func(c swallowed) {
		t.Run(c.name, func(t *testing.T) {
			b := c.base.build(t)
			needTools(t, c.fault)
			b.run(c.fault)
			b.mirror(c.server, c.to)
			ask := breakage{from: c.from, to: c.to, asks: "tcp 7", want: c.want}
			first := b.explain(ask, false)
			works := c.want.code == ""
			ask.check(b, "without a probe", first)
			ask.check(b, "with a probe", b.explain(ask, true))
			if b.carries(c.from, c.to) != works {
				t.Fatalf("data passes: %v", !works)
			}
			if works || t.Failed() {
				return
			}
			if got := b.typed(first.Fix); c.fix != nil && !slices.Equal(got, c.fix) {
				t.Errorf("the fix is %q, want %q", got, c.fix)
			}
			b.clamped(ask, first, c.clamps)
			for _, fix := range first.Fix {
				b.apply(fix)
			}
			if !b.carries(c.from, c.to) {
				t.Errorf("after the fix nothing passes\n%s", b.account(first))
			}
			if a := b.explain(ask, true); a.Verdict != explain.Delivered {
				t.Errorf("after the fix: %s\n%s", a.Verdict, b.account(a))
			}
		})
	})
}

// clamped tries the other fix, if there is to be one, and takes it away again.
func (b *built) clamped(ask breakage, first explain.Answer, want string) {
	b.t.Helper()
	swaps := first.Swaps()
	if want == "" && len(swaps) == 0 {
		return
	}
	if len(swaps) != 1 || !slices.Equal(b.typed(swaps[0].New), []string{want}) {
		b.t.Fatalf("the other fixes are %v, want %q", swaps, want)
	}
	if shown := first.Cause.Evidence; !strings.Contains(shown[len(shown)-1].In("en"), clamping[len("iptables"):]) {
		b.t.Errorf("nobody is told of the other fix: %q", shown)
	}
	b.run(want)
	if !b.carries(ask.from, ask.to) {
		b.t.Errorf("nothing passes with %s", want)
	}
	if a := b.explain(ask, true); a.Verdict != explain.Delivered {
		b.t.Errorf("with %s: %s\n%s", want, a.Verdict, b.account(a))
	}
	b.run(strings.Replace(want, " -A ", " -D ", 1))
}

// mirror serves port 7, and sends back what comes.
func (b *built) mirror(netns, addr string) {
	b.t.Helper()
	err := b.space(netns).Do(func() error {
		l, err := net.Listen("tcp", net.JoinHostPort(addr, "7"))
		if err != nil {
			return err
		}
		b.t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer conn.Close(); _, _ = io.Copy(conn, conn) }()
			}
		}()
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// carries reports whether a client gets data there and back.
func (b *built) carries(from, to string) bool {
	b.t.Helper()
	passed := false
	err := b.space(from).Do(func() error {
		const patience = 3 * time.Second // a busy machine is late, and that is not asked here
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(to, "7"), patience)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		data := bytes.Repeat([]byte("x"), 8000)
		if _, err := conn.Write(data); err != nil {
			return nil
		}
		_, err = io.ReadFull(conn, data)
		passed = err == nil
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return passed
}

// TestSegmentsThatTravelAloneAreTold: what is longer than the other end of a veth takes passes
// together with others, and is dropped alone. The connection opens, and that is told with it.
func TestSegmentsThatTravelAloneAreTold(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		told        []string
	}{
		{"both ends send more", "a: ip link set eth0 mtu 9000\nb: ip link set eth0 mtu 9000", []string{"r1", "r4"}},
		{"one end takes less", "a: ip link set eth0 mtu 9000", nil},
		{"… and rules clamp it", "a: ip link set eth0 mtu 9000\nb: ip link set eth0 mtu 9000\nr2: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.fault)
			b := chain.build(t)
			b.serve([]string{"b tcp 10.2.0.2:80"})
			b.run(c.fault)
			a := b.explain(breakage{from: "a", to: "10.2.0.2", asks: "tcp 80"}, true)
			var told []string
			for _, n := range a.Notices {
				if n.Code == cause.MTUExceeded {
					told = append(told, b.script(n.Netns))
				}
			}
			if a.Verdict != explain.Delivered || !slices.Equal(told, c.told) {
				t.Errorf("%s, told of %v\n%s", a.Verdict, a.Notices, b.account(a))
			}
		})
	}
}
