package conntrack_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestAConnectionIsFoundByWhereItCameFrom: in the table of its namespace, by the
// addresses and ports of its first packet alone.
func TestAConnectionIsFoundByWhereItCameFrom(t *testing.T) {
	ns := labtest.Netns(t, "tracks")
	if err := labtest.FillConntrack(ns, 20); err != nil {
		t.Fatal(err)
	}
	flow := conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: netip.MustParseAddrPort("198.18.0.7:1"), Dst: netip.MustParseAddrPort("192.0.2.1:9")}
	answer := conntrack.Tuple{Proto: flow.Proto, Src: flow.Dst, Dst: flow.Src}
	e, ok, err := conntrack.Get(ns, flow)
	if err != nil || !ok || e.Original != flow || e.Reply != answer || !e.Answered {
		t.Errorf("%+v, %v, %v", e, ok, err)
	}
	if line := e.String(); line != "udp src=198.18.0.7 dst=192.0.2.1 sport=1 dport=9 src=192.0.2.1 dst=198.18.0.7 sport=9 dport=1" {
		t.Error(line)
	}
	all, err := conntrack.List(ns)
	if err != nil || len(all) != 20 || !slices.Contains(all, e) {
		t.Errorf("all are %v, %v", all, err)
	}
	like, err := conntrack.Like(ns, conntrack.Tuple{Proto: flow.Proto, Src: netip.AddrPortFrom(flow.Src.Addr(), 99), Dst: flow.Dst})
	if err != nil || len(like) != 1 || like[0] != e {
		t.Errorf("from that address are %v, %v", like, err)
	}
	for name, other := range map[string]conntrack.Tuple{
		"another port":     {Proto: flow.Proto, Src: netip.MustParseAddrPort("198.18.0.7:2"), Dst: flow.Dst},
		"another protocol": {Proto: unix.IPPROTO_TCP, Src: flow.Src, Dst: flow.Dst},
		"its answer":       answer,
		"of IPv6":          {Proto: flow.Proto, Src: netip.MustParseAddrPort("[2001:db8::1]:1"), Dst: netip.MustParseAddrPort("[2001:db8::2]:9")},
	} {
		if e, ok, err := conntrack.Get(ns, other); ok || err != nil {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if _, ok, err := conntrack.Get(labtest.Netns(t, "another"), flow); ok || err != nil {
		t.Errorf("another namespace has it: %v", err)
	}
}

// track has the kernel remember a connection for a minute.
func track(t *testing.T, ns *nsenter.Namespace, orig conntrack.Tuple) {
	t.Helper()
	err := ns.Do(func() error {
		req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|nl.IPCTNL_MSG_CT_NEW, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
		req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET6, Version: nl.NFNETLINK_V0})
		req.AddData(orig.Attr(nl.CTA_TUPLE_ORIG))
		req.AddData(conntrack.Tuple{Proto: orig.Proto, Src: orig.Dst, Dst: orig.Src}.Attr(nl.CTA_TUPLE_REPLY))
		req.AddData(nl.NewRtAttr(nl.CTA_TIMEOUT, binary.BigEndian.AppendUint32(nil, 60)))
		_, err := req.Execute(unix.NETLINK_NETFILTER, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestConnectionsOfIPv6AreListed, and found by their address alone.
func TestConnectionsOfIPv6AreListed(t *testing.T) {
	ns := labtest.Netns(t, "tracks6")
	client, server := netip.MustParseAddrPort("[fd00::1]:5353"), netip.MustParseAddrPort("[fd00::2]:53")
	for _, from := range []netip.AddrPort{client, netip.AddrPortFrom(client.Addr(), 5354), netip.MustParseAddrPort("[fd00::9]:5353")} {
		track(t, ns, conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: from, Dst: server})
	}
	all, err := conntrack.List(ns)
	if err != nil || len(all) != 3 {
		t.Errorf("all are %v, %v", all, err)
	}
	like, err := conntrack.Like(ns, conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: client, Dst: server})
	if err != nil || len(like) != 2 {
		t.Errorf("from %s are %v, %v", client.Addr(), like, err)
	}
}
