package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/internal/lab/labtest"
)

// grouped are two nodes with a VXLAN network whose ends find each other by a multicast group.
var grouped = baseNetwork{"grouped", `
sw: ip link add br0 type bridge
sw: ip link set br0 up
n1: ip link add eth0 type veth peer name p1 netns sw
n2: ip link add eth0 type veth peer name p2 netns sw
sw: ip link set p1 master br0 up
sw: ip link set p2 master br0 up
n1: ip addr add 192.168.6.1/24 dev eth0
n2: ip addr add 192.168.6.2/24 dev eth0
n1: ip link set eth0 up
n2: ip link set eth0 up
n1: ip link add vx0 type vxlan id 9 dstport 4789 group 239.1.1.1 dev eth0
n2: ip link add vx0 type vxlan id 9 dstport 4789 group 239.1.1.1 dev eth0
n1: ip addr add 10.9.0.1/24 dev vx0
n2: ip addr add 10.9.0.2/24 dev vx0
n1: ip link set vx0 up
n2: ip link set vx0 up
`, []journey{{"n1", "10.9.0.2"}}}

// emptied are the tables of both ends as they are before a packet.
const emptied = `
n1: ip link set vx0 down
n2: ip link set vx0 down
n1: ip link set vx0 up
n2: ip link set vx0 up
`

// Faults of VXLAN with a group.
var groupBreakages = among([]breakage{
	{name: "healthy", from: "n1", to: "10.9.0.2"},
	{name: "nothing is learnt yet", from: "n1", to: "10.9.0.2", fault: emptied},
	{name: "the other end is in another group", from: "n1", to: "10.9.0.2", noFix: true,
		fault: strings.Replace(emptied, "n2: ip link set vx0 up", "n2: ip link set vx0 type vxlan group 239.1.1.2 dev eth0\nn2: ip link set vx0 up", 1),
		want:  expected{cause.NeighbourUnanswered, "n1", request}},
	{name: "the other end is in none", from: "n1", to: "10.9.0.2", noFix: true,
		fault: emptied + "n2: ip link del vx0",
		want:  expected{cause.NeighbourUnanswered, "n1", request}},
	{name: "the other end is down", from: "n1", to: "10.9.0.2",
		fault: emptied + "n2: ip link set vx0 down",
		want:  expected{cause.LinkDown, "n2", request}},
	{name: "no multicast leaves", from: "n1", to: "10.9.0.2",
		fault: emptied + "n1: iptables -A OUTPUT -d 224.0.0.0/4 -j DROP",
		want:  expected{cause.Filtered, "n1", request}},
	{name: "no multicast is let in", from: "n1", to: "10.9.0.2",
		fault: emptied + "n2: iptables -A INPUT -d 224.0.0.0/4 -j DROP",
		want:  expected{cause.Filtered, "n2", request}},
	{name: "no answer is let in", from: "n1", to: "10.9.0.2",
		fault: emptied + "n1: iptables -A INPUT -p udp --dport 4789 -j DROP",
		want:  expected{cause.Filtered, "n1", request}},
	{name: "the entry for the group is gone", from: "n1", to: "10.9.0.2",
		fault: emptied + "n1: bridge fdb del 00:00:00:00:00:00 dev vx0 dst 239.1.1.1 via eth0 self",
		want:  expected{cause.NeighbourUnanswered, "n1", request}, fix: []string{"n1: bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.6.2 self permanent"}},
})

func TestVXLANWithAGroup(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, grouped, groupBreakages)
}

