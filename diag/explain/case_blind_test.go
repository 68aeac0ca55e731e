package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/internal/lab/labtest"
)

// TestWhoMayNotLookSaysSo: less than root reads no rules and watches no wires. What a rule may
// have dropped is no request that left, and where nothing could be sent nothing can come back.
func TestWhoMayNotLookSaysSo(t *testing.T) {
	labtest.Slow(t)
	const mayPing = "host: sysctl -qw net.ipv4.ping_group_range='0 0'\n"
	for _, c := range []struct {
		name, fault string
		says, tells string // in the detail, and in the report
		sure        bool
	}{
		{"silence", mayPing + "inet: ip route add blackhole 192.168.6.160", "root can see whether it leaves at all", "3 packets transmitted, 0 received, 100% packet loss", true},
		{"nothing may be sent", "", "", "nothing could be sent", false},
		{"a refusal", mayPing + "inet: ip addr del 203.0.113.10/32 dev lo\ninet: ip route add unreachable 203.0.113.10\ninet: sysctl -qw net.ipv4.ip_forward=1", "or by a rule here", "what came back by eth0 is a refusal", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := routed.build(t)
			b.run(c.fault)
			b.hide("inet")
			world := machine.New()
			defer world.Close()
			from, err := world.Open(b.real("host"))
			if err != nil {
				t.Fatal(err)
			}
			if err := from.NS.Do(dropAll); err != nil {
				t.Fatal(err)
			}
			a, err := explain.Explain(t.Context(), world, explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10"), Probe: true, Timeout: 1500 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprint(report.Of(a, "en"))
			if !strings.Contains(a.Cause.Detail.In("en"), c.says) || !strings.Contains(said, c.tells) || (a.Verdict == explain.Broken) != c.sure {
				t.Errorf("%s, %s\n%s", a.Verdict, a.Cause.Detail, said)
			}
			if strings.Contains(a.Cause.Detail.In("en"), "the request left") || strings.Contains(fmt.Sprint(a.Cause.Evidence), "on no wire") {
				t.Errorf("it is told as seen: %s", said)
			}
			if !slices.ContainsFunc(a.Unseen, func(line explain.Text) bool { return strings.HasPrefix(line.String(), "what passes the wires of ") }) {
				t.Errorf("that no wire was watched is not told: %v", a.Unseen)
			}
		})
	}
}

// dropAll takes all its rights from the thread.
func dropAll() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}
