package verify

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// listens has somebody in a namespace take connections, and answer datagrams.
func (n *network) listens(netns, addr string) {
	n.t.Helper()
	err := n.spaces[netns].Do(func() error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		n.t.Cleanup(func() { l.Close() })
		p, err := net.ListenPacket("udp", addr)
		if err != nil {
			return err
		}
		n.t.Cleanup(func() { p.Close() })
		go func() {
			buf := make([]byte, 100)
			for {
				read, from, err := p.ReadFrom(buf)
				if err != nil {
					return
				}
				p.WriteTo(buf[:read], from)
			}
		}()
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

// tryFlow explains a connection or a datagram, and tries the fix.
func (n *network) tryFlow(from string, to netip.AddrPort, proto byte) (*Verified, explain.Answer) {
	n.t.Helper()
	world := machine.New()
	defer world.Close()
	space, err := world.Open(n.real(from))
	if err != nil {
		n.t.Fatal(err)
	}
	req := explain.Request{From: space, Dest: to.Addr(), Proto: proto, Port: to.Port(), Probe: n.sends, Timeout: time.Second}
	a, err := explain.Explain(n.t.Context(), world, req)
	if err != nil {
		n.t.Fatal(err)
	}
	v, err := Try(n.t.Context(), world, req, a)
	if err != nil {
		n.t.Fatal(err)
	}
	if v != nil {
		for _, line := range v.Lines("en") {
			n.t.Log(line.Text)
		}
	}
	return v, a
}

// opens is the connection, or the datagram, in the network itself.
func (n *network) opens(from string, to netip.AddrPort, proto byte) {
	n.t.Helper()
	how := probe.Connect
	if proto == unix.IPPROTO_UDP {
		how = probe.Exchange
	}
	if r := how(n.t.Context(), n.spaces[from], probe.Dial{Dst: to, Timeout: 2 * time.Second}); r.Outcome != probe.Replied {
		n.t.Errorf("a verified fix does not mend the network: %s", r.Message)
	}
}

func TestFixesOfConnectionsAndDatagramsAreVerified(t *testing.T) {
	labtest.Slow(t)
	t.Parallel()
	for _, c := range []struct {
		name, fault, from, to string
		proto                 byte
	}{
		{"no route", "pod: ip route del default", "pod", "203.0.113.10:8080", unix.IPPROTO_TCP},
		{"no forwarding, for a datagram", "host: sysctl -qw net.ipv4.ip_forward=0", "pod", "203.0.113.10:8080", unix.IPPROTO_UDP},
		{"a firewall that names the port", "host: iptables -A FORWARD -p tcp --dport 8080 -j DROP", "pod", "203.0.113.10:8080", unix.IPPROTO_TCP},
		{"a firewall that refuses", "inet: iptables -A INPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset", "pod", "203.0.113.10:8080", unix.IPPROTO_TCP},
		{"a firewall for datagrams", "inet: iptables -A INPUT -p udp --dport 8080 -j DROP", "pod", "203.0.113.10:8080", unix.IPPROTO_UDP},
		{"the address of who listens is gone", "inet: ip addr del 203.0.113.10/32 dev lo", "pod", "203.0.113.10:8080", unix.IPPROTO_TCP},
		{"the address of who answers datagrams is gone", "inet: ip addr del 203.0.113.10/32 dev lo", "pod", "203.0.113.10:8080", unix.IPPROTO_UDP},
		{"no way back to who asks a service", `
			host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 203.0.113.10:8080
			inet: ip route del 10.244.1.0/24`, "pod", "10.96.0.10:80", unix.IPPROTO_TCP},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := beside(t, routed, "pod", "host", "inet")
			n.listens("inet", "203.0.113.10:8080")
			n.run(c.fault)
			to := netip.MustParseAddrPort(c.to)
			v, a := n.tryFlow(c.from, to, c.proto)
			if v == nil || !v.Passed || v.Before != SameCause || v.After != Delivered {
				t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
			}
			n.apply(v.Fix)
			n.opens(c.from, to, c.proto)
		})
	}
}

