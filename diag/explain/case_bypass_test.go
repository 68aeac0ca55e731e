package explain_test

import (
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
)

// neighbours is a router before a LAN with a client, a server, and another router.
var neighbours = baseNetwork{"a LAN behind a router", nodeScript + `
host: iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o eth0 -j MASQUERADE
host: ip link add lan0 address 02:00:00:01:01:01 type veth peer name s0 netns sw
host: ip link set lan0 up
host: ip addr add 192.168.1.1/24 dev lan0
sw: ip link add br0 type bridge
sw: ip link set br0 up
sw: ip link set s0 master br0 up
sw: ip link add s1 type veth peer name eth0 address 02:00:00:01:01:32 netns client
sw: ip link add s2 type veth peer name eth0 address 02:00:00:01:01:35 netns server
sw: ip link add s3 type veth peer name eth0 address 02:00:00:01:01:fe netns other
sw: ip link set s1 master br0 up
sw: ip link set s2 master br0 up
sw: ip link set s3 master br0 up
client: ip link set eth0 up
client: ip addr add 192.168.1.50/24 dev eth0
client: ip route add default via 192.168.1.1
server: ip link set eth0 up
server: ip addr add 192.168.1.53/24 dev eth0
server: ip route add default via 192.168.1.1
other: ip link set eth0 up
other: ip addr add 192.168.1.254/24 dev eth0
inet: ip route add 192.168.1.0/24 via 192.168.6.160
`, []journey{{"client", "203.0.113.10"}, {"client", "192.168.1.53"}, {"inet", "192.168.1.53"}}}

// mended is the answer to a question, whose fix is then tried.
func (b *built) mended(flow breakage, code cause.Code, netns string) {
	b.t.Helper()
	a := b.explain(flow, true)
	if a.Verdict != explain.Broken || a.Cause.Code != code || b.script(a.Cause.Netns) != netns || len(a.Fix) != 1 {
		b.t.Fatalf("%s, %s in %s\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), b.account(a))
	}
	b.apply(a.Fix[0])
	if r := b.eventuallyAsk(flow); r.Outcome != probe.Replied {
		b.t.Errorf("after the fix: %s", r.Message)
	}
	b.delivers(flow)
}

// delivers makes the commands of a fix, and has the question answered by a delivery then.
func (b *built) delivers(flow breakage, fix ...change.Command) {
	b.t.Helper()
	for _, command := range fix {
		b.apply(command)
	}
	if a := b.explain(flow, true); a.Verdict != explain.Delivered {
		b.t.Errorf("after the fix: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestAServerOutOfSightAnswersItsNeighbourItself: the router sends a client's request back
// into the LAN, to a server that cannot be entered; and the connection that the probe has
// made is no old one, although the rule asks for a device.
func TestAServerOutOfSightAnswersItsNeighbourItself(t *testing.T) {
	labtest.Slow(t)
	for _, proto := range []string{"udp", "tcp"} {
		t.Run(proto, func(t *testing.T) {
			b := neighbours.build(t)
			rule := "host: iptables -t nat -A PREROUTING -i lan0 ! -s 192.168.1.53 -p " + proto + " --dport 5060 -j DNAT --to-destination 192.168.1.53"
			needTools(t, rule)
			b.run(rule)
			b.serve([]string{"server " + proto + " 192.168.1.53:5060"})
			b.hide("server")
			b.mended(breakage{from: "client", to: "203.0.113.10", asks: proto + " 5060"}, service.ReplyBypassesNAT, "host")
		})
	}
}

// TestAReplyLeavesByARouterOutOfSight: the server has another router for its gateway than
// the one that the request came from.
func TestAReplyLeavesByARouterOutOfSight(t *testing.T) {
	labtest.Slow(t)
	b := neighbours.build(t)
	rule := "host: iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.53:80\nserver: ip route replace default via 192.168.1.254"
	needTools(t, rule)
	b.run(rule)
	b.serve([]string{"server tcp 192.168.1.53:80"})
	b.hide("other")
	b.mended(breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}, service.ReplyBypassesNAT, "host")
	b.run("host: iptables -t nat -F")
	b.mended(breakage{from: "inet", to: "192.168.1.53"}, cause.NoReturnRoute, "server")
}

// TestARouterOutOfSightHandsTheReplyOn: it comes back to the one that translated, by way of
// the server's own.
func TestARouterOutOfSightHandsTheReplyOn(t *testing.T) {
	labtest.Slow(t)
	b := neighbours.build(t)
	rule := `
host: iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.53:80
server: ip route replace default via 192.168.1.254
other: ip route add default via 192.168.1.1
other: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0`
	needTools(t, rule)
	b.run(rule)
	b.serve([]string{"server tcp 192.168.1.53:80"})
	b.hide("other")
	flow := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
	if a := b.explain(flow, false); a.Verdict != explain.Undecided || a.Cause.Code != service.ReplyBypassesNAT {
		t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(flow, true); a.Verdict != explain.Delivered {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}

// TestAReplyKeptFromConnectionTrackingKeepsItsSource: the rules of a node translate a
// request to one of its own programs, whose answers are not tracked.
func TestAReplyKeptFromConnectionTrackingKeepsItsSource(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	rules := `
host: ip addr add 169.254.20.10/32 dev lo
host: iptables -t nat -A PREROUTING -d 10.96.3.45/32 -p udp --dport 5060 -j DNAT --to-destination 169.254.20.10
host: iptables -t raw -A PREROUTING -d 169.254.20.10/32 -p udp --dport 5060 -j NOTRACK
host: iptables -t raw -A OUTPUT -s 169.254.20.10/32 -p udp --sport 5060 -j NOTRACK`
	needTools(t, rules)
	b.run(rules)
	b.serve([]string{"host udp 169.254.20.10:5060"})
	b.mended(breakage{from: "pod-a", to: "10.96.3.45", asks: "udp 5060"}, service.ReplyBypassesNAT, "host")
}

// TestAReplyWhoseRequestWasNotTrackedIsTranslatedAnew: datagrams to a pod pass connection
// tracking by, and the pod's answers are masqueraded as connections of its own.
func TestAReplyWhoseRequestWasNotTrackedIsTranslatedAnew(t *testing.T) {
	labtest.Slow(t)
	b := neighbours.build(t)
	rule := `host: iptables -t raw -A PREROUTING -i eth0 -d 192.168.1.0/24 -j NOTRACK`
	needTools(t, rule)
	b.run(rule)
	b.serve([]string{"server udp 192.168.1.53:5060"})
	b.mended(breakage{from: "inet", to: "192.168.1.53", asks: "udp 5060"}, service.ReplyBypassesNAT, "host")
}
