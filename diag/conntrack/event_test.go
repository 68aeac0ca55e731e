package conntrack_test

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/internal/lab/labtest"
)

// TestEventsAreToldAsTheToolTellsThem: entries that come, and those that go.
func TestEventsAreToldAsTheToolTellsThem(t *testing.T) {
	ns := labtest.Netns(t, "tells")
	ear, err := conntrack.Listen(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	if err := labtest.FillConntrack(ns, 1); err != nil {
		t.Fatal(err)
	}
	lines, err := ear.Lines()
	const flow = "src=198.18.0.0 dst=192.0.2.1 sport=1 dport=9 src=192.0.2.1 dst=198.18.0.0 sport=9 dport=1"
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "    [NEW] udp      17 ") || !strings.Contains(lines[0], flow) {
		t.Errorf("told is %q, %v", lines, err)
	}
	if err := labtest.FlushConntrack(ns); err != nil {
		t.Fatal(err)
	}
	lines, err = ear.Lines()
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "[DESTROY] udp      17 ") || !strings.Contains(lines[0], flow) {
		t.Errorf("told is %q, %v", lines, err)
	}
}

// TestAnEventIsWrittenAsConntrackWritesIt, with what it tells of a connection of TCP.
func TestAnEventIsWrittenAsConntrackWritesIt(t *testing.T) {
	client, vip, pod := netip.MustParseAddrPort("10.244.1.10:40000"), netip.MustParseAddrPort("10.96.0.100:80"), netip.MustParseAddrPort("10.244.1.11:8080")
	e := conntrack.Event{Kind: "NEW", Timeout: 120, Entry: conntrack.Entry{
		Original: conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: client, Dst: vip},
		Reply:    conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: pod, Dst: client}, State: "SYN_SENT",
	}}
	const want = "    [NEW] tcp      6 120 SYN_SENT src=10.244.1.10 dst=10.96.0.100 sport=40000 dport=80 [UNREPLIED] src=10.244.1.11 dst=10.244.1.10 sport=8080 dport=40000"
	if got := e.Line(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
