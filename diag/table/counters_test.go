package table_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"nstutor/diag/table"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// COURSE: a packet for somebody else counts as IpInAddrErrors where
// forwarding is off, and as IpForwDatagrams where it is on.
func TestCountersTellForwardedFromRefused(t *testing.T) {
	w := labtest.NewTrio(t)
	echo := probe.Echo{To: "10.2.0.2", Timeout: 100 * time.Millisecond}
	delta := func() table.Counters {
		before, err := table.ReadCounters(w.R)
		w.Must(err)
		probe.Ping(t.Context(), w.C, echo)
		after, err := table.ReadCounters(w.R)
		w.Must(err)
		return after.Since(before)
	}
	w.Sysctl(w.R, "net/ipv4/ip_forward", "0")
	if got := delta(); got["IpInAddrErrors"] != 1 || got["IpForwDatagrams"] != 0 {
		t.Errorf("forwarding off: %v", got)
	}
	w.Sysctl(w.R, "net/ipv4/ip_forward", "1")
	if got := delta(); got["IpInAddrErrors"] != 0 || got["IpForwDatagrams"] != 2 {
		t.Errorf("forwarding on: %v", got)
	}
}

// TestCountersTellForwardedFromRefusedOfIPv6: those are other ones.
func TestCountersTellForwardedFromRefusedOfIPv6(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	for forwarding, want := range map[string]string{"0": "Ip6InAddrErrors", "1": "Ip6OutForwDatagrams"} {
		w.Sysctl(w.R, "net/ipv6/conf/all/forwarding", forwarding)
		before, err := table.ReadCounters(w.R)
		w.Must(err)
		probe.Ping(t.Context(), w.C, probe.Echo{To: "fd00:2::2", Dst: netip.MustParseAddr("fd00:2::2"), Timeout: 300 * time.Millisecond})
		after, err := table.ReadCounters(w.R)
		w.Must(err)
		if got := after.Since(before); got[want] == 0 {
			t.Errorf("forwarding %s: %v", forwarding, got)
		}
	}
}

func TestCountersShowReversePathDrops(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NoDefaultRoute(w.S)
	w.Sysctl(w.S, "net/ipv4/conf/all/rp_filter", "1")
	before, err := table.ReadCounters(w.S)
	w.Must(err)
	probe.Ping(t.Context(), w.C, probe.Echo{To: "10.2.0.2", Timeout: 100 * time.Millisecond})
	after, err := table.ReadCounters(w.S)
	w.Must(err)
	if got := after.Since(before); got["TcpExtIPReversePathFilter"] != 1 {
		t.Errorf("got %v", got)
	}
}

func TestCountersAreOfTheNamespaceAskedFor(t *testing.T) {
	w := labtest.NewTrio(t)
	probe.Ping(t.Context(), w.C, probe.Echo{To: "10.1.0.1"})
	there, err := table.ReadCounters(w.C)
	w.Must(err)
	here, err := table.ReadCounters(nil)
	w.Must(err)
	if there["IcmpMsgOutType8"] != 1 || here["IcmpMsgOutType8"] != 0 {
		t.Errorf("echo requests: %d in c, %d here", there["IcmpMsgOutType8"], here["IcmpMsgOutType8"])
	}
}

func TestCountersParse(t *testing.T) {
	cases := []struct {
		name, text, err string
		want            table.Counters
	}{
		{"pairs of lines", "Ip: A B\nIp: 1 2\nTcpExt: C\nTcpExt: 3\n", "", table.Counters{"IpA": 1, "IpB": 2, "TcpExtC": 3}},
		{"a negative setting", "Tcp: MaxConn\nTcp: -1\n", "", table.Counters{"TcpMaxConn": -1}},
		{"a counter beyond 63 bits", "Ip: A\nIp: 18446744073709551615\n", "", table.Counters{"IpA": -1}},
		{"a protocol without counters", "IcmpMsg:\nIcmpMsg:\n", "", table.Counters{}},
		{"lines out of step", "Ip: A\nTcp: 1\n", "do not belong together", nil},
		{"a value missing", "Ip: A B\nIp: 1\n", "do not belong together", nil},
		{"not a number", "Ip: A\nIp: x\n", "IpA", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := table.Counters{}
			err := got.Add(c.text)
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			for name, value := range c.want {
				if got[name] != value {
					t.Errorf("%s: got %d, want %d", name, got[name], value)
				}
			}
		})
	}
}
