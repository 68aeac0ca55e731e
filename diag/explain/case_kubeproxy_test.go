package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// kubeProxied is what kube-proxy writes with iptables for services whose traffic
// policies are Local, on a node that has none of their endpoints.
const kubeProxied = `
host: iptables -N KUBE-SERVICES
host: iptables -N KUBE-EXTERNAL-SERVICES
host: iptables -A INPUT -m conntrack --ctstate NEW -m comment --comment 'kubernetes externally-visible service portals' -j KUBE-EXTERNAL-SERVICES
host: iptables -A FORWARD -m conntrack --ctstate NEW -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
host: iptables -A OUTPUT -m conntrack --ctstate NEW -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
host: iptables -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment 'default/web:http has no local endpoints' -m tcp --dport 80 -j DROP
host: iptables -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment 'default/web:http has no local endpoints' -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP`

// kubeProxiedNft is what it writes with nft.
const kubeProxiedNft = `
host: nft 'add table ip kube-proxy; add chain ip kube-proxy reject-chain; add rule ip kube-proxy reject-chain reject; add set ip kube-proxy nodeport-ips { type ipv4_addr; elements = { 192.168.6.160 } ; }; add set ip kube-proxy cluster-ips { type ipv4_addr; elements = { 10.96.0.10, 10.96.0.20 } ; }; add map ip kube-proxy no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 10.96.0.10 . tcp . 80 comment "default/web:http" : drop } ; }; add map ip kube-proxy no-endpoint-nodeports { type inet_proto . inet_service : verdict ; elements = { tcp . 30080 comment "default/web:http" : drop } ; }; add chain ip kube-proxy service-endpoints-check; add chain ip kube-proxy nodeport-endpoints-check; add chain ip kube-proxy cluster-ips-check; add rule ip kube-proxy service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services; add rule ip kube-proxy nodeport-endpoints-check ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports; add rule ip kube-proxy cluster-ips-check ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"; add rule ip kube-proxy cluster-ips-check ip daddr 10.96.0.0/12 drop comment "Drop traffic to unallocated ClusterIPs"'
host: nft 'add chain ip kube-proxy filter-input { type filter hook input priority 0 ; }; add rule ip kube-proxy filter-input ct state new jump nodeport-endpoints-check; add rule ip kube-proxy filter-input ct state new jump service-endpoints-check; add chain ip kube-proxy filter-forward { type filter hook forward priority 0 ; }; add rule ip kube-proxy filter-forward ct state new jump service-endpoints-check; add rule ip kube-proxy filter-forward ct state new jump cluster-ips-check; add chain ip kube-proxy filter-output { type filter hook output priority 0 ; }; add rule ip kube-proxy filter-output ct state new jump service-endpoints-check; add rule ip kube-proxy filter-output ct state new jump cluster-ips-check'
host: nft 'add chain ip kube-proxy endpoint; add rule ip kube-proxy endpoint meta l4proto tcp dnat to 10.244.1.11:8080; add chain ip kube-proxy service; add rule ip kube-proxy service numgen random mod 1 vmap { 0 : goto endpoint }; add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 10.96.0.20 . tcp . 80 : goto service } ; }; add map ip kube-proxy service-nodeports { type inet_proto . inet_service : verdict ; elements = { tcp . 30090 : goto service } ; }; add chain ip kube-proxy services; add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips; add rule ip kube-proxy services ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports; add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100 ; }; add rule ip kube-proxy nat-prerouting jump services; add chain ip kube-proxy nat-output { type nat hook output priority -100 ; }; add rule ip kube-proxy nat-output jump services'`

// nodePorts is a port of the node as kube-proxy writes it with iptables.
const nodePorts = `
host: iptables -t nat -N KUBE-SERVICES
host: iptables -t nat -N KUBE-NODEPORTS
host: iptables -t nat -N KUBE-MARK-MASQ
host: iptables -t nat -N KUBE-POSTROUTING
host: iptables -t nat -N KUBE-EXT-WEB
host: iptables -t nat -N KUBE-SVC-WEB
host: iptables -t nat -A PREROUTING -j KUBE-SERVICES
host: iptables -t nat -A OUTPUT -j KUBE-SERVICES
host: iptables -t nat -A POSTROUTING -j KUBE-POSTROUTING
host: iptables -t nat -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
host: iptables -t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
host: iptables -t nat -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
host: iptables -t nat -A KUBE-POSTROUTING -j MASQUERADE
host: iptables -t nat -A KUBE-NODEPORTS -p tcp -m tcp --dport 30090 -j KUBE-EXT-WEB
host: iptables -t nat -A KUBE-EXT-WEB -j KUBE-MARK-MASQ
host: iptables -t nat -A KUBE-EXT-WEB -j KUBE-SVC-WEB
host: iptables -t nat -A KUBE-SVC-WEB -p tcp -m tcp -j DNAT --to-destination 10.244.1.11:8080`

