package explain_test

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/drop"
	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// witnessed reports whether the kernel tells this test of its drops.
func witnessed(t *testing.T) bool {
	t.Helper()
	w, err := drop.Watch(t.Context(), drop.Filter{Flows: []drop.Flow{{Dst: netip.MustParseAddr("192.0.2.1"), Proto: unix.IPPROTO_ICMP}}})
	if missing, ok := errors.AsType[*drop.Missing](err); ok {
		t.Log(missing.Text())
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	return true
}

// TestTheKernelDecidesWhatRulesCannot: a rule that nobody can judge, for it asks a
// program, makes a doubt; the kernel's own word about the packet ends it.
func TestTheKernelDecidesWhatRulesCannot(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	const rule = `host: iptables -A FORWARD -i veth-pod-a -m bpf --bytecode "1,6 0 0 65535" -j DROP`
	needTools(t, rule)
	b.run(rule)
	ping := breakage{from: "pod-a", to: "203.0.113.10"}
	if a := b.explain(ping, false); a.Verdict != explain.Undecided {
		t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
	}
	a := b.explain(ping, true)
	if !witnessed(t) {
		if a.Verdict != explain.Broken || a.Cause.Code != cause.NotKnown || len(a.Drops) > 0 {
			t.Errorf("%s %s, drops %v\n%s", a.Verdict, a.Cause.Code, a.Drops, b.account(a))
		}
		return
	}
	if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || b.script(a.Cause.Netns) != "host" ||
		len(a.Drops) == 0 || a.Drops[0].Reason != "NETFILTER_DROP" {
		t.Errorf("%s %s, drops %v\n%s", a.Verdict, a.Cause.Code, a.Drops, b.account(a))
	}
}

// TestADropIsEvidence: what was predicted and what the kernel says stand side by
// side.
func TestADropIsEvidence(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.run("host: iptables -A FORWARD -i veth-pod-a -j DROP")
	a := b.explain(breakage{from: "pod-a", to: "203.0.113.10"}, true)
	if a.Cause.Code != cause.Filtered || a.Cause.Device != "veth-pod-a" {
		t.Errorf("%s %s\n%s", a.Verdict, a.Cause.Code, b.account(a))
	}
	if witnessed(t) && (len(a.Drops) != 1 || a.Drops[0].Reason != "NETFILTER_DROP" || b.script(a.Drops[0].Netns) != "host") {
		t.Errorf("drops %v\n%s", a.Drops, b.account(a))
	}
}
