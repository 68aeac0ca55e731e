package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// Routes that are gone, or are not used, for a link that is down elsewhere.
var absentBreakages = among([]breakage{
	{name: "the route is gone for the link behind the last router", from: "a", to: "10.2.0.2",
		fault: `
r4: ip link set right down
r2: ip route del 10.2.0.0/24`,
		want: expected{cause.LinkDown, "r4", request}, noFix: true},
	{name: "the route is not used for want of a carrier", from: "a", to: "10.2.0.2",
		fault: `
r2: sysctl -qw net.ipv4.conf.all.ignore_routes_with_linkdown=1
r3: ip link set left down`,
		want: expected{cause.LinkDown, "r3", request}},
	{name: "the route is gone for want of a carrier", from: "a", to: "10.34.0.4",
		fault: `
r3: ip link set left down
r2: ip route del 10.34.0.0/24`,
		want: expected{cause.LinkDown, "r3", request}, next: []cause.Code{cause.NoRoute}},
	{name: "nothing is down, and the route is gone", from: "a", to: "10.2.0.2",
		fault: `r2: ip route del 10.2.0.0/24`,
		want:  expected{cause.NoRoute, "r2", request}},
})

// TestARouteIsGoneForALinkThatIsDownElsewhere: the link is the cause, and not whoever
// has no route any more.
func TestARouteIsGoneForALinkThatIsDownElsewhere(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, chain, absentBreakages)
}

// saying is a breakage, and words that are said of it.
type saying struct {
	name     string
	base     baseNetwork
	fault    string
	from, to string
	size     int
	words    string
}

// TestWhoMayHaveTheWrongAddressIsNamed, and what keeps a router's word from the sender.
func TestWhoMayHaveTheWrongAddressIsNamed(t *testing.T) {
	labtest.Slow(t)
	abreast([]saying{
		{name: "of another network", base: bridged, from: "pod-a", to: "10.244.1.11",
			fault: "pod-b: ip addr flush dev eth0\npod-b: ip addr add 10.244.7.11/24 dev eth0", words: "with 10.244.7.11/24, which is of another network"},
		{name: "none", base: bridged, from: "pod-a", to: "10.244.1.11",
			fault: "pod-b: ip addr flush dev eth0", words: "is on that wire and has no address"},
		{name: "of this network", base: bridged, from: "pod-a", to: "10.244.1.77", words: "but nobody there has it"},
		{name: "behind another device, past a route that somebody added", base: bridged, from: "host", to: "169.254.169.254",
			fault: "host: ip link add second type veth peer name far netns pod-c\nhost: ip link set second up\npod-c: ip link set far up\nhost: ip addr add 10.9.7.5/24 dev second\npod-c: ip addr add 10.9.7.1/24 dev far\nhost: ip route add 169.254.0.0/16 dev second",
			words: "that route comes before the one out of eth0"},
		{name: "behind another device, past the network of a bridge without ports", base: bridged, from: "host", to: "172.17.5.5",
			fault: "host: ip link add docker0 type bridge\nhost: ip addr add 172.17.0.1/16 dev docker0\nhost: ip link set docker0 up",
			words: "that route comes before the one out of eth0"},
		{name: "a rule, and no route", base: bridged, from: "pod-a", to: "203.0.113.10",
			fault: "host: ip rule add to 203.0.113.0/24 unreachable pref 100", words: "a policy rule, and no route, turns away what goes to 203.0.113.10: 100: from all to 203.0.113.0/24 unreachable"},
		{name: "the router's own word", base: chain, from: "a", to: "10.2.0.2", size: 1472,
			fault: "r2: ip link set right mtu 1400\nr3: ip link set left mtu 1400\nr2: iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP",
			words: "does not get to the sender: r2 stops it (hook output)"},
	}, func(s saying) {
		t.Run(s.name, func(t *testing.T) {
			b := s.base.build(t)
			needTools(t, s.fault)
			b.run(s.fault)
			b.forget()
			a := b.explain(breakage{from: s.from, to: s.to, size: s.size, df: s.size > 0}, true)
			if said := strings.ReplaceAll(a.Cause.Detail.In("en"), b.suffix, ""); !strings.Contains(said, s.words) {
				t.Errorf("%s: %q is not in it\n%s", said, s.words, b.account(a))
			}
		})
	})
}

// TestAnAddressThatAProgramListensAtAndNobodyHas: whoever gives it out has not done so.
func TestAnAddressThatAProgramListensAtAndNobodyHas(t *testing.T) {
	labtest.Slow(t)
	b := bridged.with("bridged, with programs that listen at others' addresses", "pod-b: sysctl -qw net.ipv4.ip_nonlocal_bind=1\n").build(t)
	b.serve([]string{"pod-b tcp 10.244.1.77:80"})
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.77", asks: "tcp 80"}, true)
	fix := strings.Join(b.typed(a.Fix), "\n")
	if a.Cause.Code != cause.DestinationAbsent || !strings.Contains(a.Cause.Detail.In("en"), "although a program listens at it") || fix != "pod-b: ip addr add 10.244.1.77/24 dev eth0" && fix != "pod-b: ip addr add 10.244.1.77/32 dev eth0" {
		t.Errorf("the fix is %q\n%s", fix, b.account(a))
	}
}
