package explain_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/hop"
	"nstutor/internal/lab/labtest"
)

// istioed are the rules of a pod with a sidecar of Istio whose user is 1337, as its
// istio-init writes them.
const istioed = `
pod-a: iptables -t nat -N ISTIO_OUTPUT
pod-a: iptables -t nat -N ISTIO_REDIRECT
pod-a: iptables -t nat -N ISTIO_IN_REDIRECT
pod-a: iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT
pod-a: iptables -t nat -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
pod-a: iptables -t nat -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
pod-a: iptables -t nat -A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT
pod-a: iptables -t nat -A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT
pod-a: iptables -t nat -A ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
pod-a: iptables -t nat -A ISTIO_OUTPUT -j ISTIO_REDIRECT`

// senderBreakages have rules that ask who sends. Who asks here is user 0.
var senderBreakages = among([]breakage{
	{name: "rules of another user", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: nft 'add table ip f; add chain ip f out { type filter hook output priority 0; }; add rule ip f out meta skuid 4711 drop'`},
	{name: "what a user must not", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: iptables -A OUTPUT -m owner --uid-owner 0 -j DROP`,
		want:  expected{cause.Filtered, "pod-a", request}},
	{name: "what only a user may", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `pod-a: nft 'add table ip f; add chain ip f out { type filter hook output priority 0; }; add rule ip f out meta skuid != 4711 drop'`,
		want:  expected{cause.Filtered, "pod-a", request}},
	{name: "a router asks who sends what it passes on", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -t mangle -A POSTROUTING -m owner ! --uid-owner 4711 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "a router that so asks in nf_tables drops nothing", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f post { type filter hook postrouting priority 0; }; add rule ip f post meta skuid != 4711 drop'`},
	{name: "to a sidecar that is not there", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"}, fault: istioed,
		want: expected{"not-listening", "pod-a", request}, noFix: true},
})

func TestRulesAreAskedAsTheUserWhoAsks(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, slices.DeleteFunc(slices.Clone(senderBreakages), func(c breakage) bool { return namesNobody(c.fault) }))
}

// namesNobody reports whether a fault has iptables name users that are not there: in the
// user namespace of an ordinary user there is one (owner_check()).
func namesNobody(fault string) bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	one := len(strings.Fields(string(users))) == 3 && strings.HasSuffix(strings.TrimSpace(string(users)), " 1")
	return err == nil && one && (strings.Contains(fault, "-owner 1337") || strings.Contains(fault, "-owner 4711"))
}

// TestAnAnswerForOneUserSaysSo: in the evidence of what stops the packet, or on its way.
func TestAnAnswerForOneUserSaysSo(t *testing.T) {
	const words = "what becomes of a packet of user 0, group 0"
	for _, c := range []struct {
		name    string
		at      breakage
		verdict explain.Verdict
		says    bool
	}{
		{"it stops", senderBreakages[1], explain.Broken, true},
		{"another's is stopped", senderBreakages[0], explain.Delivered, true},
		{"it is redirected", breakage{from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-a tcp 0.0.0.0:15001"}, fault: istioed}, explain.Delivered, true},
		{"it makes no difference", breakage{from: "pod-a", to: "10.244.1.11", fault: `pod-a: iptables -A OUTPUT -m owner --uid-owner 0 -j ACCEPT`}, explain.Delivered, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if namesNobody(c.at.fault) {
				t.Skip("no other user is mapped here")
			}
			b := routed.build(t)
			needTools(t, c.at.fault)
			b.serve(c.at.serve)
			b.run(c.at.fault)
			a := b.explain(c.at, false)
			var onWay, evidence strings.Builder
			for _, h := range a.Hops {
				if h.Stage == hop.StageFilter {
					onWay.WriteString(h.Detail.In("en"))
				}
			}
			for _, e := range a.Cause.Evidence {
				evidence.WriteString(e.In("en"))
			}
			said := strings.Contains(onWay.String(), words)
			if a.Verdict != c.verdict || said != c.says || c.verdict == explain.Broken && !strings.Contains(evidence.String(), words) {
				t.Errorf("%s, said on the way: %v, evidence %q\n%s", a.Verdict, said, evidence.String(), b.account(a))
			}
		})
	}
}
