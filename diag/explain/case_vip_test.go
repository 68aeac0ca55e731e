package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// served has two services, in the chains of iptables and in a map of nft.
const served = `
host: iptables -t nat -N SVC
host: iptables -t nat -A SVC -p tcp -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j SVC
host: nft 'add table ip kube-proxy; add chain ip kube-proxy svc; add rule ip kube-proxy svc meta l4proto tcp dnat to 10.244.1.11:8080; add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 10.96.0.20 . tcp . 80 : goto svc } ; }; add chain ip kube-proxy pre { type nat hook prerouting priority -100; }; add rule ip kube-proxy pre ip daddr . meta l4proto . th dport vmap @service-ips'`

// Requests for the address of a service that no rule translates.
var vipBreakages = among([]breakage{
	{name: "a ping to a service", from: "pod-a", to: "10.96.0.10", fault: served,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a ping to a service, from the node", from: "host", to: "10.96.0.20", fault: served,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a port that a service does not have", from: "pod-a", to: "10.96.0.20", asks: "tcp 81", fault: served,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a port that a service has for the other protocol", from: "pod-a", to: "10.96.0.10", asks: "udp 80", fault: served,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a service that no rule knows, among others", from: "pod-a", to: "10.96.0.77", asks: "tcp 80", fault: served,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "an address that a map of addresses does not have", from: "pod-a", to: "10.96.0.11", asks: "tcp 80",
		fault: `host: nft 'add table ip svc; add map ip svc addrs { type ipv4_addr : ipv4_addr ; elements = { 10.96.0.10 : 10.244.1.11, 10.96.0.12 : 10.244.1.11 } ; }; add chain ip svc pre { type nat hook prerouting priority -100; }; add rule ip svc pre dnat to ip daddr map @addrs'`,
		want:  expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "an address that is no service's", from: "pod-a", to: "10.200.0.77", asks: "tcp 80", fault: served,
		want: expected{cause.DestinationAbsent, "inet", request}, noFix: true},
})

// TestServicesThatNoRuleTranslates: nobody is told to take a service's address.
func TestServicesThatNoRuleTranslates(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, vipBreakages)
	explainBreakages(t, masqueraded, vipBreakages)
	explainBreakages(t, bridged, vipBreakages)
}

// TestAServiceWhoseChainTranslatesNothing: it is known, and is not told to be none.
func TestAServiceWhoseChainTranslatesNothing(t *testing.T) {
	labtest.Slow(t)
	const other = served + `
host: iptables -t nat -N SVC-2
host: iptables -t nat -A PREROUTING -d 10.96.0.15 -p tcp --dport 80 -j SVC-2
host: nft 'add chain ip kube-proxy svc2; add element ip kube-proxy service-ips { 10.96.0.25 . tcp . 80 : goto svc2 }'`
	for to, chain := range map[string]string{"10.96.0.15": "SVC-2", "10.96.0.25": "svc2"} {
		t.Run(chain, func(t *testing.T) {
			needTools(t, other)
			b := routed.build(t)
			b.run(other)
			a := b.explain(breakage{from: "pod-a", to: to, asks: "tcp 80"}, false)
			if a.Cause.Code != service.NotTranslated || !strings.Contains(a.Cause.Detail.In("en"), "the chain "+chain+", in which nothing") || len(a.Fix) > 0 {
				t.Errorf("%s\n%s", a.Cause.Detail, b.account(a))
			}
		})
	}
}

// TestAServiceThatTheRequestGoesPast: a pod's default route leads by its second device, past
// the node whose rules translate the service.
func TestAServiceThatTheRequestGoesPast(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	second := served + `
pod-a: ip link add net1 type veth peer name far1 netns inet
inet: ip link set far1 up
inet: ip addr add 192.168.9.1/24 dev far1
pod-a: ip link set net1 up
pod-a: ip addr add 192.168.9.2/24 dev net1
pod-a: ip route replace default via 192.168.9.1`
	needTools(t, second)
	b.run(second)
	a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, false)
	if a.Cause.Code != service.NotTranslated || b.script(a.Cause.Netns) != "pod-a" || len(a.Fix) != 1 || !strings.HasSuffix(a.Fix[0].String(), "ip route add 10.96.0.10 via 10.244.1.1 dev eth0") {
		t.Errorf("%s", b.account(a))
	}
}

// TestAPortThatIsPublishedForTheOtherIPVersion: nobody listens at the address of IPv6, and rules
// of IPv4 alone translate the port.
func TestAPortThatIsPublishedForTheOtherIPVersion(t *testing.T) {
	labtest.Slow(t)
	b := bridged6.build(t)
	rules := `
host: iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`
	needTools(t, rules)
	b.run(rules)
	a := b.explain(breakage{from: "pod-a", to: "fd00:244:1::1", asks: "tcp 8080"}, false)
	if a.Cause.Code != service.NotTranslated || !strings.Contains(a.Cause.Detail.In("en"), "192.168.6.160 and not at fd00:244:1::1") {
		t.Error(b.account(a))
	}
}
