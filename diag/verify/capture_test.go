package verify

import (
	"net/netip"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/internal/netfile"
)

// captured is the file of a flow.
func (n *network) captured(from, to string) string {
	n.t.Helper()
	world := machine.New()
	defer world.Close()
	space, err := world.Open(from)
	if err != nil {
		n.t.Fatal(err)
	}
	req := explain.Request{From: space, Dest: netip.MustParseAddr(to)}
	a, err := explain.Explain(n.t.Context(), world, req)
	if err != nil {
		n.t.Fatal(err)
	}
	f, err := Capture(n.t.Context(), world, req, a)
	if err != nil {
		n.t.Fatal(err)
	}
	var text strings.Builder
	if err := f.Write(&text); err != nil {
		n.t.Fatal(err)
	}
	if _, err := netfile.Read(text.String()); err != nil {
		n.t.Fatal(err)
	}
	return text.String()
}

// Of the settings those are told that decide what becomes of packets, and those that
// somebody has set.
func TestACaptureTellsTheSettingsThatMatter(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("host: sysctl -qw net.ipv4.tcp_ecn=0 net.ipv4.ip_forward=0")
	text := n.captured("pod", "203.0.113.10")
	for _, want := range []string{"setting net/ipv4/tcp_ecn 0\n", "setting net/ipv4/ip_forward 0\n", "setting net/ipv4/conf/all/rp_filter "} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q", want)
		}
	}
	for _, other := range []string{"tcp_rmem", "tcp_keepalive_time", "igmp_max_memberships"} {
		if strings.Contains(text, other) {
			t.Errorf("%s is told", other)
		}
	}
	if told := strings.Count(text, "setting "); told > 90 {
		t.Errorf("%d settings are told", told)
	}
}

func TestACaptureHasIPv6(t *testing.T) {
	n := build(t, routed6, "pod", "host", "inet")
	n.run("host: sysctl -qw net.ipv6.conf.all.forwarding=0")
	text := n.captured("pod", far6)
	for _, want := range []string{"ask pod icmp " + far6 + " 0\n", "address=" + far6, "setting net/ipv6/conf/all/forwarding 0\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q", want)
		}
	}
}
