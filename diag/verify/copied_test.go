package verify

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// The engine has not come further than to the fault: what is behind it is copied as well,
// since after the fix the packet gets there.
func TestTheWayBehindAFaultIsCopied(t *testing.T) {
	n := build(t, `
alice: ip link add to-r1 type veth peer name to-alice netns r1
r1: ip link add to-r2 type veth peer name to-r1 netns r2
r2: ip link add to-bob type veth peer name to-r2 netns bob
alice: ip link set to-r1 up
alice: ip addr add 172.28.1.1/29 dev to-r1
r1: ip link set lo up
r1: sysctl -qw net.ipv4.ip_forward=1
r1: ip link set to-alice up
r1: ip addr add 172.28.1.2/29 dev to-alice
r1: ip link set to-r2 up
r1: ip addr add 172.28.2.0/31 dev to-r2
r1: ip route add 198.51.100.7/32 via 172.28.2.1 dev to-r2
r2: ip link set lo up
r2: sysctl -qw net.ipv4.ip_forward=1
r2: ip link set to-r1 up
r2: ip addr add 172.28.2.1/31 dev to-r1
r2: ip link set to-bob up
r2: ip addr add 172.28.3.1/30 dev to-bob
r2: ip route add 198.51.100.7/32 via 172.28.3.2 dev to-bob
r2: ip route add 172.28.1.0/29 via 172.28.2.0 dev to-r1
bob: ip link set to-r2 up
bob: ip addr add 172.28.3.2/30 dev to-r2
bob: ip addr add 198.51.100.7/32 dev lo
bob: ip route add 172.28.1.0/29 via 172.28.3.1 dev to-r2
alice: ip route replace blackhole 198.51.100.7/32
`, "alice", "r1", "r2", "bob")
	n.listens("bob", "0.0.0.0:8080")
	to := netip.MustParseAddrPort("198.51.100.7:8080")
	v, a := n.tryFlow("alice", to, unix.IPPROTO_TCP)
	if v == nil || !v.Passed || len(v.Copied) != 4 {
		t.Fatalf("%v: %+v", a.Fix, v)
	}
	n.apply(v.Fix)
	n.opens("alice", to, unix.IPPROTO_TCP)
}