func TestPortsOnWhichSomebodyListensAreOtherFlows(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.listens("inet", "0.0.0.0:8080")
	n.listens("inet", "127.0.0.1:9090") // which nobody else gets to
	n.run("pod: ip route del default")
	v, _ := n.try("pod", "203.0.113.10", nil)
	if v == nil || !v.Passed {
		t.Fatalf("%+v", v)
	}
	opened := func(to string) bool {
		return slices.Contains(v.Others.Flows, Changed{From: "pod", To: to, Change: Opened})
	}
	if v.Others.Checked > routedFlows && (!opened("203.0.113.10:8080") || opened("127.0.0.1:9090")) {
		t.Errorf("other flows: %+v", v.Others)
	}
}

// The far side of a wire lets connections in, and sends datagrams back.
func TestTheFarSideOfAWireTakesConnections(t *testing.T) {
	labtest.Slow(t)
	for name, proto := range map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP} {
		t.Run(name, func(t *testing.T) {
			n := build(t, routed, "pod", "host", "inet")
			n.run("host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\nhost: sysctl -qw net.ipv4.ip_forward=0")
			n.answered("host", "203.0.113.10")
			n.hide("inet")
			v, a := n.tryFlow("pod", netip.MustParseAddrPort("203.0.113.10:8080"), proto)
			if v == nil || !v.Passed || slices.Contains(v.Copied, "inet") {
				t.Errorf("%+v, %v", v, a.Fix)
			}
		})
	}
}

// Who is outside answers whom he was told of: the pods of a node all that it passes on to
// them, another node or the far end of a tunnel whoever has a route there.
func TestTheFarSideOfAWireKnowsTheWayBack(t *testing.T) {
	labtest.Slow(t)
	const twoPods = `
pod: ip link set lo up
pod: ip link add eth0 type veth peer name v1 netns host
pod: ip addr add 10.244.1.10/32 dev eth0
pod: ip link set eth0 up
pod: ip route add default via 169.254.1.1 dev eth0 onlink
host: ip link set v1 up
host: ip route add 10.244.1.10 dev v1
host: ip addr add 169.254.1.1/32 dev v1
host: sysctl -qw net.ipv4.ip_forward=1
host: ip link add eth0 type veth peer name eth0 netns far
host: ip link set eth0 up
far: ip link set lo up
far: ip link set eth0 up
`
	for _, c := range []struct{ name, rest, to string }{
		{"a pod", `
host: ip route add 10.244.1.11 dev eth0
far: ip addr add 10.244.1.11/32 dev eth0
far: ip route add default via 169.254.1.1 dev eth0 onlink`, "10.244.1.11"},
		{"a node", `
host: ip addr add 192.168.9.1/24 dev eth0
host: ip route add 10.244.2.0/24 via 192.168.9.2
far: ip addr add 192.168.9.2/24 dev eth0
far: ip addr add 10.244.2.10/32 dev lo
far: ip route add 10.244.1.0/24 via 192.168.9.1`, "10.244.2.10"},
		{"a node itself, which leads to others", `
host: ip addr add 192.168.9.1/24 dev eth0
host: ip route add 10.244.2.0/24 via 192.168.9.2
far: ip addr add 192.168.9.2/24 dev eth0
far: ip route add 10.244.1.0/24 via 192.168.9.1`, "192.168.9.2"},
		{"a tunnel", `
host: ip addr add 192.168.9.1/24 dev eth0
host: ip link add vx0 address 02:00:00:00:0a:01 type vxlan id 7 dstport 8472 local 192.168.9.1 dev eth0 nolearning
host: ip link set vx0 up
host: ip addr add 10.244.1.0/32 dev vx0
host: ip route add 10.244.2.0/24 via 10.244.2.0 dev vx0 onlink
host: ip neigh add 10.244.2.0 lladdr 02:00:00:00:0b:01 dev vx0 nud permanent
host: bridge fdb append 02:00:00:00:0b:01 dev vx0 dst 192.168.9.2 self permanent
far: ip addr add 192.168.9.2/24 dev eth0
far: ip link add vx0 address 02:00:00:00:0b:01 type vxlan id 7 dstport 8472 local 192.168.9.2 dev eth0 nolearning
far: ip link set vx0 up
far: ip addr add 10.244.2.10/32 dev lo
far: ip addr add 10.244.2.0/32 dev vx0
far: ip route add 10.244.1.0/24 via 10.244.1.0 dev vx0 onlink
far: ip neigh add 10.244.1.0 lladdr 02:00:00:00:0a:01 dev vx0 nud permanent
far: bridge fdb append 02:00:00:00:0a:01 dev vx0 dst 192.168.9.1 self permanent`, "10.244.2.10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := build(t, twoPods+c.rest, "pod", "host", "far")
			n.answered("pod", c.to)
			n.run("host: iptables -A FORWARD -s 10.244.1.10 -j DROP")
			n.hide("far")
			v, a := n.try("pod", c.to, nil)
			if v == nil || !v.Passed || slices.Contains(v.Copied, "far") {
				t.Errorf("%+v, %v", v, a.Fix)
			}
		})
	}
}

