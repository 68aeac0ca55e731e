package ipset_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/ipset"
	"nstutor/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestTheKernelSaysWhoIsInASet: each type that this kernel has, by the dimensions
// and sides of `-m set`.
func TestTheKernelSaysWhoIsInASet(t *testing.T) {
	ns := labtest.Netns(t, "sets")
	port, proto := uint16(80), uint8(unix.IPPROTO_TCP)
	echo, icmp := uint16(8<<8), uint8(unix.IPPROTO_ICMP)
	sets := []struct {
		kind    string
		options netlink.IpsetCreateOptions
		entries []netlink.IPSetEntry
	}{
		{"hash:ip", netlink.IpsetCreateOptions{}, []netlink.IPSetEntry{{IP: net.IPv4(10, 0, 0, 1).To4()}}},
		{"hash:net", netlink.IpsetCreateOptions{}, []netlink.IPSetEntry{{IP: net.IPv4(10, 0, 0, 0).To4(), CIDR: 24}}},
		{"hash:ip,port", netlink.IpsetCreateOptions{}, []netlink.IPSetEntry{
			{IP: net.IPv4(10, 0, 0, 1).To4(), Port: &port, Protocol: &proto}, {IP: net.IPv4(10, 0, 0, 1).To4(), Port: &echo, Protocol: &icmp},
		}},
		{"hash:net,iface", netlink.IpsetCreateOptions{}, []netlink.IPSetEntry{{IP: net.IPv4(10, 0, 0, 0).To4(), CIDR: 24, IFace: "eth0"}}},
	}
	err := ns.Do(func() error {
		for _, s := range sets {
			if err := netlink.IpsetCreate(s.kind, s.kind, s.options); err != nil {
				return err
			}
			for i := range s.entries {
				if err := netlink.IpsetAdd(s.kind, &s.entries[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	one, other, far := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.1.0.1")
	src, dst := []bool{true, true}, []bool{false, false}
	for _, c := range []struct {
		name string
		q    ipset.Question
		want bool
	}{
		{"source", ipset.Question{Index: 0, FromSrc: src, Src: one, Dst: far}, true},
		{"destination", ipset.Question{Index: 0, FromSrc: dst, Src: one, Dst: far}, false},
		{"not in it", ipset.Question{Index: 0, FromSrc: src, Src: other, Dst: one}, false},
		{"network", ipset.Question{Index: 1, FromSrc: dst, Src: far, Dst: other}, true},
		{"another network", ipset.Question{Index: 1, FromSrc: dst, Src: other, Dst: far}, false},
		{"port", ipset.Question{Index: 2, FromSrc: dst, Src: far, Dst: one, Proto: unix.IPPROTO_TCP, DstPort: 80}, true},
		{"another port", ipset.Question{Index: 2, FromSrc: dst, Src: far, Dst: one, Proto: unix.IPPROTO_TCP, DstPort: 81}, false},
		{"another protocol", ipset.Question{Index: 2, FromSrc: dst, Src: far, Dst: one, Proto: unix.IPPROTO_UDP, DstPort: 80}, false},
		{"echo", ipset.Question{Index: 2, FromSrc: dst, Src: far, Dst: one, Proto: unix.IPPROTO_ICMP, ICMPType: 8}, true},
		{"echo reply", ipset.Question{Index: 2, FromSrc: dst, Src: far, Dst: one, Proto: unix.IPPROTO_ICMP}, false},
		{"device", ipset.Question{Index: 3, FromSrc: src, Src: one, Dst: far, IIF: "eth0"}, true},
		{"another device", ipset.Question{Index: 3, FromSrc: src, Src: one, Dst: far, IIF: "eth1", OIF: "eth0"}, false},
	} {
		got, err := ipset.Holds(ns, c.q)
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := ipset.Holds(ns, ipset.Question{Index: 77, FromSrc: src, Src: one, Dst: far}); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no set with that index: %v", err)
	}
}
