package probe

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
)

// ping6Cases is pingCases for IPv6.
var ping6Cases = []pingCase{
	{name: "the next hop replies", echo: Echo{To: "fd00:1::1"},
		outcome: Replied, from: "fd00:1::1", message: "64 bytes from fd00:1::1: icmp_seq=1 ttl=64 time=# ms"},
	{name: "a machine behind a router replies", echo: Echo{To: "fd00:2::2", Size: 100}, args: "-s 100",
		outcome: Replied, from: "fd00:2::2", message: "108 bytes from fd00:2::2: icmp_seq=1 ttl=63 time=# ms"},
	{name: "fragments are put together", echo: Echo{To: "fd00:2::2", Size: 8000}, args: "-s 8000",
		outcome: Replied, from: "fd00:2::2", message: "8008 bytes from fd00:2::2: icmp_seq=1 ttl=63 time=# ms"},
	{name: "oneself", echo: Echo{To: "::1"}, outcome: Replied, from: "::1", message: "64 bytes from ::1: icmp_seq=1 ttl=64 time=# ms"},
	{name: "a link-local address", arrange: func(w *labtest.Trio) {
		w.Addr(w.R, "left", "fe80::1/64")
		w.Sysctl(w.C, "net/ipv6/neigh/eth0/retrans_time_ms", "1000") // on a busy machine the answer may be late
	}, echo: Echo{To: "fe80::1%eth0"},
		outcome: Replied, from: "fe80::1%eth0", message: "64 bytes from fe80::1%eth0: icmp_seq=1 ttl=64 time=# ms"},
	{name: "a link-local address of no device", echo: Echo{To: "fe80::1%nosuch"}, outcome: InvalidArgument,
		message: "ping: connect: Invalid argument", args: "?"},

	{name: "no route", arrange: noRoutes, echo: Echo{To: "fd00:2::2"},
		outcome: NetworkUnreachable, message: "ping: connect: Network is unreachable"},
	{name: "an unreachable route", arrange: rejected(unix.RTN_UNREACHABLE), echo: Echo{To: "fd00:2::2"},
		outcome: NoRouteToHost, message: "ping: connect: No route to host"},
	{name: "a prohibit route", arrange: rejected(unix.RTN_PROHIBIT), echo: Echo{To: "fd00:2::2"},
		outcome: Prohibited, message: "ping: connect: Permission denied"},
	{name: "a blackhole route", arrange: rejected(unix.RTN_BLACKHOLE), echo: Echo{To: "fd00:2::2"},
		outcome: InvalidArgument, message: "ping: connect: Invalid argument"},

	{name: "the own neighbour fails", echo: Echo{To: "fd00:1::77"},
		outcome: HostUnreachable, from: "fd00:1::2", message: "From fd00:1::2 icmp_seq=1 Destination unreachable: Address unreachable"},
	{name: "a router's neighbour fails", echo: Echo{To: "fd00:2::77"},
		outcome: HostUnreachable, from: "fd00:1::1", message: "From fd00:1::1 icmp_seq=1 Destination unreachable: Address unreachable"},
	{name: "a router has no route", echo: Echo{To: "2001:db8::1"},
		outcome: NetUnreachableICMP, from: "fd00:1::1", message: "From fd00:1::1 icmp_seq=1 Destination unreachable: No route"},
	{name: "a router's prohibit route", arrange: func(w *labtest.Trio) { w.Reject(w.R, "2001:db8::/32", unix.RTN_PROHIBIT) },
		echo: Echo{To: "2001:db8::1"}, outcome: Filtered, from: "fd00:1::1",
		message: "From fd00:1::1 icmp_seq=1 Destination unreachable: Administratively prohibited"},
	{name: "a router rejects with port unreachable", arrange: dialRule(onR, ip6, unix.IPPROTO_ICMPV6, forward, rejectWith(4)),
		echo: Echo{To: "fd00:2::2"}, outcome: PortUnreachable, from: "fd00:1::1",
		message: "From fd00:1::1 icmp_seq=1 Destination unreachable: Port unreachable"},
	{name: "a router rejects with reject route", arrange: dialRule(onR, ip6, unix.IPPROTO_ICMPV6, forward, rejectWith(6)),
		echo: Echo{To: "fd00:2::2"}, outcome: Filtered, from: "fd00:1::1",
		message: "From fd00:1::1 icmp_seq=1 Destination unreachable: Reject route to destination", args: "?"},
	{name: "nothing comes back", arrange: dialRule(onR, ip6, unix.IPPROTO_ICMPV6, forward, dropped),
		echo: Echo{To: "fd00:2::2", Timeout: dialShort}, outcome: Silent,
		message: "1 packets transmitted, 0 received, 100% packet loss, time 0ms"},
	{name: "the hop limit runs out", echo: Echo{To: "fd00:2::2", TTL: 1}, args: "-t 1",
		outcome: TTLExceeded, from: "fd00:1::1", message: "From fd00:1::1 icmp_seq=1 Time exceeded: Hop limit"},
	{name: "a router's next link is narrower", arrange: func(w *labtest.Trio) { w.MTU(w.R, "right", 1300); w.MTU(w.S, "eth0", 1300) },
		echo: Echo{To: "fd00:2::2", Size: 1400, DF: true}, args: "-s 1400 -M do", outcome: FragNeeded, from: "fd00:1::1", mtu: 1300,
		message: "From fd00:1::1 icmp_seq=1 Packet too big: mtu=1300"},
	{name: "longer than the device's MTU", echo: Echo{To: "fd00:2::2", Size: 1600, DF: true}, args: "-s 1600 -M do",
		outcome: MessageTooLong, mtu: 1500, message: "ping: local error: message too long, mtu: 1500"},
	{name: "an OUTPUT rule drops", arrange: dialRule(onC, ip6, unix.IPPROTO_ICMPV6, output, dropped),
		echo: Echo{To: "fd00:2::2"}, outcome: NotPermitted, message: "ping: sendmsg: Operation not permitted"},
}

