package table_test

import (
	"net"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"

	"nstutor/internal/lab/labtest"
)

// TestTheNeighbourTableIsCounted: an entry in one namespace is one of the whole
// machine's.
func TestTheNeighbourTableIsCounted(t *testing.T) {
	ns := labtest.Netns(t, "counted")
	one, err := table.OpenOne(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	before, err := one.NeighbourUse()
	if err != nil || before.Max <= 0 || before.Overflows < 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	h, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	wire := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "a"}, PeerName: "b"}
	if err := h.LinkAdd(wire); err != nil {
		t.Fatal(err)
	}
	if err := h.LinkSetUp(wire); err != nil {
		t.Fatal(err)
	}
	const more = 40 // what others on the machine do meanwhile is less
	for i := range more {
		entry := &netlink.Neigh{
			LinkIndex: wire.Attrs().Index, IP: net.IPv4(10, 0, 0, byte(i+1)), State: netlink.NUD_PERMANENT,
			HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, byte(i)},
		}
		if err := h.NeighAdd(entry); err != nil {
			t.Fatal(err)
		}
	}
	after, err := one.NeighbourUse()
	if err != nil || after.Max != before.Max || after.Entries < before.Entries+more/2 {
		t.Errorf("%+v, %v; it was %+v before %d more", after, err, before, more)
	}
}
