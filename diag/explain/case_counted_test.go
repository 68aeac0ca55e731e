package explain_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/internal/lab/labtest"
)

// hasCounted reports whether a counter of connection tracking is among the evidence.
func hasCounted(a explain.Answer, name string) bool {
	return slices.ContainsFunc(a.Cause.Evidence, func(line explain.Text) bool {
		return strings.Contains(line.In("en"), ": conntrack -S: "+name)
	})
}

// TestConnectionTrackingCountsWhatIsInvalid: the reply comes to a router that has not
// seen its request, and what drops it there stands beside the counter; also where the
// rule cannot be judged.
func TestConnectionTrackingCountsWhatIsInvalid(t *testing.T) {
	labtest.Slow(t)
	for name, match := range map[string]string{"a rule": "", "one that cannot be judged": ` -m bpf --bytecode "1,6 0 0 65535"`} {
		t.Run(name, func(t *testing.T) {
			b := shortcut.build(t)
			rule := "r2: iptables -A FORWARD -m conntrack --ctstate INVALID" + match + " -j DROP"
			needTools(t, rule)
			b.run(rule)
			b.forget()
			flow := breakage{from: "a", to: "10.2.0.2"}
			a := b.explain(flow, true)
			if a.Verdict != explain.Broken || !hasCounted(a, "invalid +") {
				t.Errorf("%s\n%s", a.Verdict, b.account(a))
			}
			if a := b.explain(flow, false); hasCounted(a, "") {
				t.Errorf("nothing was sent that could be counted\n%s", b.account(a))
			}
		})
	}
}

// TestConnectionTrackingCountsAnUntrackedAnswer: the answer to a request that a rule
// has kept from connection tracking.
func TestConnectionTrackingCountsAnUntrackedAnswer(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	rules := `
host: iptables -t raw -A PREROUTING -i veth-pod-a -j CT --notrack
host: iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP`
	needTools(t, rules)
	b.run(rules)
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, true)
	if a.Cause.Code != cause.Filtered || a.Cause.Leg != flows.LegReply || !hasCounted(a, "invalid +1") {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}

// TestWhatConnectionTrackingCountsOfOthersIsNoEvidence: a rule drops the packet, while
// others send what is invalid.
func TestWhatConnectionTrackingCountsOfOthersIsNoEvidence(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	rules := `
host: iptables -A FORWARD -m conntrack --ctstate NEW -i nowhere -j ACCEPT
host: iptables -A FORWARD -d 10.244.1.11 -p icmp --icmp-type echo-request -j DROP`
	needTools(t, rules)
	b.run(rules)
	before, err := conntrack.ReadStats(b.space("host"))
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := b.space("pod-b").Do(func() error { return unaskedReplies(ctx, "10.244.1.10") }); err != nil {
		t.Fatal(err)
	}
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, true)
	if a.Cause.Code != cause.Filtered || hasCounted(a, "") {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
	if after, err := conntrack.ReadStats(b.space("host")); err != nil || after["invalid"] == before["invalid"] {
		t.Errorf("nothing was invalid: %v, %v", after, err)
	}
}

// unaskedReplies sends answers to echoes that nobody has sent, until ctx ends.
func unaskedReplies(ctx context.Context, to string) error {
	conn, err := net.Dial("ip4:icmp", to)
	if err != nil {
		return err
	}
	go func() {
		defer conn.Close()
		for ctx.Err() == nil {
			_, _ = conn.Write([]byte{0, 0, 0xff, 0xfe, 0, 1, 0, 0}) // no program asked for number 1
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return nil
}

// TestCountersOfIPv6AreEvidence: it has counters of its own.
func TestCountersOfIPv6AreEvidence(t *testing.T) {
	labtest.Slow(t)
	b := bridged6.build(t)
	b.run("host: sysctl -qw net.ipv6.conf.all.forwarding=0")
	a := b.explain(breakage{from: "pod-a", to: "fd00:203::10"}, true)
	counted := slices.ContainsFunc(a.Cause.Evidence, func(line explain.Text) bool { return strings.Contains(line.In("en"), "Ip6InAddrErrors +") })
	if a.Cause.Code != cause.ForwardingOff || !counted {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}