const (
	everyNodePort = "\nhost: iptables -t nat -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
	noLocalhost   = "\nhost: iptables -t nat -A KUBE-SERVICES ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
)

// balanced is a service with a load balancer's address, as kube-proxy writes it.
const balanced = nodePorts + `
inet: ip route add 192.168.6.200 via 192.168.6.160 dev up0
host: iptables -t nat -N KUBE-FW-WEB
host: iptables -t nat -A KUBE-SERVICES -d 192.168.6.200/32 -p tcp -m comment --comment 'default/web:http loadbalancer IP' -m tcp --dport 80 -j KUBE-FW-WEB`

// What keeps sources out that the service does not let in: today's kube-proxy, one before
// 1.26, and one with nft.
const (
	rangedOut = `
host: iptables -t nat -A KUBE-FW-WEB -m comment --comment 'other traffic to default/web:http will be dropped by KUBE-PROXY-FIREWALL'
host: iptables -N KUBE-PROXY-FIREWALL
host: iptables -A INPUT -m conntrack --ctstate NEW -m comment --comment 'kubernetes load balancer firewall' -j KUBE-PROXY-FIREWALL
host: iptables -A FORWARD -m conntrack --ctstate NEW -m comment --comment 'kubernetes load balancer firewall' -j KUBE-PROXY-FIREWALL
host: iptables -A KUBE-PROXY-FIREWALL -d 192.168.6.200/32 -p tcp -m comment --comment 'default/web:http traffic not accepted by KUBE-FW-WEB' -m tcp --dport 80 -j DROP`
	markedOut = `
host: ip addr add 192.168.6.200/32 dev lo
host: iptables -t nat -N KUBE-MARK-DROP
host: iptables -t nat -A KUBE-MARK-DROP -j MARK --or-mark 0x8000
host: iptables -t nat -A KUBE-FW-WEB -m comment --comment 'default/web:http loadbalancer IP' -j KUBE-MARK-DROP
host: iptables -N KUBE-FIREWALL
host: iptables -A INPUT -j KUBE-FIREWALL
host: iptables -A KUBE-FIREWALL -m comment --comment 'kubernetes firewall for dropping marked packets' -m mark --mark 0x8000/0x8000 -j DROP`
	rangedOutNft = `
inet: ip route add 192.168.6.200 via 192.168.6.160 dev up0
host: nft 'add table ip kube-proxy; add chain ip kube-proxy endpoint; add rule ip kube-proxy endpoint meta l4proto tcp dnat to 10.244.1.11:8080; add chain ip kube-proxy external; add rule ip kube-proxy external goto endpoint; add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 192.168.6.200 . tcp . 80 : goto external } ; }; add chain ip kube-proxy services; add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips; add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100 ; }; add rule ip kube-proxy nat-prerouting jump services'`
)

// lets has a service let in some sources.
func lets(networks ...string) (lines string) {
	for _, network := range networks {
		lines += "\nhost: iptables -t nat -A KUBE-FW-WEB -s " + network + " -j KUBE-EXT-WEB"
	}
	return lines
}

// letsNft is the same with nft.
func letsNft(networks string) string {
	return rangedOutNft + `
host: nft 'add chain ip kube-proxy firewall-web; add rule ip kube-proxy firewall-web ip saddr != { ` + networks + ` } drop; add map ip kube-proxy firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 192.168.6.200 . tcp . 80 comment "default/web:http" : goto firewall-web } ; }; add chain ip kube-proxy firewall-check; add rule ip kube-proxy firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips; add chain ip kube-proxy filter-prerouting-pre-dnat { type filter hook prerouting priority -110 ; }; add rule ip kube-proxy filter-prerouting-pre-dnat ct state new jump firewall-check'`
}

