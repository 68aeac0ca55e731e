package explain_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"nstutor/diag/explain/cause/full"

	"nstutor/diag/explain"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// exhausted are rules that translate sources to two ports alone.
var exhausted = map[string]struct {
	base     baseNetwork
	rule     string
	to, asks string
	serve    string
	fix      []string
}{
	"iptables, datagrams": {routed, "host: iptables -t nat -A POSTROUTING -o eth0 -p udp -j MASQUERADE --to-ports 40000-40001", "203.0.113.10", "udp 53", "inet udp 203.0.113.10:53",
		[]string{"host: iptables -t nat -D POSTROUTING -o eth0 -p udp -j MASQUERADE --to-ports 40000-40001", "host: iptables -t nat -A POSTROUTING -o eth0 -p udp -j MASQUERADE"}},
	"iptables, connections": {routed, "host: iptables -t nat -A POSTROUTING -o eth0 -p tcp -j SNAT --to-source 192.168.6.160:40000-40001", "203.0.113.10", "tcp 80", "inet tcp 203.0.113.10:80",
		[]string{"host: iptables -t nat -D POSTROUTING -o eth0 -p tcp -j SNAT --to-source 192.168.6.160:40000-40001", "host: iptables -t nat -A POSTROUTING -o eth0 -p tcp -j SNAT --to-source 192.168.6.160"}},
	"nft":                  {routed, "host: nft 'add table ip t; add chain ip t post { type nat hook postrouting priority 100; }; add rule ip t post oifname eth0 meta l4proto tcp masquerade to :40000-40001'", "203.0.113.10", "tcp 80", "inet tcp 203.0.113.10:80", nil},
	"nft, with an address": {routed, "host: nft 'add table ip t; add chain ip t post { type nat hook postrouting priority 100; }; add rule ip t post oifname eth0 ip protocol udp snat to 192.168.6.160:40000-40001'", "203.0.113.10", "udp 53", "inet udp 203.0.113.10:53", nil},
	"IPv6": {bridged6, "host: ip6tables -t nat -A POSTROUTING -o eth0 -p tcp -j SNAT --to-source [fd00:6::160]:40000-40001", "fd00:203::10", "tcp 80", "inet tcp [fd00:203::10]:80",
		[]string{"host: ip6tables -t nat -D POSTROUTING -o eth0 -p tcp -j SNAT --to-source '[fd00:6::160]:40000-40001'", "host: ip6tables -t nat -A POSTROUTING -o eth0 -p tcp -j SNAT --to-source fd00:6::160"}},
}

// TestPortsOfATranslatedSourceAreTaken: a third connection to the same port of the same
// address finds none, while those to another one are as before.
func TestPortsOfATranslatedSourceAreTaken(t *testing.T) {
	labtest.Slow(t)
	for name, c := range exhausted {
		t.Run(name, func(t *testing.T) {
			b := c.base.build(t)
			needTools(t, c.rule)
			b.serve([]string{c.serve})
			b.run(c.rule)
			flow := breakage{from: "pod-a", to: c.to, asks: c.asks}
			for _, from := range []string{"pod-a", "pod-b"} {
				if a := b.explain(flow, false); a.Verdict != explain.Delivered {
					t.Fatalf("before %s has a port: %s\n%s", from, a.Verdict, b.account(a))
				}
				b.hold(from, c.to, c.asks)
			}
			for _, probed := range []bool{false, true} {
				a := b.explain(flow, probed)
				if a.Verdict != explain.Broken || a.Cause.Code != full.PortsExhausted || a.Cause.Netns != b.real("host") || len(a.Cause.Evidence) < 2 || len(a.Next) > 0 {
					t.Fatalf("%s\n%s", a.Verdict, b.account(a))
				}
				if hasCounted(a, "insert_failed +") != probed {
					t.Errorf("probed %v: the kernel counts what it cannot remember\n%s", probed, b.account(a))
				}
				if got := b.typed(a.Fix); c.fix != nil && (len(got) != 2 || got[0] != c.fix[0] || got[1] != c.fix[1]) {
					t.Errorf("the fix is %q\n%s", got, b.account(a))
				}
			}
			if r := b.ask(flow, flow.journey()); r.Outcome == probe.Replied {
				t.Fatal("it is answered")
			}
			fixed := b.explain(flow, false).Fix
			if len(fixed) == 0 {
				t.Fatal("no fix")
			}
			for _, fix := range fixed {
				b.apply(fix)
			}
			if r := b.eventuallyAsk(flow); r.Outcome != probe.Replied {
				t.Errorf("after the fix: %s\n%s", r.Message, b.account(b.explain(flow, false)))
			}
		})
	}
}

// hold opens a connection, or sends a datagram that is answered, and keeps its port.
func (b *built) hold(from, to, asks string) {
	b.t.Helper()
	proto, port := breakage{asks: asks}.asked()
	d := probe.Dial{Dst: netip.AddrPortFrom(netip.MustParseAddr(to), port), Payload: []byte("hello"), Timeout: time.Second}
	if proto == 6 {
		b.keepOpen(from, d.Dst)
		return
	}
	if r := probe.Exchange(b.t.Context(), b.space(from), d); r.Outcome != probe.Replied {
		b.t.Fatal(r.Message)
	}
}

// keepOpen opens a connection, and keeps it until the test ends.
func (b *built) keepOpen(from string, to netip.AddrPort) {
	b.t.Helper()
	var conn net.Conn
	err := b.space(from).Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", to.String(), time.Second)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
}

// TestPortsOfOnesOwnAreTaken: nothing is sent where the sender has no port left, and nobody on
// the way is blamed for that.
func TestPortsOfOnesOwnAreTaken(t *testing.T) {
	b := routed.build(t)
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	flow := breakage{from: "pod-a", to: "10.244.1.11", asks: "tcp 80"}
	b.run("pod-a: sysctl -qw net.ipv4.ip_local_port_range='50001 50001'")
	b.hold("pod-a", flow.to, flow.asks)
	a := b.explain(flow, true)
	if a.Verdict != explain.Broken || a.Cause.Code != full.OwnPortsExhausted || a.Cause.Netns != b.real("pod-a") || len(a.Fix) != 1 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	flow.sport = 50001
	if a := b.explain(flow, true); a.Verdict != explain.Delivered {
		t.Errorf("from a port that is asked for, and that another one has: %s\n%s", a.Verdict, b.account(a))
	}
	flow.sport = 0
	b.delivers(flow, a.Fix[0])
}
