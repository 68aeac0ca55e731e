package farend

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// nested appends attributes in one.
func nested(b []byte, kind uint16, inner []byte) []byte {
	return attr.Append(b, kind|unix.NLA_F_NESTED, inner)
}

func allowedIP(prefix string) []byte {
	p := netip.MustParsePrefix(prefix)
	b := attr.Append(nil, 1, binary.NativeEndian.AppendUint16(nil, unix.AF_INET))
	b = attr.Append(b, wgAllowedAddr, p.Addr().AsSlice())
	return attr.Append(b, wgAllowedMask, []byte{byte(p.Bits())})
}

func peerOf(key byte, endpoint bool, prefixes ...string) []byte {
	b := attr.Append(nil, wgPeerPublicKey, append(make([]byte, 31), key))
	if endpoint {
		address := binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
		address = binary.BigEndian.AppendUint16(address, 51820)
		b = attr.Append(b, wgPeerEndpoint, append(append(address, 192, 0, 2, 7), make([]byte, 8)...))
		b = attr.Append(b, wgPeerLastHandshake, binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, 1700000000), 5))
	}
	var list []byte
	for _, p := range prefixes {
		list = nested(list, 0, allowedIP(p))
	}
	return nested(b, wgPeerAllowedIPs, list)
}

// message is what the kernel answers, with so many peers in it.
func message(peers ...[]byte) []byte {
	var list []byte
	for _, p := range peers {
		list = nested(list, 0, p)
	}
	b := attr.Append(make([]byte, nl.SizeofGenlmsg), wgDeviceListenPort, binary.NativeEndian.AppendUint16(nil, 51821))
	b = attr.Append(b, wgDeviceFwmark, binary.NativeEndian.AppendUint32(nil, 0xca6c))
	return nested(attr.Append(b, wgDeviceIfname, []byte("wg0\x00")), wgDevicePeers, list)
}

// TestPeersAreReadAsTheKernelWritesThem: those without an endpoint, and one whose
// addresses fill a message and go on in the next.
func TestPeersAreReadAsTheKernelWritesThem(t *testing.T) {
	var read tunnel
	read.add(message(peerOf(1, true, "10.0.0.0/8"), peerOf(2, false, "10.1.0.0/16")))
	read.add(message(peerOf(2, false, "10.2.0.2/32"), peerOf(3, true)))
	peers := read.peers
	if read.port != 51821 || read.mark != 0xca6c {
		t.Errorf("port %d, mark %#x", read.port, read.mark)
	}
	const zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	endpoint, handshake := netip.MustParseAddrPort("192.0.2.7:51820"), time.Unix(1700000000, 5)
	want := []Peer{
		{Key: zeros + "E=", Endpoint: endpoint, Handshake: handshake, Allowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		{Key: zeros + "I=", Allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("10.2.0.2/32")}},
		{Key: zeros + "M=", Endpoint: endpoint, Handshake: handshake},
	}
	equal := cmp.Comparer(func(a, b Peer) bool {
		return a.Key == b.Key && a.Endpoint == b.Endpoint && a.Handshake.Equal(b.Handshake) && cmp.Equal(a.Allowed, b.Allowed, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }))
	})
	if diff := cmp.Diff(want, peers, equal); diff != "" {
		t.Error(diff)
	}
	for _, cut := range []int{0, 3, 5, 20, 60} {
		new(tunnel).add(message(peerOf(1, true, "10.0.0.0/8"))[:cut]) // whatever comes, it is read
	}
}

// TestTheLongestAllowedPrefixHasThePacket, as in wg_allowedips_lookup_dst().
func TestTheLongestAllowedPrefixHasThePacket(t *testing.T) {
	var read tunnel
	read.add(message(peerOf(1, true, "10.0.0.0/8"), peerOf(2, false, "10.1.0.0/16"), peerOf(3, true, "0.0.0.0/0")))
	peers := read.peers
	for addr, want := range map[string]int{"10.9.0.1": 0, "10.1.2.3": 1, "192.0.2.1": 2} {
		if got, ok := peerFor(peers, netip.MustParseAddr(addr)); !ok || got.Key != peers[want].Key {
			t.Errorf("%s: %v, %+v", addr, ok, got)
		}
	}
	if got, ok := peerFor(peers[:2], netip.MustParseAddr("192.0.2.1")); ok {
		t.Errorf("192.0.2.1 is for %+v", got)
	}
	if got := allowedBy(peers); len(got) != 3 || got[0].Bits() != 0 {
		t.Errorf("all allowed: %v", got)
	}
}