var (
	webServed     = []string{"pod-b tcp 0.0.0.0:8080"}
	outOfRanges   = expected{cause.Filtered, "host", request}
	otherNetworks = []string{"198.51.100.0/24", "203.0.113.128/25"}
	rangeCases    = among([]breakage{
		{name: "sources of a service, iptables", from: "inet", to: "192.168.6.200", asks: "tcp 80", serve: webServed, want: outOfRanges, noFix: true,
			fault: balanced + lets(otherNetworks...) + rangedOut},
		{name: "sources of a service, iptables of before", from: "inet", to: "192.168.6.200", asks: "tcp 80", serve: webServed, want: outOfRanges, noFix: true,
			fault: balanced + lets(otherNetworks...) + markedOut},
		{name: "sources of a service, iptables, at an address of nobody", from: "inet", to: "198.18.0.200", asks: "tcp 80", serve: webServed, want: outOfRanges, noFix: true,
			fault: strings.ReplaceAll(balanced+lets(otherNetworks...)+rangedOut, "192.168.6.200", "198.18.0.200")},
		{name: "sources of a service, iptables, where what is not translated has nowhere to go", from: "inet", to: "198.18.0.200", asks: "tcp 80", serve: webServed, want: outOfRanges, noFix: true,
			fault: strings.ReplaceAll(balanced+lets(otherNetworks...)+rangedOut, "192.168.6.200", "198.18.0.200") + "\nhost: ip route add 198.18.0.0/24 via 192.168.6.77 dev eth0"},
		{name: "sources of a service, nft", from: "inet", to: "192.168.6.200", asks: "tcp 80", serve: webServed, want: outOfRanges, noFix: true,
			fault: letsNft(strings.Join(otherNetworks, ", "))},
		{name: "sources of a service that it lets in, iptables", from: "inet", to: "192.168.6.200", asks: "tcp 80", serve: webServed,
			fault: balanced + lets("192.168.6.0/24") + rangedOut},
		{name: "sources of a service that it lets in, nft", from: "inet", to: "192.168.6.200", asks: "tcp 80", serve: webServed, fault: letsNft("192.168.6.0/24")},
	})
)

// TestKubeProxyTellsWhomAServiceLetsIn: a source that a service's ranges do not hold is
// told as that, with the ranges.
func TestKubeProxyTellsWhomAServiceLetsIn(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, rangeCases)
	for _, c := range rangeCases {
		if c.want.code == "" {
			continue
		}
		t.Run(c.name+", told", func(t *testing.T) {
			b := routed.build(t)
			b.run(c.fault)
			a := b.explain(c, false)
			if said := a.Cause.Detail.In("en"); len(a.Next) > 0 || len(a.Fix) > 0 || !strings.Contains(said, "loadBalancerSourceRanges alone (198.51.100.0/24, 203.0.113.128/25), and 192.168.6.1,") {
				t.Errorf("it is said: %s\n%s", said, b.account(a))
			}
		})
	}
}

// Services of kube-proxy that have nobody for this request.
var kubeProxyBreakages = among([]breakage{
	{name: "externalTrafficPolicy Local, iptables", from: "inet", to: "192.168.6.160", asks: "tcp 30080", fault: kubeProxied,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "internalTrafficPolicy Local, iptables", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", fault: kubeProxied,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "internalTrafficPolicy Local, asked by the node", from: "host", to: "10.96.0.10", asks: "tcp 80", fault: kubeProxied,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "externalTrafficPolicy Local, nft", from: "inet", to: "192.168.6.160", asks: "tcp 30080", fault: kubeProxiedNft,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "internalTrafficPolicy Local, nft", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", fault: kubeProxiedNft,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "a port that a service of kube-proxy does not have", from: "pod-a", to: "10.96.0.20", asks: "tcp 81", fault: kubeProxiedNft,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "an address of kube-proxy's range that no service has", from: "pod-a", to: "10.97.0.99", asks: "tcp 81", fault: kubeProxiedNft,
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a nodePort at 127.0.0.1, nft", from: "host", to: "127.0.0.1", asks: "tcp 30090", fault: kubeProxiedNft, serve: []string{"pod-b tcp 0.0.0.0:8080"},
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a nodePort at 127.0.0.1, which is left out", from: "host", to: "127.0.0.1", asks: "tcp 30090", fault: nodePorts + noLocalhost, serve: []string{"pod-b tcp 0.0.0.0:8080"},
		want: expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "a nodePort at 127.0.0.1, without route_localnet", from: "host", to: "127.0.0.1", asks: "tcp 30090", fault: nodePorts + everyNodePort, serve: []string{"pod-b tcp 0.0.0.0:8080"},
		want: expected{cause.MartianSource, "host", request}},
	{name: "a nodePort at 127.0.0.1", from: "host", to: "127.0.0.1", asks: "tcp 30090", fault: nodePorts + everyNodePort + "\nhost: sysctl -qw net.ipv4.conf.all.route_localnet=1", serve: []string{"pod-b tcp 0.0.0.0:8080"}},
})

// TestKubeProxyTellsWhomItServes: what kube-proxy drops on purpose is told as what it
// means, and a port of the node by which addresses it is served.
func TestKubeProxyTellsWhomItServes(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, kubeProxyBreakages)
}
