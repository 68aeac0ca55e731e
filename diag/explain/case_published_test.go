package explain_test

import (
	"net/netip"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// publishing is what Docker writes for a published port of pod-b, in short.
const publishing = `
host: iptables -P FORWARD DROP
host: iptables -N DOCKER-USER
host: iptables -A FORWARD -j DOCKER-USER
host: iptables -A FORWARD -o cni0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A FORWARD ! -i cni0 -o cni0 -d 10.244.1.11 -p tcp --dport 80 -j ACCEPT
host: iptables -A FORWARD -i cni0 -j ACCEPT
host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`

// TestAPublishedPortBehindItsBridge: a rule stops what goes out by the default route, since
// the bridge has no route; and what Docker leaves to its users is not Docker's.
func TestAPublishedPortBehindItsBridge(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		code        cause.Code
		fix         []string // parts of the commands, in order
	}{
		{"down", "host: ip link set cni0 down", cause.LinkDown, []string{"ip link set cni0 up"}},
		{"of another network", "host: ip addr flush dev cni0\nhost: ip addr add 172.30.0.1/16 dev cni0", cause.NoAddress, []string{"ip addr add 10.244.1.1/24 dev cni0"}},
		{"refused before the users' chain", "host: iptables -I FORWARD -j REJECT", cause.Rejected, []string{"-I FORWARD -s", "-I FORWARD -m conntrack"}},
		{"the users' own rule", "host: iptables -I DOCKER-USER -i eth0 -j DROP", cause.Filtered, []string{"-I DOCKER-USER -s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bridged.build(t)
			needTools(t, publishing)
			b.run(publishing)
			b.serve([]string{"pod-b tcp 0.0.0.0:80"})
			ask := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
			if a := b.explain(ask, true); a.Verdict != explain.Delivered {
				t.Fatalf("before: %s\n%s", a.Verdict, b.account(a))
			}
			b.run(c.fault)
			a := b.explain(ask, false)
			if a.Cause.Code != c.code || len(a.Fix) != len(c.fix) || strings.Contains(a.Cause.Detail.In("en"), "rule of Docker") {
				t.Fatalf("%s\n%s", a.Verdict, b.account(a))
			}
			for i, part := range c.fix {
				if !strings.Contains(a.Fix[i].String(), part) {
					t.Errorf("fix %d is %s, want %s in it", i, a.Fix[i], part)
				}
			}
			b.delivers(ask, a.Fix...)
		})
	}
}

// TestAnAddressOfTheBridgesNetworkElsewhere: with the route the kernel chooses another source
// as well, and the reply needs no route to the first.
func TestAnAddressOfTheBridgesNetworkElsewhere(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	b.run("inet: ip addr add 10.244.1.77/32 dev lo")
	ask := breakage{from: "host", to: "10.244.1.77"}
	a := b.explain(ask, false)
	if a.Cause.Code != cause.NeighbourUnanswered || len(a.Fix) != 1 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix[0])
}

// TestWhatIsPassedOnIsMendedAtOnce: what stops the request stops what is passed on of it, too.
func TestWhatIsPassedOnIsMendedAtOnce(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	fault := "host: iptables -P INPUT DROP"
	needTools(t, fault)
	b.publish("host", "192.168.6.160:8080", netip.MustParseAddrPort("10.244.1.11:80"))
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	b.run(fault)
	ask := breakage{from: "pod-a", to: "192.168.6.160", asks: "tcp 8080"}
	a := b.explain(ask, false)
	if a.Cause.Code != cause.Filtered || len(a.Fix) != 2 || len(a.Onward) != 1 || !a.Onward[0].Equal(a.Fix[1]) {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix...)
}
