package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// TestAWayOutOfIPv6 that is not there: a router that has said so is the way, where nobody
// can look into it; a node that passes packets on listens to none.
func TestAWayOutOfIPv6(t *testing.T) {
	labtest.Slow(t)
	const gone = "host: ip route del default via fd00:6::1\nhost: sysctl -qw net.ipv6.conf.eth0.accept_ra="
	for _, c := range []struct{ name, fault, words, fix string }{
		{"a router that is known", "inet: sysctl -qw net.ipv6.conf.all.forwarding=1\nhost: ip neigh flush to fd00::/16 dev eth0\nhost: ping -qc1 fd00:6::1\n" + gone + "1",
			"accept_ra is 1 (2 has it heeded)", "host: ip route add default via fd00:6::1 dev eth0"},
		{"a router does not listen", gone + "1", "heeds no router's advertisement", "host: sysctl -w net.ipv6.conf.eth0.accept_ra=2"},
		{"told not to listen", gone + "0", "accept_ra is 0", ""},
		{"nobody has advertised", gone + "2", "no router has advertised itself", ""},
		{"a router that is no way out", gone + "2\nhost: ip addr add fd00:77::5/64 dev eth0 valid_lft 3000 preferred_lft 3000", "a router has told eth0 of the network fd00:77::/64", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bridged6.build(t)
			b.run(c.fault)
			b.hide("inet")
			ping := breakage{from: "host", to: "fd00:203::10"}
			a := b.explain(ping, true)
			fix := strings.Join(b.typed(a.Fix), "\n")
			if a.Verdict != explain.Broken || a.Cause.Code != cause.NoRoute || !strings.Contains(a.Cause.Detail.In("en"), c.words) || fix != c.fix {
				t.Fatalf("the fix is %q\n%s", fix, b.account(a))
			}
			if !strings.HasPrefix(c.fix, "host: ip") {
				return
			}
			for _, f := range a.Fix {
				b.apply(f)
			}
			if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
				t.Errorf("after the fix: %s", r.Message)
			}
		})
	}
}

// TestAnAddressThatNoRouterGives: a device waits for what routers advertise, and it is told what
// has come of that.
func TestAnAddressThatNoRouterGives(t *testing.T) {
	labtest.Slow(t)
	for words, fault := range map[string]string{
		"waits for a router to advertise itself, and none has": "pod-a: sysctl -qw net.ipv6.conf.eth0.accept_ra=2",
		"accept_ra is 0":                      "pod-a: sysctl -qw net.ipv6.conf.eth0.accept_ra=0",
		"forwarding is on and accept_ra is 1": "pod-a: sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth0.accept_ra=1",
	} {
		b := bridged6.build(t)
		b.run(fault + "\npod-a: ip addr flush dev eth0 scope global\npod-a: ip link set eth0 down\npod-a: ip link set eth0 up")
		b.hide("host")
		a := b.explain(breakage{from: "pod-a", to: "fd00:203::10"}, true)
		if a.Verdict != explain.Broken || a.Cause.Code != cause.NoAddress || !strings.Contains(a.Cause.Detail.In("en"), words) {
			t.Errorf("%s: %s\n%s", words, a.Verdict, b.account(a))
		}
	}
}
