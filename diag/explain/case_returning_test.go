package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// twoWaysBack is a node whose outside sends replies to pods by a second cable.
var twoWaysBack = routed.with("two ways back", `
host: ip link add eth1 type veth peer name up1 netns inet
host: ip link set eth1 up
host: ip addr add 192.168.7.160/24 dev eth1
inet: ip link set up1 up
inet: ip addr add 192.168.7.1/24 dev up1
inet: ip route add 10.244.1.0/24 via 192.168.7.160
host: ip route add 203.0.113.0/24 via 192.168.6.1
host: sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
`, journey{"pod-a", "203.0.113.10"})

// oneWayBack has no second cable.
var oneWayBack = routed.with("one way back", `
inet: ip route add 10.244.1.0/24 via 192.168.6.160
host: ip route add 203.0.113.0/24 via 192.168.6.1
`, journey{"pod-a", "203.0.113.10"})

// TestAReplyFromBeyondMayComeAnotherWay: what is found where the reply was taken to come
// in is firm only where it must come there.
func TestAReplyFromBeyondMayComeAnotherWay(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name          string
		base          baseNetwork
		fault         string
		before, after explain.Verdict
		code          cause.Code
	}{
		{"and does", twoWaysBack, `host: sysctl -qw net.ipv4.conf.eth0.forwarding=0`, explain.Undecided, explain.Delivered, cause.ForwardingOff},
		{"and is lost there", twoWaysBack, `host: sysctl -qw net.ipv4.conf.eth1.forwarding=0`, explain.Undecided, explain.Broken, cause.NotKnown},
		{"where no way is better", twoWaysBack, `host: iptables -A FORWARD -s 203.0.113.10 -j DROP`, explain.Broken, explain.Broken, cause.Filtered},
		{"where there is none", oneWayBack, `host: sysctl -qw net.ipv4.conf.eth0.forwarding=0`, explain.Broken, explain.Broken, cause.ForwardingOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.base.build(t)
			b.run(c.fault)
			b.hide("inet")
			ping := breakage{from: "pod-a", to: "203.0.113.10"}
			if a := b.explain(ping, false); a.Verdict != c.before || a.Cause.Code != c.code {
				t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
			}
			if a := b.explain(ping, true); a.Verdict != c.after {
				t.Errorf("with a probe: %s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}

// TestATunnelFromBeyondCutsWhatIsTooLong: the far end's packets are no longer than the
// wire takes, although they carry as much as those that go there.
func TestATunnelFromBeyondCutsWhatIsTooLong(t *testing.T) {
	labtest.Slow(t)
	base := flannel
	base.script = strings.ReplaceAll(base.script, " dev eth0 nolearning", " nolearning") // which then has an MTU of 1500
	b := base.build(t)
	b.hide("host2")
	b.hide("pod-b")
	ping := breakage{from: "pod-a", to: "192.168.11.10", size: 1472}
	if a := b.explain(ping, false); a.Verdict != explain.Undecided {
		t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(ping, true); a.Verdict != explain.Delivered {
		t.Errorf("with a probe: %s\n%s", a.Verdict, b.account(a))
	}
}
