package explain_test

import (
	"testing"

	"github.com/vishvananda/netlink"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// inVRF puts the uplink of a node into a VRF, with its default route.
const inVRF = `
host: ip link add red type vrf table 100
host: ip link set red up
host: ip link set eth0 master red
host: ip route add default via 192.168.6.1 dev eth0 table 100`

// unruledVRF is the same where the kernel's own rule for VRFs is lost.
const unruledVRF = inVRF + "\nhost: ip rule del l3mdev pref 1000"

// TestAWayThatIsInAVRF: the way out is in the table of a VRF that the packet is not of.
func TestAWayThatIsInAVRF(t *testing.T) {
	labtest.Slow(t)
	needVRFs(t)
	for _, c := range []farAway{
		{name: "a node asks", base: bridged, fault: inVRF,
			hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "table 100"},
		{name: "… and no rule has the VRFs asked", base: bridged, fault: unruledVRF,
			hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "is gone", fix: "ip rule add l3mdev"},
		{name: "a pod asks", base: bridged, fault: "host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE" + inVRF,
			hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "table 100"},
		{name: "… and no rule has the VRFs asked for it", base: bridged, fault: "host: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE" + unruledVRF,
			hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NoRoute, netns: "host", mends: true, says: "table 100"},
	} {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	}
}

// TestAConnectionFromAnAddressOfAVRF: its socket is bound to no device, and cannot be bound to the
// address that the kernel gives it.
func TestAConnectionFromAnAddressOfAVRF(t *testing.T) {
	needVRFs(t)
	needTools(t, inVRF)
	b := bridged.build(t)
	b.run(inVRF + "\nhost: ip route add default via 192.168.6.1 dev eth0\nhost: sysctl -qw net.ipv4.tcp_l3mdev_accept=1")
	b.hurry()
	b.serve([]string{"inet tcp 203.0.113.10:80"})
	b.hide("inet")
	a := b.explain(breakage{from: "host", to: "203.0.113.10", asks: "tcp 80"}, true)
	if a.Verdict != explain.Delivered {
		t.Error(b.account(a))
	}
}

// needVRFs skips a test where the kernel has no VRFs.
func needVRFs(t *testing.T) {
	t.Helper()
	err := labtest.Netns(t, "here").Do(func() error {
		return netlink.LinkAdd(&netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: "red"}, Table: 100})
	})
	if err != nil {
		t.Skip("this kernel has no VRFs: ", err)
	}
}
