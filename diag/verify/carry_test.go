package verify

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	causes "nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
)

// swallowed is a wire that is too narrow for what the pod sends, or is sent, which nobody
// is told.
const swallowed = `
inet: sysctl -qw net.ipv4.ip_forward=1
inet: ip link add wan type veth peer name eth0 netns far
inet: ip addr add 198.51.100.1/24 dev wan
inet: ip link set wan up
far: ip addr add 198.51.100.2/24 dev eth0
far: ip link set eth0 up
far: ip route add default via 198.51.100.1
host: ip link set eth0 mtu 1400
inet: ip link set up0 mtu 1400
`

// A connection that opens and carries nothing is one that opens in the copy as well: it is
// tried with full-sized segments, and each of the fixes passes.
func TestFixesOfConnectionsThatCarryNothingAreVerified(t *testing.T) {
	labtest.Slow(t)
	t.Parallel()
	for name, fault := range map[string]string{
		"what is sent":     "host: iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP",
		"what is received": "inet: iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := beside(t, routed, "pod", "host", "inet", "far")
			n.run(swallowed + fault)
			n.listens("far", "198.51.100.2:8080")
			to := netip.MustParseAddrPort("198.51.100.2:8080")
			v, a := n.tryFlow("pod", to, unix.IPPROTO_TCP)
			// Both ends of the wire are too narrow: segments that travel together would pass the second.
			if a.Cause.Code != causes.MTUExceeded || v == nil || v.After != Delivered || !v.Passed || len(v.Fix) != 2 {
				t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
			}
			others := a.Swaps()
			if len(others) != 1 || !strings.Contains(others[0].New[0].String(), "--clamp-mss-to-pmtu") {
				t.Fatalf("the other fixes are %v", others)
			}
			w := n.tryAnother(to, func(a *explain.Answer) { a.Fix = others[0].New })
			if w == nil || !w.Passed || len(w.Instead) > 0 || w.Before != SameCause {
				t.Errorf("with the rule: %+v", w)
			}
			if name != "what is sent" {
				return
			}
			useless := []change.Command{change.In(n.real("pod"), "ip", "link", "set", "lo", "up")}
			if w := n.tryAnother(to, func(a *explain.Answer) { a.Fix = useless }); w == nil || w.Passed && len(w.Instead) == 0 {
				t.Errorf("with nothing: %+v", w)
			}
		})
	}
}

// tryAnother tries another fix of a connection than the one that was found.
func (n *network) tryAnother(to netip.AddrPort, twist func(*explain.Answer)) *Verified {
	n.t.Helper()
	world := machine.New()
	defer world.Close()
	space, err := world.Open(n.real("pod"))
	if err != nil {
		n.t.Fatal(err)
	}
	req := explain.Request{From: space, Dest: to.Addr(), Proto: unix.IPPROTO_TCP, Port: to.Port()}
	a, err := explain.Explain(n.t.Context(), world, req)
	if err != nil {
		n.t.Fatal(err)
	}
	twist(&a)
	v, err := Try(n.t.Context(), world, req, a)
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}
