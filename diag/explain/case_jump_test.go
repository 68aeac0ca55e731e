package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// unhooked are chains that translate a service, and no rule leads to them any more from
// where its clients pass.
var unhooked = map[string]struct{ rules, from, fix string }{
	"iptables, from the node": {`
host: iptables -t nat -N SERVICES
host: iptables -t nat -N BACKEND
host: iptables -t nat -A SERVICES -d 10.96.0.10 -p tcp --dport 80 -j BACKEND
host: iptables -t nat -A BACKEND -p tcp -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A PREROUTING -m comment --comment "portals of services" -j SERVICES`, "host", "-t nat -A OUTPUT -j SERVICES"},
	"iptables, from a pod, and both are gone": {`
host: iptables -t nat -N SERVICES
host: iptables -t nat -N BACKEND
host: iptables -t nat -A SERVICES -d 10.96.0.10 -p tcp --dport 80 -j BACKEND
host: iptables -t nat -A BACKEND -p tcp -j DNAT --to-destination 10.244.1.11:8080`, "pod-a", "-t nat -A PREROUTING -j SERVICES"},
	"iptables, with the conditions of the other": {`
host: iptables -t nat -N PORTS
host: iptables -t nat -A PORTS -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A PREROUTING -d 10.96.0.0/16 -p tcp -j PORTS`, "host", "-t nat -A OUTPUT -d 10.96.0.0/16 -p tcp -j PORTS"},
	"nft, from a pod": {`
host: nft add table ip svc
host: nft add chain ip svc services
host: nft 'add chain ip svc pre { type nat hook prerouting priority -100; }'
host: nft 'add chain ip svc out { type nat hook output priority -100; }'
host: nft add rule ip svc services ip daddr 10.96.0.10 tcp dport 80 dnat to 10.244.1.11:8080
host: nft add rule ip svc out jump services`, "pod-a", "add rule ip svc pre jump services"},
	"nft, and the map of services is empty": {`
host: nft add table ip svc
host: nft add chain ip svc services
host: nft add chain ip svc ep
host: nft add chain ip svc web
host: nft 'add map ip svc service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }'
host: nft 'add chain ip svc pre { type nat hook prerouting priority -100; }'
host: nft add rule ip svc ep meta l4proto tcp dnat to 10.244.1.11:8080
host: nft 'add rule ip svc web numgen random mod 1 vmap { 0 : goto ep }'
host: nft 'add map ip svc firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict; }'
host: nft 'add chain ip svc check { type filter hook prerouting priority -110; }'
host: nft add rule ip svc check ip daddr . meta l4proto . th dport vmap @firewall-ips
host: nft add rule ip svc services ip daddr . meta l4proto . th dport vmap @service-ips
host: nft add rule ip svc pre jump services`, "pod-a", "add element ip svc service-ips '{ 10.96.0.10 . tcp . 80 : goto web }'"},
}

// TestAChainOfServicesThatNothingLeadsTo: the fix is the jump, and not one more rule.
func TestAChainOfServicesThatNothingLeadsTo(t *testing.T) {
	labtest.Slow(t)
	for name, c := range unhooked {
		t.Run(name, func(t *testing.T) {
			b := masqueraded.build(t)
			needTools(t, c.rules)
			b.run(c.rules)
			b.serve([]string{"pod-b tcp 10.244.1.11:8080"})
			flow := breakage{from: c.from, to: "10.96.0.10", asks: "tcp 80"}
			if a := b.explain(flow, false); len(a.Fix) != 1 || !strings.HasSuffix(a.Fix[0].String(), c.fix) {
				t.Errorf("want %s\n%s", c.fix, b.account(a))
			}
			b.mended(flow, service.NotTranslated, "host")
		})
	}
}
