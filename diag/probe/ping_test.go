package probe

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// pingCase is one way for an echo to end. Where ping is installed it must
// print the message too, in a world of its own (a learned path MTU would
// change the second answer).
type pingCase struct {
	name    string
	loDown  bool
	arrange func(w *labtest.Trio)
	echo    Echo
	args    string // of the real ping, for the same
	outcome Outcome
	from    string
	message string
	mtu     int
}

var pingCases = []pingCase{
	{name: "the next hop replies", echo: Echo{To: "10.1.0.1"},
		outcome: Replied, from: "10.1.0.1", message: "64 bytes from 10.1.0.1: icmp_seq=1 ttl=64 time=# ms"},
	{name: "a machine behind a router replies", echo: Echo{To: "10.2.0.2", Size: 100}, args: "-s 100",
		outcome: Replied, from: "10.2.0.2", message: "108 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=# ms"},
	{name: "a payload too short for the cookie", echo: Echo{To: "10.2.0.2", Size: 4}, args: "-s 4",
		outcome: Replied, from: "10.2.0.2", message: "12 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=# ms"},
	{name: "fragments are put together", echo: Echo{To: "10.2.0.2", Size: 8000}, args: "-s 8000",
		outcome: Replied, from: "10.2.0.2", message: "8008 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=# ms"},

	{name: "no route", arrange: func(w *labtest.Trio) { w.NoDefaultRoute(w.C) }, echo: Echo{To: "10.2.0.2"},
		outcome: NetworkUnreachable, message: "ping: connect: Network is unreachable"},
	{name: "a throw route", arrange: func(w *labtest.Trio) { w.Reject(w.C, "10.2.0.0/24", unix.RTN_THROW); w.NoDefaultRoute(w.C) },
		echo: Echo{To: "10.2.0.2"}, outcome: NetworkUnreachable, message: "ping: connect: Network is unreachable"},
	{name: "loopback is down", loDown: true, arrange: func(w *labtest.Trio) { w.NoDefaultRoute(w.C) },
		echo: Echo{To: "127.0.0.1"}, outcome: NetworkUnreachable, message: "ping: connect: Network is unreachable"},
	{name: "an unreachable route", arrange: func(w *labtest.Trio) { w.Reject(w.C, "10.2.0.0/24", unix.RTN_UNREACHABLE) },
		echo: Echo{To: "10.2.0.2"}, outcome: NoRouteToHost, message: "ping: connect: No route to host"},
	{name: "a prohibit route", arrange: func(w *labtest.Trio) { w.Reject(w.C, "10.2.0.0/24", unix.RTN_PROHIBIT) },
		echo: Echo{To: "10.2.0.2"}, outcome: Prohibited,
		message: "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules"},
	{name: "a blackhole route", arrange: func(w *labtest.Trio) { w.Reject(w.C, "10.2.0.0/24", unix.RTN_BLACKHOLE) },
		echo: Echo{To: "10.2.0.2"}, outcome: InvalidArgument, message: "ping: connect: Invalid argument"},

	{name: "the own neighbour fails", echo: Echo{To: "10.1.0.77"},
		outcome: HostUnreachable, from: "10.1.0.2", message: "From 10.1.0.2 icmp_seq=1 Destination Host Unreachable"},
	{name: "the own neighbour fails and loopback is down", loDown: true,
		echo: Echo{To: "10.1.0.77", Timeout: time.Second}, outcome: Silent,
		message: "1 packets transmitted, 0 received, 100% packet loss, time 0ms"},
	{name: "nothing comes back", arrange: func(w *labtest.Trio) { w.NoDefaultRoute(w.S) },
		echo: Echo{To: "10.2.0.2", Timeout: 300 * time.Millisecond}, outcome: Silent,
		message: "1 packets transmitted, 0 received, 100% packet loss, time 0ms"},

	{name: "a router's neighbour fails", echo: Echo{To: "10.2.0.77"},
		outcome: HostUnreachable, from: "10.1.0.1", message: "From 10.1.0.1 icmp_seq=1 Destination Host Unreachable"},
	{name: "a router has no route", echo: Echo{To: "198.51.100.1"},
		outcome: NetUnreachableICMP, from: "10.1.0.1", message: "From 10.1.0.1 icmp_seq=1 Destination Net Unreachable"},
	{name: "a router's unreachable route", arrange: func(w *labtest.Trio) { w.Reject(w.R, "198.51.100.0/24", unix.RTN_UNREACHABLE) },
		echo: Echo{To: "198.51.100.1"}, outcome: HostUnreachable, from: "10.1.0.1",
		message: "From 10.1.0.1 icmp_seq=1 Destination Host Unreachable"},
	{name: "a router's prohibit route", arrange: func(w *labtest.Trio) { w.Reject(w.R, "198.51.100.0/24", unix.RTN_PROHIBIT) },
		echo: Echo{To: "198.51.100.1"}, outcome: Filtered, from: "10.1.0.1",
		message: "From 10.1.0.1 icmp_seq=1 Packet filtered"},
	{name: "a router rejects with port unreachable", arrange: func(w *labtest.Trio) { rejectForward(w, 3) },
		echo: Echo{To: "10.2.0.2"}, outcome: PortUnreachable, from: "10.1.0.1",
		message: "From 10.1.0.1 icmp_seq=1 Destination Port Unreachable"},
	{name: "a router rejects with host prohibited", arrange: func(w *labtest.Trio) { rejectForward(w, 10) },
		echo: Echo{To: "10.2.0.2"}, outcome: Filtered, from: "10.1.0.1",
		message: "From 10.1.0.1 icmp_seq=1 Destination Host Prohibited"},
	{name: "a router rejects with protocol unreachable", arrange: func(w *labtest.Trio) { rejectForward(w, 2) },
		echo: Echo{To: "10.2.0.2"}, outcome: ProtocolUnreachable, from: "10.1.0.1",
		message: "From 10.1.0.1 icmp_seq=1 Destination Protocol Unreachable"},
	{name: "the time to live runs out", echo: Echo{To: "10.2.0.2", TTL: 1}, args: "-t 1",
		outcome: TTLExceeded, from: "10.1.0.1", message: "From 10.1.0.1 icmp_seq=1 Time to live exceeded"},
	{name: "a router's next link is narrower", arrange: func(w *labtest.Trio) { w.MTU(w.R, "right", 1000); w.MTU(w.S, "eth0", 1000) },
		echo: Echo{To: "10.2.0.2", Size: 1200, DF: true}, args: "-s 1200 -M do", outcome: FragNeeded, from: "10.1.0.1", mtu: 1000,
		message: "From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1000)"},

	{name: "an OUTPUT rule drops", arrange: func(w *labtest.Trio) {
		w.Rule(w.C, nftables.ChainTypeFilter, nftables.ChainHookOutput, &expr.Verdict{Kind: expr.VerdictDrop})
	}, echo: Echo{To: "10.2.0.2"}, outcome: NotPermitted, message: "ping: sendmsg: Operation not permitted"},
	{name: "an OUTPUT rule rejects", arrange: func(w *labtest.Trio) {
		w.Rule(w.C, nftables.ChainTypeFilter, nftables.ChainHookOutput, &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 3})
	}, echo: Echo{To: "10.2.0.2"}, outcome: PortUnreachable, from: "10.1.0.2",
		message: "From 10.1.0.2 icmp_seq=1 Destination Port Unreachable"},
	{name: "longer than the device's MTU", echo: Echo{To: "10.2.0.2", Size: 1600, DF: true}, args: "-s 1600 -M do",
		outcome: MessageTooLong, mtu: 1500, message: "ping: local error: message too long, mtu=1500"},
	{name: "a veth whose peer has a smaller MTU", arrange: func(w *labtest.Trio) {
		w.MTU(w.R, "left", 1000)
		Ping(context.Background(), w.C, Echo{To: "10.1.0.1"}) // only a resolved neighbour tells
	}, echo: Echo{To: "10.1.0.1", Size: 1400}, args: "-s 1400",
		outcome: NoBufferSpace, message: "ping: sendmsg: No buffer space available"},
	{name: "somebody else answers", arrange: func(w *labtest.Trio) {
		w.Rule(w.C, nftables.ChainTypeRoute, nftables.ChainHookOutput,
			&expr.Immediate{Register: 1, Data: []byte{10, 2, 0, 2}},
			&expr.Payload{OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader,
				Offset: 16, Len: 4, CsumType: expr.CsumTypeInet, CsumOffset: 10})
	}, echo: Echo{To: "10.2.0.9"}, outcome: DifferentAddress, from: "10.2.0.2",
		message: "64 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=# ms (DIFFERENT ADDRESS!)"},
	{name: "a broadcast address", echo: Echo{To: "10.1.0.255"}, outcome: Prohibited,
		message: "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules"},
}

