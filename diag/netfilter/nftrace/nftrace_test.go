package nftrace_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"nstutor/diag/netfilter/nftrace"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nft"
	"nstutor/internal/nsenter"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// rules writes lines of nft in a namespace.
func rules(t *testing.T, ns *nsenter.Namespace, lines ...string) {
	t.Helper()
	for _, line := range lines {
		sentences, err := nft.Parse(strings.Fields(line))
		if err == nil {
			err = ns.Do(func() error { return nft.Do(sentences) })
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

// TestEveryRuleThatAPacketMeetsIsTold: those that hold for it, with their verdicts, the
// ends of chains, and the policy; nothing of a packet that is not marked.
func TestEveryRuleThatAPacketMeetsIsTold(t *testing.T) {
	ns := labtest.Netns(t, "traced")
	rules(t, ns,
		"add table ip t", "add chain ip t out { type filter hook output priority 0; }", "add chain ip t more", "add chain ip t last",
		"add rule ip t out ip daddr 127.0.0.7 meta nftrace set 1", "add rule ip t out udp dport 9 counter jump more",
		"add rule ip t out tcp dport 9 drop",
	)
	lo := func() error {
		return netlink.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "lo", Index: 1}})
	}
	if err := ns.Do(lo); err != nil {
		t.Fatal(err)
	}
	ear, err := nftrace.Listen(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	for _, to := range []string{"127.0.0.7:9", "127.0.0.8:9"} {
		err := ns.Do(func() error {
			conn, err := net.Dial("udp4", to)
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = conn.Write([]byte("x"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	lines, err := ear.Lines()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`ip t out packet: oif "lo" ip saddr 127.0.0.1 ip daddr 127.0.0.7 ip ttl 64 udp sport`,
		"ip t out rule ip daddr 127.0.0.7 meta nftrace set 1 (verdict continue)",
		"ip t out rule udp dport 9 jump more (verdict jump more)",
		"ip t more verdict continue",
		"ip t out policy accept",
	} {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "trace id ") && strings.Contains(line, want) }) {
			t.Errorf("no %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	for _, line := range lines {
		if strings.Contains(line, "127.0.0.8") || strings.Contains(line, "tcp dport 9") {
			t.Errorf("told is %s", line)
		}
	}
	if again, err := ear.Lines(); len(again) > 0 || err != nil {
		t.Errorf("told twice: %q, %v", again, err)
	}
}
