package explain_test

import (
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// faultCase breaks the finished way out of chapter 3 with one command.
type faultCase struct {
	name, netns, command string
	code                 cause.Code
	at                   string
	leg                  flows.Leg
}

var faultCases = []faultCase{
	{"pod end down", "ns1", "ip link set ns1-eth0 down", cause.LinkDown, "ns1", "request"},
	{"host end down", "host", "ip link set veth-ns1 down", cause.LinkDown, "host", "request"},
	{"forwarding off", "host", "sysctl -qw net.ipv4.conf.eth0.forwarding=0", cause.ForwardingOff, "host", "reply"},
	{"all forwarding off", "host", "sysctl -qw net.ipv4.ip_forward=0", cause.ProxyARPNeedsForwarding, "host", "request"},
	{"blackhole at the source", "ns1", "ip route add blackhole 203.0.113.10", cause.RouteBlackhole, "ns1", "request"},
	{"blackhole in transit", "host", "ip route add blackhole 203.0.113.10", cause.RouteBlackhole, "host", "request"},
	{"unreachable in transit", "host", "ip route add unreachable 203.0.113.10", cause.RouteUnreachable, "host", "request"},
	{"prohibit in transit", "host", "ip route add prohibit 203.0.113.0/24", cause.RouteProhibit, "host", "request"},
	{"echo ignored", "inet", "sysctl -qw net.ipv4.icmp_echo_ignore_all=1", cause.EchoIgnored, "inet", "request"},
	{"host route gone", "host", "ip route del 172.20.1.10 dev veth-ns1", cause.NoReturnRoute, "host", "reply"},
	{"FORWARD drops the pod", "host", "iptables -I FORWARD -s 172.20.1.10 -j DROP", cause.Filtered, "host", "request"},
	{"FORWARD policy", "host", "iptables -P FORWARD DROP", cause.Filtered, "host", "request"},
	{"legacy FORWARD drops the pod", "host", "iptables-legacy -I FORWARD -s 172.20.1.10 -j DROP", cause.Filtered, "host", "request"},
	{"OUTPUT drops", "ns1", "iptables -A OUTPUT -p icmp -j DROP", cause.Filtered, "ns1", "request"},
	{"native nft drops the reply", "host",
		"nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }; add rule inet t f icmp type echo-reply drop'",
		cause.Filtered, "host", "reply"},
	{"native nft jumps to a drop", "host",
		"nft 'add table ip t; add chain ip t no; add rule ip t no drop; add chain ip t f { type filter hook forward priority 0; }; add rule ip t f ip daddr 203.0.113.0/24 jump no'",
		cause.Filtered, "host", "request"},
}

// TestFaultsOfTheWayOut: one command breaks a working path; the cause, its
// place and its leg are found, the ping agrees, and where nothing else is
// broken behind it the fix brings the path back.
func TestFaultsOfTheWayOut(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, c := range faultCases {
		t.Run(c.name, func(t *testing.T) {
			player := steps.NewPlayer(l, chapters.All())
			if err := player.Goto(t.Context(), "3.A2"); err != nil {
				t.Fatal(err)
			}
			if err := player.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
			cmd, err := l.Command(t.Context(), c.netns, "sh", "-c", c.command)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Logf("not broken here: %v: %s", err, out) // the command is not installed
				return
			}
			watch := player.Step().Watch
			answer := ask(t, l, watch)
			if answer.Cause.Code != c.code || answer.Cause.Netns != c.at || answer.Cause.Leg != c.leg {
				t.Fatalf("cause %s in %q on the %s, want %s in %q on the %s: %+v",
					answer.Cause.Code, answer.Cause.Netns, answer.Cause.Leg, c.code, c.at, c.leg, answer)
			}
			if answer.Probe.Received != 0 {
				t.Errorf("the ping was answered: %s", answer.Probe.Message)
			}
			if len(answer.Next) == 0 {
				mend(t, l, watch, answer)
			}
		})
	}
}
