package explain_test

import (
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// TestALargeEchoVanishesBeyond: nobody says that the wire beyond takes less; that a small echo
// is answered tells it, and where that is lost, too, nothing is told of lengths.
func TestALargeEchoVanishesBeyond(t *testing.T) {
	labtest.Slow(t)
	for fault, code := range map[string]cause.Code{
		"sw: ip link set p2 mtu 1400":                       cause.MTUExceeded,
		"host2: sysctl -qw net.ipv4.icmp_echo_ignore_all=1": cause.NotKnown,
	} {
		b := switched.build(t)
		b.run(fault)
		for _, netns := range farNodes {
			b.hide(netns)
		}
		a := b.explain(breakage{from: "host1", to: "10.57.4.21", size: 1472, df: true}, true)
		if a.Verdict != explain.Broken || a.Cause.Code != code || a.Beyond != "eth0" {
			t.Errorf("%s: beyond %q\n%s", fault, a.Beyond, b.account(a))
		}
	}
}