// A private address of a pod is nobody's to know in the world, and one who was seen to answer it
// knows it all the same.
func TestTheFarSideOfAWireAnswersWhomItWasSeenToAnswer(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct{ script, to, fault string }{
		{routed, "203.0.113.10", "host: ip route add blackhole 10.244.1.10"},
		{routed6, far6, "host: ip route add blackhole fd00:244:1::10"},
	} {
		for _, proto := range []byte{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
			t.Run(fmt.Sprint(c.to, proto), func(t *testing.T) {
				n := build(t, c.script, "pod", "host", "inet")
				to := netip.AddrPortFrom(netip.MustParseAddr(c.to), 8080)
				n.listens("inet", to.String())
				if proto == 0 {
					to = netip.AddrPortFrom(to.Addr(), 0)
				}
				n.answered("host", c.to)
				n.run(c.fault)
				n.hide("inet")
				n.sends = true
				v, a := n.tryFlow("pod", to, proto)
				if v == nil || !v.Passed || len(v.Instead) > 0 || slices.Contains(v.Copied, "inet") {
					t.Errorf("%+v, %v", v, a.Fix)
				}
			})
		}
	}
}

// So does who is behind a port of a bridge, where somebody else has heard who it is.
func TestTheFarSideOfAPortIsWhoWasHeardThere(t *testing.T) {
	n := build(t, `
sw: ip link add br0 type bridge
sw: ip link set br0 up
one: ip link add eth0 type veth peer name p1 netns sw
two: ip link add eth0 type veth peer name p2 netns sw
three: ip link add eth0 type veth peer name p3 netns sw
sw: ip link set p1 master br0 up
sw: ip link set p2 master br0 up
sw: ip link set p3 master br0 up
one: ip addr add 192.168.9.1/24 dev eth0
two: ip addr add 192.168.9.2/24 dev eth0
three: ip addr add 192.168.9.3/24 dev eth0
one: ip link set eth0 up
two: ip link set eth0 up
three: ip link set eth0 up
`, "sw", "one", "two", "three")
	n.answered("one", "192.168.9.2")
	n.answered("one", "192.168.9.3")
	n.run("one: iptables -A INPUT -s 192.168.9.2 -j DROP")
	n.hide("two")
	n.hide("three")
	n.sends = true
	if v, a := n.try("one", "192.168.9.2", nil); v == nil || !v.Passed {
		t.Errorf("%+v, %v", v, a.Fix)
	}
}
