package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// Packets that are too big for a device on their way.
var mtuBreakages = among([]breakage{
	{name: "small device at the source", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `a: ip link set eth0 mtu 1400`,
		want:  expected{cause.MTUExceeded, "a", request}},
	{name: "small cable in transit", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400`,
		want: expected{cause.MTUExceeded, "r2", request}},
	{name: "small device in transit", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `r2: ip link set right mtu 1400`,
		want:  expected{cause.MTUExceeded, "r2", request}},
	{name: "small device at the other end of the cable", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `r3: ip link set left mtu 1400`,
		want:  expected{cause.MTUExceeded, "r3", request}, or: []expected{{cause.MTUExceeded, "r2", request}}},
	{name: "ends of the first cable differ", from: "a", to: "10.2.0.2", size: 1472,
		fault: `r1: ip link set left mtu 1000`,
		want:  expected{cause.MTUExceeded, "r1", request}, or: []expected{{cause.MTUExceeded, "a", request}}},
	{name: "ends of the last cable differ", from: "a", to: "10.2.0.2", size: 1472,
		fault: `b: ip link set eth0 mtu 1000`,
		want:  expected{cause.MTUExceeded, "b", request}, or: []expected{{cause.MTUExceeded, "r4", request}}},
	{name: "ends differ for the reply", from: "a", to: "10.2.0.2", size: 1472,
		fault: `
a: ip link set eth0 mtu 1000
r1: ip link set left mtu 1500`,
		want: expected{cause.MTUExceeded, "a", reply}, or: []expected{{cause.MTUExceeded, "r1", reply}}},
	{name: "route with a small MTU", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `a: ip route replace default via 10.1.0.1 mtu 1400`,
		want:  expected{cause.MTUExceeded, "a", request}},
	{name: "route with a small MTU in transit", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `r3: ip route replace 10.2.0.0/24 via 10.34.0.4 mtu lock 1400`,
		want:  expected{cause.MTUExceeded, "r3", request}},
	{name: "the answer of the small device is dropped", from: "a", to: "10.2.0.2", size: 1472, df: true,
		fault: `
r2: ip link set right mtu 1400
r1: iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j DROP`,
		want: expected{cause.MTUExceeded, "r2", request}},
	{name: "the fix is for the path, not for this packet", from: "a", to: "10.2.0.2", size: 1400, df: true,
		fault: `
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400
r2: iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP`,
		want: expected{cause.MTUExceeded, "r2", request},
		fix:  []string{"r2: ip link set right mtu 1500", "a: ip route flush cache", "r3: ip link set left mtu 1500"}},
	{name: "small device for the reply", from: "a", to: "10.2.0.2", size: 1472,
		fault: `
a: ip route replace default via 10.1.0.1 mtu 1400
r2: ip link set right mtu 1400`,
		want: expected{cause.MTUExceeded, "r2", reply}, or: []expected{{cause.MTUExceeded, "r3", reply}}},
	{name: "fragments", from: "a", to: "10.2.0.2", size: 1472,
		fault: `
a: ip route replace default via 10.1.0.1 mtu 1400
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400`},
	{name: "fits", from: "a", to: "10.2.0.2", size: 1372, df: true,
		fault: `
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400`},
	{name: "small ping over differing ends", from: "a", to: "10.2.0.2",
		fault: `r1: ip link set left mtu 1000`},
})

func TestPacketsTooBig(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, chain, mtuBreakages)
}

// TestNothingIsMadeWiderForAWireThatCannotBeSeen: it may take no more, and lose without a
// word what is refused now.
func TestNothingIsMadeWiderForAWireThatCannotBeSeen(t *testing.T) {
	b := masqueraded.build(t)
	b.run("host: ip link set eth0 mtu 1300\ninet: ip link set up0 mtu 1300")
	b.hide("inet")
	a := b.explain(breakage{from: "pod-a", to: "203.0.113.10", size: 1400, df: true}, true)
	if a.Cause.Code != cause.MTUExceeded || len(a.Fix) > 0 || !strings.Contains(a.Cause.Detail.In("en"), "cannot be seen from here") {
		t.Errorf("%s", b.account(a))
	}
}
