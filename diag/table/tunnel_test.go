package table

import (
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// TestTunnelsAreReadAsTheKernelWritesThem: an address that is not set is all zeroes,
// and each kind has numbers of its own for its attributes.
func TestTunnelsAreReadAsTheKernelWritesThem(t *testing.T) {
	local, remote := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.2")
	gre := attr.Append(nil, nl.IFLA_GRE_LOCAL, local.AsSlice())
	gre = attr.Append(gre, nl.IFLA_GRE_REMOTE, remote.AsSlice())
	gre = attr.Append(gre, nl.IFLA_GRE_TTL, []byte{64})
	gre = attr.Append(gre, nl.IFLA_GRE_PMTUDISC, []byte{1})
	gre = attr.Append(gre, nl.IFLA_GRE_IKEY, []byte{0, 0, 0, 7})
	gre = attr.Append(gre, nl.IFLA_GRE_OKEY, []byte{0, 0, 0, 9})
	ipip := attr.Append(nil, nl.IFLA_IPTUN_LOCAL, local.AsSlice())
	ipip = attr.Append(ipip, nl.IFLA_IPTUN_REMOTE, make([]byte, 4))
	external := attr.Append(nil, nl.IFLA_IPTUN_COLLECT_METADATA, nil)
	for _, c := range []struct {
		kind string
		data []byte
		want Tunnel
	}{
		{"gre", gre, Tunnel{Local: local, Remote: remote, TTL: 64, PMTUDisc: true, InKey: 7 << 24, Key: 9 << 24}},
		{"gretap", gre, Tunnel{Local: local, Remote: remote, TTL: 64, PMTUDisc: true, InKey: 7 << 24, Key: 9 << 24}},
		{"ipip", ipip, Tunnel{Local: local}},
		{"sit", external, Tunnel{External: true}},
		{"ipip", nil, Tunnel{}},
	} {
		var l Link
		l.info(attr.Append(attr.Append(nil, unix.IFLA_INFO_KIND, []byte(c.kind+"\x00")), unix.IFLA_INFO_DATA, c.data))
		if l.Tunnel == nil || *l.Tunnel != c.want {
			t.Errorf("%s: %+v, want %+v", c.kind, l.Tunnel, c.want)
		}
	}
	var veth Link
	if veth.info(attr.Append(nil, unix.IFLA_INFO_KIND, []byte("veth\x00"))); veth.Tunnel != nil {
		t.Errorf("a veth is the end of %+v", veth.Tunnel)
	}
}