// TestAGroupOutOfSight: whoever of a group is beyond the wire is asked there.
func TestAGroupOutOfSight(t *testing.T) {
	labtest.Slow(t)
	b := grouped.build(t)
	b.run("n2: ip link set vx0 down\n" + "n1: ip neigh flush dev vx0")
	b.hide("n2")
	b.hide("sw")
	a := b.explain(breakage{from: "n1", to: "10.9.0.2"}, true)
	if a.Verdict != explain.Broken || a.Cause.Code != cause.DestinationAbsent || !strings.Contains(a.Cause.Detail.In("en"), "in a packet of VXLAN (UDP 4789) to 239.1.1.1") {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}

// TestADeviceThatIsToldWhereToSend: the table of a VXLAN device does not count where a route
// names the other end.
func TestADeviceThatIsToldWhereToSend(t *testing.T) {
	labtest.Slow(t)
	b := grouped.build(t)
	b.run(`
n1: ip link del vx0
n2: ip link del vx0
n1: ip link add vx0 address 02:00:00:00:00:01 type vxlan external dstport 4789
n2: ip link add vx0 address 02:00:00:00:00:02 type vxlan external dstport 4789
n1: ip link set vx0 up
n2: ip link set vx0 up
n1: ip addr add 10.9.1.1/32 dev lo
n2: ip addr add 10.9.2.1/32 dev lo
n1: ip route add 10.9.2.1 encap ip id 7 dst 192.168.6.2 dev vx0 src 10.9.1.1
n2: ip route add 10.9.1.1 encap ip id 7 dst 192.168.6.1 dev vx0 src 10.9.2.1
n1: ip neigh add 10.9.2.1 lladdr 02:00:00:00:00:02 dev vx0
n2: ip neigh add 10.9.1.1 lladdr 02:00:00:00:00:01 dev vx0`)
	ask := breakage{from: "n1", to: "10.9.2.1"}
	if a := b.explain(ask, false); a.Verdict != explain.Undecided || a.Cause.Code != cause.NotKnown {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(ask, true); a.Verdict != explain.Delivered {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}

// TestMarksThatGoWithPackets: VXLAN with GBP takes the mark along, and an end without it drops
// what has one.
func TestMarksThatGoWithPackets(t *testing.T) {
	labtest.Slow(t)
	const ends = `
n1: ip link del vx0
n2: ip link del vx0
n1: ip link add vx0 type vxlan id 9 dstport 4789 local 192.168.6.1 remote 192.168.6.2 dev eth0 gbp
n2: ip link add vx0 type vxlan id 9 dstport 4789 local 192.168.6.2 remote 192.168.6.1 dev eth0 END
n1: ip addr add 10.9.0.1/24 dev vx0
n2: ip addr add 10.9.0.2/24 dev vx0
n1: ip link set vx0 up
n2: ip link set vx0 up
`
	const mark = "n1: iptables -t mangle -A POSTROUTING -o vx0 -j MARK --set-mark 0x55"
	explainBreakages(t, grouped, []breakage{
		{name: "to who takes it", from: "n1", to: "10.9.0.2", fault: strings.ReplaceAll(ends, "END", "gbp") + mark},
		{name: "and there is none", from: "n1", to: "10.9.0.2", fault: strings.ReplaceAll(ends, "END", "")},
		{name: "to who does not", from: "n1", to: "10.9.0.2", fault: strings.ReplaceAll(ends, "END", "") + mark,
			want: expected{device.TunnelMismatch, "n2", request}, noFix: true},
	})
}

// enclosing are two hosts on one wire with a tunnel of a kind between them.
const enclosing = `
n1: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0
n2: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0
n1: ip link add eth0 type veth peer name eth0 netns n2
n1: ip addr add 192.0.2.1/24 dev eth0
n2: ip addr add 192.0.2.2/24 dev eth0
n1: ip addr add fd00:6::1/64 dev eth0 nodad
n2: ip addr add fd00:6::2/64 dev eth0 nodad
n1: ip link set eth0 up
n2: ip link set eth0 up
n1: ip link add t1 type KIND % remote AT2
n2: ip link add t2 type KIND % remote AT1
n1: ip addr add 10.9.0.1/24 dev t1
n2: ip addr add 10.9.0.2/24 dev t2
n1: ip link set t1 up
n2: ip link set t2 up
`

// TestTunnelsOfOtherKinds: GENEVE, and tunnels in IPv6.
func TestTunnelsOfOtherKinds(t *testing.T) {
	labtest.Slow(t)
	for kind, of := range map[string]struct {
		at, one, other, words string
	}{
		"geneve":    {"192.0.2.", "id 7", "id 8", "(VNI) 7"},
		"ip6tnl":    {"fd00:6::", "mode any local AT", "mode ip6ip6 local AT", "none of its devices"},
		"ip6gre":    {"fd00:6::", "key 5 local AT", "key 6 local AT", "takes only packets with key"},
		"ip6gretap": {"fd00:6::", "key 5 local AT", "key 6 local AT", "takes only packets with key"},
	} {
		with := func(far string) string {
			script := strings.Replace(strings.Replace(enclosing, "%", of.one, 1), "%", far, 1)
			script = strings.Replace(strings.Replace(script, "local AT ", "local AT1 ", 1), "local AT ", "local AT2 ", 1)
			return strings.NewReplacer("KIND", kind, "AT1", of.at+"1", "AT2", of.at+"2").Replace(script)
		}
		base := baseNetwork{kind, with(of.one), []journey{{"n1", "10.9.0.2"}}}
		for _, c := range []struct {
			name, fault, hide string
			want              cause.Code
			netns, words      string
		}{
			{name: "healthy"},
			{name: "remote of nobody", fault: "n1: ip link set t1 type " + kind + " " + of.one + " remote " + of.at + "77", want: cause.NeighbourUnanswered, netns: "n1"},
			{name: "the other end is down", fault: "n2: ip link set t2 down", want: cause.LinkDown, netns: "n2"},
			{name: "the other end is out of sight, and opens nothing", fault: "n2: ip link set t2 down", hide: "n2"},
		} {
			t.Run(kind+", "+c.name, func(t *testing.T) {
				needTunnel(t, kind, of.at+"9")
				needTools(t, c.fault)
				b := base.build(t)
				b.run(strings.ReplaceAll(c.fault, "local AT ", "local "+of.at+"1 "))
				b.forget()
				if c.hide != "" {
					b.hide(c.hide)
				}
				a := b.explain(breakage{from: "n1", to: "10.9.0.2"}, true)
				switch {
				case c.hide != "":
					if a.Verdict == explain.Delivered || b.script(a.Cause.Netns) != "n1" {
						t.Errorf("%s\n%s", a.Verdict, b.account(a))
					}
				case (a.Verdict == explain.Delivered) != (c.want == ""), c.want != "" && (a.Cause.Code != c.want || b.script(a.Cause.Netns) != c.netns):
					t.Errorf("%s\n%s", a.Verdict, b.account(a))
				}
			})
		}
		t.Run(kind+", the ends do not fit", func(t *testing.T) {
			needTunnel(t, kind, of.at+"9")
			b := baseNetwork{kind, with(of.other), nil}.build(t)
			a := b.explain(breakage{from: "n1", to: "10.9.0.2"}, false)
			if a.Cause.Code != device.TunnelMismatch || b.script(a.Cause.Netns) != "n2" || !strings.Contains(a.Cause.Detail.In("en"), of.words) {
				t.Errorf("%s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}
