package explain_test

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
)

// tunnelled are two hosts with a router between, and a tunnel of a kind over it.
const tunnelled = `
n1: ip link add eth0 type veth peer name e1 netns r
n2: ip link add eth0 type veth peer name e2 netns r
n1: ip addr add 192.0.2.1/24 dev eth0
n1: ip link set eth0 up
r: ip addr add 192.0.2.254/24 dev e1
r: ip addr add 198.51.100.254/24 dev e2
r: ip link set e1 up
r: ip link set e2 up
r: sysctl -qw net.ipv4.ip_forward=1
n2: ip addr add 198.51.100.2/24 dev eth0
n2: ip link set eth0 up
n1: ip route add default via 192.0.2.254
n2: ip route add default via 198.51.100.254
n1: ip link add t1 type % local 192.0.2.1 remote 198.51.100.2 ttl 64
n2: ip link add t2 type % local 198.51.100.2 remote 192.0.2.1 ttl 64
n1: ip addr add 10.9.0.1/24 dev t1
n2: ip addr add 10.9.0.2/24 dev t2
n1: ip link set t1 up
n2: ip link set t2 up
`

// needKind skips a test where the kernel has no such devices.
func needKind(t *testing.T, kind string) {
	t.Helper()
	needTunnel(t, kind, "192.0.2.9")
}

// needTunnel skips a test where the kernel has no such devices to a remote.
func needTunnel(t *testing.T, kind, remote string) {
	t.Helper()
	words := []string{"link", "add", "k0", "type", kind, "remote", remote}
	if kind == "geneve" {
		words = append(words, "id", "7")
	}
	err := labtest.Netns(t, "kind").Do(func() error { return exec.Command("ip", words...).Run() })
	if err != nil {
		t.Skipf("this kernel has no devices of kind %s: %v", kind, err)
	}
}

// TestATunnelIsFollowedToItsOtherEnd: the packets that carry others meet what is on
// their way, and who does not open them is named.
func TestATunnelIsFollowedToItsOtherEnd(t *testing.T) {
	labtest.Slow(t)
	for _, kind := range []string{"ipip", "gre", "gretap"} {
		for _, c := range []struct {
			name, fault string
			hide        []string
			want        cause.Code
			netns       string
			beyond      string
			words       string
			mends       bool
		}{
			{name: "healthy"},
			{name: "the far end has another key", fault: "n2: ip link set t2 type % key 1001", want: device.TunnelMismatch, netns: "n2", words: "takes only packets with key 0.0.3.233", mends: true},
			{name: "the far end expects somebody else", fault: "n2: ip link set t2 type % remote 192.0.2.77", want: device.TunnelMismatch, netns: "n2", words: "takes only those from 192.0.2.77"},
			{name: "the far end is not there", fault: "n2: ip link del t2", want: device.TunnelMismatch, netns: "n2", words: "device to open them"},
			{name: "the far end is down", fault: "n2: ip link set t2 down", want: cause.LinkDown, netns: "n2"},
			{name: "the remote is nobody's", fault: "n1: ip link set t1 type % remote 198.51.100.77", want: cause.NeighbourUnanswered, netns: "r"},
			{name: "its TTL is too small", fault: "n1: ip link set t1 type % ttl 1", want: cause.RouteLoop, netns: "n1", words: "begin with the TTL 1", mends: true},
			{name: "a rule on the way", fault: "r: iptables -A FORWARD -s 192.0.2.1 -d 198.51.100.2 -j DROP", want: cause.Filtered, netns: "r"},
			{name: "the other end is out of sight, and opens nothing", fault: "n2: ip link set t2 down", hide: []string{"n2"}, want: cause.NotKnown, netns: "r", beyond: "e2", words: "nothing there opens those"},
		} {
			t.Run(kind+", "+c.name, func(t *testing.T) {
				needKind(t, kind)
				if kind == "ipip" && strings.Contains(c.fault, " key ") {
					t.Skip("ipip has no keys")
				}
				base := baseNetwork{kind, strings.ReplaceAll(tunnelled, "%", kind), []journey{{"n1", "10.9.0.2"}}}
				b := base.build(t)
				b.run(strings.ReplaceAll(c.fault, "%", kind))
				b.forget()
				for _, netns := range c.hide {
					b.hide(netns)
				}
				verdict, want := explain.Broken, c.want
				if want == "" {
					verdict, want = explain.Delivered, cause.None
				}
				a := b.explain(breakage{from: "n1", to: "10.9.0.2"}, true)
				if a.Verdict != verdict || a.Cause.Code != want || b.script(a.Cause.Netns) != c.netns || a.Beyond != c.beyond || !strings.Contains(a.Cause.Detail.In("en"), c.words) {
					t.Errorf("%s, %s in %s, beyond %q: %s\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), a.Beyond, a.Cause.Detail, b.account(a))
				}
				for _, fix := range a.Fix {
					b.apply(fix)
				}
				if r := b.eventually(journey{"n1", "10.9.0.2"}); c.mends && r.Outcome != probe.Replied {
					t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
				}
			})
		}
	}
}

// TestAWayOverATunnelWithoutARemote: it sends to the next hop of a route, which is that of the
// other routes by the same device, where they have one alone.
func TestAWayOverATunnelWithoutARemote(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	b.run("host: ip route add 10.77.1.0/24 via 192.168.6.1 dev eth0 onlink")
	out := fabric.WayOut{Dev: table.Link{Name: "eth0", Kind: "ipip", Tunnel: &table.Tunnel{}}}
	dst := netip.MustParseAddr("10.245.1.1")
	way := func() remedy.Way {
		world := machine.New()
		defer world.Close()
		host, err := world.Open(b.real("host"))
		if err != nil {
			t.Fatal(err)
		}
		return out.To(host, dst)
	}
	if got := way(); got.Via != netip.MustParseAddr("192.168.6.1") || got.Dst != dst {
		t.Errorf("%+v", got)
	}
	b.run("host: ip route add 10.77.2.0/24 via 192.168.6.2 dev eth0 onlink")
	if got := way(); len(got.Commands()) > 0 {
		t.Errorf("by two next hops: %+v", got)
	}
}