func TestPing6TellsOutcomesApart(t *testing.T) {
	labtest.Slow(t)
	for _, c := range ping6Cases {
		t.Run(c.name, func(t *testing.T) {
			w := c.world(t)
			got := Ping(t.Context(), w.C, c.echo)
			if message := pingTime.ReplaceAllString(got.Message, "time=# ms"); got.Outcome != c.outcome || got.MTU != c.mtu || message != c.message {
				t.Errorf("got %v (mtu %d) %q, want %v (mtu %d) %q", got.Outcome, got.MTU, message, c.outcome, c.mtu, c.message)
			}
			if from := got.From; from.IsValid() != (c.from != "") || from.IsValid() && from.String() != c.from {
				t.Errorf("from %v, want %q", from, c.from)
			}
		})
	}
}

func TestPing6WithoutRawSockets(t *testing.T) {
	labtest.Slow(t)
	for _, c := range ping6Cases {
		if c.outcome == NotPermitted {
			continue // ping_v6_sendmsg() throws the error of the push away
		}
		t.Run(c.name, c.withoutRawSockets)
	}
}

func TestPing6SpeaksAsTheInstalledPing(t *testing.T) {
	labtest.Slow(t)
	if _, err := exec.LookPath("ping"); err != nil {
		t.Log("no ping here to compare with")
		return
	}
	for _, c := range ping6Cases {
		if c.args == "?" {
			continue // what ping calls otherwise, or does not know yet
		}
		t.Run(c.name, func(t *testing.T) {
			w := c.world(t)
			args := append([]string{"-6", "-n", "-c1", "-W1"}, strings.Fields(c.args)...)
			said := summaryTime.ReplaceAllString(w.Run(w.C, "ping", append(args, c.echo.To)...), "time 0ms")
			message := c.message
			if c.outcome == NotPermitted && !strings.Contains(said, "sendmsg") {
				message = Unanswered() // as for IPv4
			}
			if !strings.Contains(pingTime.ReplaceAllString(said, "time=# ms"), message) {
				t.Errorf("ping said\n%swe say\n%s", said, c.message)
			}
		})
	}
}

// The zone of a link-local source is the destination's.
func TestPing6SendsFromTheSourceItIsGiven(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	w.Addr(w.C, "eth0", "fd00:1::3/64")
	w.Addr(w.C, "eth0", "fe80::3/64")
	w.Addr(w.R, "left", "fe80::1/64")
	for _, c := range []struct{ to, src string }{{"fd00:2::2", "fd00:1::3"}, {"fe80::1%eth0", "fe80::3"}} {
		got := Ping(t.Context(), w.C, Echo{To: c.to, Src: labtest.Addr(c.src), Timeout: time.Second})
		if got.Outcome != Replied || got.Src != labtest.Addr(c.src) {
			t.Errorf("%s: got %+v", c.to, got)
		}
	}
	got := Ping(t.Context(), w.C, Echo{To: "fd00:2::2", Src: labtest.Addr("10.1.0.2")})
	if got.Outcome != OutcomeUnknown || got.Message != "ping: bind: Address family not supported by protocol" {
		t.Errorf("from IPv4: got %+v", got)
	}
}
