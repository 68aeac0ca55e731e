package instrument_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/instrument"
	"nstutor/steps/ruled"
	"nstutor/steps/stepstest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const (
	host   = lab.Host
	router = "192.168.6.1"
	vip    = "10.96.0.100"
)

// reset is a node with a chain at two hooks, and what else is wanted.
func reset(t *testing.T, l *lab.Lab, lines ...string) {
	t.Helper()
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, line := range append([]string{
		"add table ip svc", "add chain ip svc pre { type filter hook prerouting priority raw; }",
		"add chain ip svc out { type filter hook output priority 0; }",
	}, lines...) {
		if err := change.NFTLine(host, line).Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

// TestARuleIsKnownByWhatItDoes: by whatever hand, in whatever chain of the hook.
func TestARuleIsKnownByWhatItDoes(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	count := instrument.CountTo{Netns: host, Hook: "prerouting", To: vip, Line: "add rule ip svc pre ip daddr " + vip + " counter"}
	trace := instrument.TraceTo{Netns: host, To: vip, Line: "add rule ip svc pre ip daddr " + vip + " meta nftrace set 1"}
	for _, test := range []struct {
		action steps.Action
		right  []string
		wrong  []string
	}{
		{count, []string{
			"nft add rule ip svc pre ip daddr 10.96.0.0/16 counter", "iptables -t raw -A PREROUTING -d " + vip, "nft insert rule ip svc pre counter",
		}, []string{
			"nft add rule ip svc pre ip daddr 10.96.0.1 counter", "nft add rule ip svc out ip daddr " + vip + " counter", "nft add rule ip svc pre ip daddr " + vip + " counter drop",
			"nft add rule ip svc pre ip daddr " + vip + " ip saddr 10.9.9.9 counter",
		}},
		{trace, []string{
			"nft add rule ip svc pre ip daddr 10.96.0.0/16 counter meta nftrace set 1", "iptables -t raw -A PREROUTING -p tcp -d " + vip + " -j TRACE", "nft add rule ip svc pre meta nftrace set 1",
		}, []string{
			"nft add rule ip svc pre ip daddr 10.96.0.1 meta nftrace set 1", "nft add rule ip svc out ip daddr " + vip + " meta nftrace set 1", "iptables -t raw -A PREROUTING -d " + vip,
		}},
	} {
		reset(t, l)
		var was change.Before
		if err := was.Read(t.Context(), l, host, l.Namespaces()); err != nil {
			t.Fatal(err)
		}
		stepstest.WantDone(t, l, test.action, false)
		if err := test.action.Change(l).Apply(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		stepstest.WantDone(t, l, test.action, true)
		if err := test.action.Change(l).Undo(t.Context(), l, was); err != nil {
			t.Fatal(err)
		}
		stepstest.WantDone(t, l, test.action, false)
		for i, line := range append(test.right, test.wrong...) {
			if _, err := exec.LookPath(strings.Fields(line)[0]); err != nil {
				t.Logf("%s: %v", line, err)
				continue
			}
			reset(t, l)
			if err := labtest.Type(t.Context(), l, host, line); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			t.Log(line)
			stepstest.WantDone(t, l, test.action, i < len(test.right))
		}
	}
}

// TestClaimsSayYesAndNo asks each claim while the node pings its router.
func TestClaimsSayYesAndNo(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	reset(t, l, "add rule ip svc out ip daddr "+router+" meta nftrace set 1", "add rule ip svc out ct state new counter")
	for _, test := range []struct {
		claim steps.Claim
		holds bool
		seen  string
	}{
		{instrument.Traced{Netns: host, Chain: "ip svc out", Rule: ruled.Which{To: router}, Verdict: "continue"}, true, "rule ip daddr " + router + " meta nftrace set 1 (verdict continue)"},
		{instrument.Traced{Netns: host, Chain: "ip svc pre"}, false, "trace id"},
		{instrument.Traced{Netns: host, Verdict: "drop"}, false, "trace id"},
		{instrument.Traced{Netns: host, Verdict: "drop", None: true}, true, "nothing of the kind"},
		{instrument.Traced{Netns: host, None: true}, false, "trace id"},
		{instrument.Traced{Netns: lab.Inet}, false, "nothing of the kind"},

		{instrument.Announced{Netns: host, Kind: "NEW", Proto: "icmp", Answers: router}, true, "[UNREPLIED] src=" + router},
		{instrument.Announced{Netns: host, Kind: "NEW", Src: router}, false, "icmp"},
		{instrument.Announced{Netns: host, Kind: "NEW", Assured: true}, false, "icmp"},
		{instrument.Announced{Netns: host, Kind: "UPDATE", Proto: "icmp"}, true, "[UPDATE]"},
		{instrument.Announced{Netns: host, Kind: "NEW", Proto: "tcp"}, false, "icmp"},
		{instrument.Announced{Netns: host, Kind: "NEW", Proto: "tcp", None: true}, true, "nothing of the kind"},

		{instrument.RouteFor{Netns: host, To: router, Dev: "eth0"}, true, "dev eth0"},
		{instrument.RouteFor{Netns: host, To: router, Dev: "lo"}, false, "dev eth0"},
		{instrument.RouteFor{Netns: host, To: "192.168.6.160", From: router, IIF: "eth0", Dev: "lo"}, true, "dev lo"},
		{instrument.RouteFor{Netns: host, To: "192.168.6.160", From: "127.0.0.1", IIF: "eth0", Why: unix.EINVAL}, true, "RTNETLINK"},
		{instrument.RouteFor{Netns: host, To: router, Why: unix.EINVAL}, false, "dev eth0"},
	} {
		report, err := steps.Promise{
			Pings:  []steps.Ping{{From: host, To: router, Want: probe.Replied}},
			Claims: []steps.Claim{test.claim},
		}.Keep(t.Context(), l)
		promised := test.claim.Promised(l)
		if err != nil {
			t.Errorf("%s: %v", promised, err)
			continue
		}
		claim := report.Lines[1]
		if claim.OK != test.holds || claim.Err != nil || !strings.Contains(claim.Seen.String(), test.seen) {
			t.Errorf("%s: holds is %v, want %v; seen %q, error %v", promised, claim.OK, test.holds, claim.Seen, claim.Err)
		}
	}
}

// TestNothingIsSoWhereNothingIs asks of a namespace that is gone, and of what nobody has
// heard.
func TestNothingIsSoWhereNothingIs(t *testing.T) {
	l := labtest.New(t)
	for _, a := range []steps.Action{instrument.CountTo{Netns: "gone", Hook: "forward", To: vip}, instrument.TraceTo{Netns: "gone", To: vip}} {
		stepstest.WantDone(t, l, a, false)
	}
	for _, c := range []steps.Claim{instrument.Traced{Netns: "gone"}, instrument.Announced{Netns: "gone"}} {
		if _, err := (steps.Promise{Claims: []steps.Claim{c}}).Keep(t.Context(), l); !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("%s: %v", c.Promised(l), err)
		}
		if _, _, err := c.Look(t.Context(), l, nil); !errors.Is(err, steps.ErrNeedsEvidence) {
			t.Errorf("%s without evidence: %v", c.Promised(l), err)
		}
	}
	if _, ok, err := (instrument.RouteFor{Netns: "gone", To: router}).Look(t.Context(), l, nil); ok || !errors.Is(err, lab.ErrNoNamespace) {
		t.Errorf("a route: %v, %v", ok, err)
	}
}
