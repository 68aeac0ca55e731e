package verify

import (
	"net/netip"
	"testing"

	"nstutor/internal/lab/labtest"

	"golang.org/x/sys/unix"
)

// A service of two pods, of which one is behind the fault: half of the connections open
// although nothing is changed, and after the fix all have to.
func TestEachThatIsDrawnByLotIsTried(t *testing.T) {
	labtest.Slow(t)
	n := build(t, routed+`
		pod2: ip link set lo up
		pod2: ip link add eth0 type veth peer name veth-pod2 netns host
		pod2: ip addr add 10.244.2.10/24 dev eth0
		pod2: ip link set eth0 up
		pod2: ip route add default via 10.244.2.1
		host: ip link set veth-pod2 up
		host: ip addr add 10.244.2.1/24 dev veth-pod2
		host: nft 'add table ip svc; add chain ip svc pre { type nat hook prerouting priority -100; }'
		host: nft 'add rule ip svc pre ip daddr 10.96.0.10 tcp dport 80 dnat to numgen random mod 2 map { 0 : 10.244.2.10 , 1 : 203.0.113.10 }'
	`, "pod", "host", "inet", "pod2")
	n.listens("pod2", "10.244.2.10:80")
	n.listens("inet", "203.0.113.10:80")
	n.run("pod2: ip route del default")
	to := netip.MustParseAddrPort("10.96.0.10:80")
	v, a := n.tryFlow("pod", to, unix.IPPROTO_TCP)
	if len(a.Backends) != 2 {
		t.Fatalf("the backends are %+v", a.Backends)
	}
	if v == nil || !v.Passed || v.Drawn == nil || v.Drawn.From != 2 || v.Drawn.Sent < 10 {
		t.Fatalf("%v: %+v", a.Fix, v)
	}
	n.apply(v.Fix)
	for range 8 {
		n.opens("pod", to, unix.IPPROTO_TCP)
	}
}