// rejectForward makes the router answer ICMP with an unreachable code.
func rejectForward(w *labtest.Trio, code uint8) {
	w.Rule(w.R, nftables.ChainTypeFilter, nftables.ChainHookForward,
		&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: code})
}

var pingTime = regexp.MustCompile(`time=[0-9.]+ ms`)

func (c pingCase) world(t *testing.T) *labtest.Trio {
	build := labtest.NewTrio
	if c.loDown {
		build = labtest.NewBareTrio
	}
	w := build(t)
	if strings.Contains(c.echo.To, ":") {
		w.IPv6()
	}
	if c.arrange != nil {
		c.arrange(w)
	}
	return w
}

func TestPingTellsOutcomesApart(t *testing.T) {
	labtest.Slow(t)
	for _, c := range pingCases {
		t.Run(c.name, func(t *testing.T) {
			got := Ping(t.Context(), c.world(t).C, c.echo)
			if got.Outcome != c.outcome || got.MTU != c.mtu || got.Seq != 1 {
				t.Errorf("got %v (mtu %d, seq %d), want %v (mtu %d, seq 1)", got.Outcome, got.MTU, got.Seq, c.outcome, c.mtu)
			}
			if message := pingTime.ReplaceAllString(got.Message, "time=# ms"); message != c.message {
				t.Errorf("message\n got %q\nwant %q", message, c.message)
			}
			if from := got.From; from.IsValid() != (c.from != "") || from.IsValid() && from.String() != c.from {
				t.Errorf("from %v, want %q", from, c.from)
			}
		})
	}
}

// summaryTime is how long it took, which on a busy machine is more than nothing.
var summaryTime = regexp.MustCompile(`time \d+ms`)

func TestPingSpeaksAsTheInstalledPing(t *testing.T) {
	labtest.Slow(t)
	if _, err := exec.LookPath("ping"); err != nil {
		t.Log("no ping here to compare with")
		return
	}
	for _, c := range pingCases {
		t.Run(c.name, func(t *testing.T) {
			w := c.world(t)
			args := append([]string{"-n", "-c1", "-W1"}, strings.Fields(c.args)...)
			said := w.Run(w.C, "ping", append(args, c.echo.To)...)
			message := c.message
			switch {
			case c.outcome == NotPermitted && !strings.Contains(said, "sendmsg"):
				// iputils 20221126 forgets to print this errno;
				// those before and after do.
				message = Unanswered()
			case c.echo.Size > 0 && c.echo.Size < 16:
				message = strings.TrimSuffix(message, " time=# ms") // ping's own timestamp does not fit
			}
			said = summaryTime.ReplaceAllString(said, "time 0ms")
			if !strings.Contains(pingTime.ReplaceAllString(said, "time=# ms"), message) {
				t.Errorf("ping said\n%swe say\n%s", said, c.message)
			}
		})
	}
}
