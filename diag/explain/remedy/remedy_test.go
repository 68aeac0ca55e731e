package remedy_test

import (
	"net/netip"
	"testing"

	"nstutor/diag/explain/remedy"
)

// TestADefaultRouteNeedsANextHop: without one nobody knows of which IP it is.
func TestADefaultRouteNeedsANextHop(t *testing.T) {
	way := remedy.Way{Netns: "ns1", Dev: "eth0"}
	if fix := way.Commands(); fix != nil {
		t.Errorf("it is %v", fix)
	}
	way.Via = netip.MustParseAddr("fe80::1")
	if fix := way.Commands(); len(fix) != 1 || fix[0].Command().String() != "ip route add default via fe80::1 dev eth0" {
		t.Errorf("it is %v", fix)
	}
}
