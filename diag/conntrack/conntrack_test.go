package conntrack_test

import (
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/internal/lab/labtest"
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
