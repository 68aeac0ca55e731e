package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// TestRulesAreMendedWhereTheirOwnerLooks: what answers is let through by its
// connection, Docker's users have a chain of their own, and what keeps networks
// apart is not opened.
func TestRulesAreMendedWhereTheirOwnerLooks(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		fix         []string // parts of the commands, in order
		detail      string
	}{
		{"a policy", "host: iptables -P FORWARD DROP", []string{"-I FORWARD -s 10.244.1.0/24", "-I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED"}, "policy drop"},
		{"a chain for the users", "host: iptables -P FORWARD DROP\nhost: iptables -N DOCKER-USER\nhost: iptables -A FORWARD -j DOCKER-USER",
			[]string{"-I DOCKER-USER -s 10.244.1.0/24", "-I DOCKER-USER -m conntrack"}, "policy drop"},
		{"somebody's rule", "host: iptables -N KUBE-ROUTER-X\nhost: iptables -A FORWARD -j KUBE-ROUTER-X\nhost: iptables -A KUBE-ROUTER-X -i veth-pod-a -j DROP",
			[]string{"-I FORWARD -s 10.244.1.10"}, "kube-router"},
		{"a zone of firewalld's in the tables of iptables", "host: iptables -N FORWARD_ZONES\nhost: iptables -N FWD_lan\nhost: iptables -A FORWARD -j FORWARD_ZONES\nhost: iptables -A FORWARD_ZONES -i veth-pod-a -g FWD_lan\nhost: iptables -A FWD_lan -j REJECT",
			[]string{"-I FORWARD -s 10.244.1.0/24"}, "a rule of firewalld"},
		{"on purpose", "host: iptables -N ISOLATION-1\nhost: iptables -A FORWARD -j ISOLATION-1\nhost: iptables -A ISOLATION-1 -i veth-pod-a -j DROP",
			nil, "on purpose"},
		{"on purpose, and another way", "host: iptables -N ISOLATION-1\nhost: iptables -A FORWARD -j ISOLATION-1\nhost: iptables -A ISOLATION-1 -i veth-pod-a -j DROP\n" +
			"pod-a: ip link add other type veth peer name far\npod-a: ip link set other up\npod-a: ip addr add 10.99.0.2/24 dev other\npod-a: ip route add default via 10.99.0.1 metric 100",
			[]string{"ip route del default via 169.254.10.24 dev eth0"}, "on purpose"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := masqueraded.build(t)
			needTools(t, c.fault)
			b.run(c.fault)
			a := b.explain(breakage{from: "pod-a", to: "203.0.113.10"}, false)
			if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || !strings.Contains(a.Cause.Detail.In("en"), c.detail) {
				t.Errorf("%s %s: %s", a.Verdict, a.Cause.Code, a.Cause.Detail)
			}
			if len(a.Fix) != len(c.fix) {
				t.Fatalf("fix %v\n%s", a.Fix, b.account(a))
			}
			for i, part := range c.fix {
				if !strings.Contains(a.Fix[i].String(), part) {
					t.Errorf("fix %d is %s, want %s in it", i, a.Fix[i], part)
				}
			}
		})
	}
}

// TestThoseOfOneNetworkAreKeptApartOnPurpose: Docker 20 has the rule of icc=false in FORWARD
// itself; at a bridge that is not Docker's, such a rule is somebody's mistake.
func TestThoseOfOneNetworkAreKeptApartOnPurpose(t *testing.T) {
	labtest.Slow(t)
	for bridge, meant := range map[string]bool{"br-0123456789ab": true, "br-lan": false} {
		t.Run(bridge, func(t *testing.T) {
			b := bridgeNetfilter.build(t)
			fault := strings.ReplaceAll(`
host: ip link set cni0 down
host: ip link set cni0 name BR
host: ip link set BR up
host: iptables -N DOCKER-USER
host: iptables -A FORWARD -j DOCKER-USER
host: iptables -A FORWARD -i BR -o BR -j DROP`, "BR", bridge)
			needTools(t, fault)
			b.run(fault)
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, false)
			said := a.Cause.Detail.In("en")
			if a.Cause.Code != cause.Filtered || (len(a.Fix) == 0) != meant || strings.Contains(said, "a rule of Docker; it keeps those of one network from each other on purpose") != meant {
				t.Errorf("%s %v\n%s", said, a.Fix, b.account(a))
			}
		})
	}
}
