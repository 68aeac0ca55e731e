package fabric

import (
	"net/netip"
	"testing"

	"nstutor/diag/table"
)

// TestWhoOpensAPacketOfATunnel: the device that says most of the packet, as
// ip_tunnel_lookup() finds it, and none that says something else.
func TestWhoOpensAPacketOfATunnel(t *testing.T) {
	here, there, other := netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.9")
	device := func(name string, tunnel table.Tunnel) table.Link {
		return table.Link{Name: name, Kind: "gre", Tunnel: &tunnel}
	}
	both, any := device("both", table.Tunnel{Local: here, Remote: there}), device("any", table.Tunnel{})
	remote, local := device("remote", table.Tunnel{Remote: there}), device("local", table.Tunnel{Local: here})
	for _, c := range []struct {
		name    string
		devices []table.Link
		key     uint32
		want    string
	}{
		{"both ends", []table.Link{any, local, remote, both}, 0, "both"},
		{"the sender", []table.Link{any, local, remote}, 0, "remote"},
		{"its own end", []table.Link{any, local}, 0, "local"},
		{"none", []table.Link{any}, 0, "any"},
		{"another sender", []table.Link{device("other", table.Tunnel{Local: here, Remote: other})}, 0, ""},
		{"another own end", []table.Link{device("other", table.Tunnel{Local: other, Remote: there})}, 0, ""},
		{"a key", []table.Link{both}, 7, ""},
		{"the right key", []table.Link{both, device("keyed", table.Tunnel{Local: here, Remote: there, InKey: 7})}, 7, "keyed"},
		{"without its key", []table.Link{device("keyed", table.Tunnel{Local: here, Remote: there, InKey: 7})}, 0, ""},
		{"by a program", []table.Link{device("external", table.Tunnel{External: true})}, 0, ""},
		{"no tunnel", []table.Link{{Name: "eth0"}}, 0, ""},
	} {
		if got, ok := opener(c.devices, table.Tunnel{Key: c.key}, there, here); got.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, want %q", c.name, got.Name, c.want)
		}
	}
}

// TestTheLengthOfATunnelsPackets is what ip(8) takes from 1500 for the MTU of each.
func TestTheLengthOfATunnelsPackets(t *testing.T) {
	for kind, want := range map[string]int{"vxlan": 50, "ipip": 20, "sit": 20, "gre": 24, "gretap": 38} {
		if got := TunnelOverhead(table.Link{Kind: kind}); got != want {
			t.Errorf("%s: %d", kind, got)
		}
	}
	if got := TunnelOverhead(table.Link{Kind: "gre", Tunnel: &table.Tunnel{Key: 1}}); got != 28 {
		t.Errorf("gre with a key: %d", got)
	}
}
