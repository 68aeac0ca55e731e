package service_test

import (
	"errors"
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/ruled"
	"nstutor/steps/service"
	"nstutor/steps/stepstest"
)

type claimCase struct {
	claim steps.Claim
	holds bool
	seen  string // part of what is seen
}

func claimCases() []claimCase {
	url := "http://" + vip
	sent := func(to string, wants ...string) service.Judged {
		return service.Judged{Netns: host, Sent: service.Sent{From: ipA, To: to, Wants: wants}}
	}
	return []claimCase{
		{service.Counts{Netns: host, Hook: "forward", Min: 2}, true, "+"},
		{service.Counts{Netns: host, Hook: "forward", Min: 1000}, false, "+"},
		{service.Counts{Netns: host, Hook: "forward"}, false, "+"},
		{service.Counts{Netns: host, Hook: "input"}, true, "+0"},
		{service.Counts{Netns: host, Hook: "prerouting", Rules: ruled.Which{Verdict: netfilter.VerdictDNAT}}, true, "+0"},
		{service.Counts{Netns: host, Hook: "forward", Rules: ruled.Which{Verdict: netfilter.VerdictDrop}, Min: 1}, false, "+0"},

		{sent(web, ipB+":80"), true, ""},
		{sent(web, ipA+":80"), false, ipB + ":80"},
		{sent(vip, ipB), true, ""},

		{service.Spread{From: podA, URL: url, Servers: []string{ipB}}, true, ipB},
		{service.Spread{From: podA, URL: url, Servers: []string{ipB}, Lost: true}, false, ipB},
		{service.Spread{From: podA, URL: url, Servers: []string{ipA, ipB}}, false, ipB},
		{service.Spread{From: podA, URL: "http://10.96.0.99", Servers: nil, Lost: true}, true, "–"},
		{service.Stays{From: podA, URL: url, Servers: []string{ipA, ipB}}, true, ipB},
		{service.Stays{From: podA, URL: url, Servers: []string{ipA}}, false, ipB},
		{service.Stays{From: podA, URL: "http://10.96.0.99", Servers: []string{ipB}}, false, "–"},
	}
}

// TestClaimsSayYesAndNo asks each claim while pod-a pings pod-b.
func TestClaimsSayYesAndNo(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	stepstest.Reset(t, l, pods(prepare("add rule ip svc forward counter", "add rule ip svc pre ip daddr "+vip+" counter dnat to "+ipB)...)...)
	for _, test := range claimCases() {
		report, err := steps.Promise{
			Pings:  []steps.Ping{{From: podA, To: ipB, Want: probe.Replied, TTL: 63}},
			Claims: []steps.Claim{test.claim},
		}.Keep(t.Context(), l)
		promised := test.claim.Promised(l)
		if err != nil {
			t.Errorf("%s: %v", promised, err)
			continue
		}
		ping, claim := report.Lines[0], report.Lines[1]
		if !ping.OK || claim.OK != test.holds || claim.Err != nil || !strings.Contains(claim.Seen.String(), test.seen) {
			t.Errorf("%s: holds is %v, want %v; seen %q, error %v; ping %s", promised, claim.OK, test.holds, claim.Seen, claim.Err, ping.Seen)
		}
	}
}

// TestClaimThatCannotBeLookedAtIsNotNo asks of a namespace that is gone.
func TestClaimThatCannotBeLookedAtIsNotNo(t *testing.T) {
	l := labtest.New(t)
	for _, c := range []steps.Claim{
		service.Counts{Netns: "gone", Hook: "forward"},
		service.Judged{Netns: "gone", Sent: service.Sent{To: web}},
		service.Spread{From: "gone", URL: "http://" + vip},
		service.Stays{From: "gone", URL: "http://" + vip},
	} {
		if _, ok, err := c.Look(t.Context(), l, &steps.Evidence{}); ok || !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("%s: holds %v, error %v", c.Promised(l), ok, err)
		}
	}
	for _, c := range []steps.Claim{service.Counts{Netns: host}, service.Spread{From: host}, service.Stays{From: host}} {
		if _, _, err := c.Look(t.Context(), l, nil); !errors.Is(err, steps.ErrNeedsEvidence) {
			t.Errorf("%s without evidence: %v", c.Promised(l), err)
		}
	}
}
