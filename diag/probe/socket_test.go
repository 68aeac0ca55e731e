package probe

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// Without CAP_NET_RAW the kernel's ICMP sockets do, for groups that
// ping_group_range lists.
func TestPingWithoutRawSockets(t *testing.T) {
	labtest.Slow(t)
	for _, c := range pingCases {
		switch c.outcome {
		case Replied, HostUnreachable, TTLExceeded, FragNeeded, PortUnreachable, Silent, NotPermitted, NetworkUnreachable, DifferentAddress:
		default:
			continue
		}
		t.Run(c.name, c.withoutRawSockets)
	}
}

// withoutRawSockets sends the echo by an ICMP socket for users, and wants the same.
func (c pingCase) withoutRawSockets(t *testing.T) {
	w := c.world(t)
	w.Sysctl(w.C, "net/ipv4/ping_group_range", "0 0")
	w.DropPrivilege(w.C)
	got := Ping(t.Context(), w.C, c.echo)
	if message := pingTime.ReplaceAllString(got.Message, "time=# ms"); got.Outcome != c.outcome || message != c.message {
		t.Errorf("got %v %q, want %v %q", got.Outcome, message, c.outcome, c.message)
	}
}

func TestPingWithoutAnyICMPSocketIsUnknown(t *testing.T) {
	w := labtest.NewTrio(t)
	w.DropPrivilege(w.C)
	got := Ping(t.Context(), w.C, Echo{To: "10.2.0.2"})
	if got.Outcome != OutcomeUnknown || got.Message != "ping: socket: Operation not permitted" {
		t.Errorf("got %v %q", got.Outcome, got.Message)
	}
}

// Every raw ICMP socket of a namespace is shown everybody's replies and
// errors, and a pending error of a stranger even fails its own sendmsg.
func TestPingsInOneNamespaceAreNotConfused(t *testing.T) {
	w := labtest.NewTrio(t)
	w.MTU(w.R, "right", 1000)
	w.MTU(w.S, "eth0", 1000)
	goroutines, descriptors := labtest.Footprint(t)
	echoes := []struct {
		echo   Echo
		want   Outcome
		rounds int
	}{
		{Echo{To: "10.2.0.2"}, Replied, 20},
		{Echo{To: "10.1.0.1"}, Replied, 20},
		{Echo{To: "10.2.0.2", Size: 1200, DF: true}, FragNeeded, 1}, // the second is MessageTooLong
		{Echo{To: "10.1.0.77"}, HostUnreachable, 20},
		{Echo{To: "10.2.0.77"}, HostUnreachable, 20},
		{Echo{To: "10.2.0.2", TTL: 1}, TTLExceeded, 20},
	}
	var pings sync.WaitGroup
	for _, e := range echoes {
		for round := range e.rounds {
			pings.Go(func() {
				if got := Ping(t.Context(), w.C, e.echo); got.Outcome != e.want {
					t.Errorf("round %d: %s: got %v %q, want %v", round, e.echo.To, got.Outcome, got.Message, e.want)
				}
			})
		}
	}
	pings.Wait()
	w.NoMoreThan(goroutines, descriptors)
}

func TestPingReadsRoundTripAndTTL(t *testing.T) {
	w := labtest.NewTrio(t)
	got := Ping(t.Context(), w.C, Echo{Dst: labtest.Addr("10.2.0.2"), Seq: 7})
	if got.Seq != 7 || got.TTL != 63 || got.From != labtest.Addr("10.2.0.2") || got.Src != labtest.Addr("10.1.0.2") {
		t.Errorf("got %+v", got)
	}
	if got.RTT <= 0 || got.RTT > time.Second {
		t.Errorf("round trip of %v", got.RTT)
	}
}

func TestPingSendsFromTheSourceItIsGiven(t *testing.T) {
	w := labtest.NewTrio(t)
	w.Addr(w.C, "eth0", "10.1.0.3/24")
	if got := Ping(t.Context(), w.C, Echo{To: "10.2.0.2", Src: labtest.Addr("10.1.0.3")}); got.Outcome != Replied || got.Src != labtest.Addr("10.1.0.3") {
		t.Errorf("got %+v", got)
	}
	got := Ping(t.Context(), w.C, Echo{To: "10.2.0.2", Src: labtest.Addr("10.9.9.9")})
	if got.Outcome != OutcomeUnknown || got.Message != "ping: bind: Cannot assign requested address" {
		t.Errorf("from a stranger's address: got %v %q", got.Outcome, got.Message)
	}
}

func TestPingEndsWithItsContext(t *testing.T) {
	w := labtest.NewBareTrio(t)
	goroutines, descriptors := labtest.Footprint(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	got := Ping(ctx, w.C, Echo{To: "10.1.0.77"})
	if took := time.Since(started); took > time.Second {
		t.Errorf("took %v", took)
	}
	if got.Outcome != OutcomeUnknown || !strings.Contains(got.Message, context.DeadlineExceeded.Error()) {
		t.Errorf("got %v %q", got.Outcome, got.Message)
	}
	cancel()
	w.NoMoreThan(goroutines, descriptors)
}

func TestPingEndsWithItsNamespace(t *testing.T) {
	w := labtest.NewBareTrio(t)
	again, err := nsenter.Open("c", fmt.Sprintf("/proc/self/fd/%d", w.C.FD()))
	w.Must(err)
	result := make(chan Result, 1)
	go func() { result <- Ping(t.Context(), again, Echo{To: "10.1.0.77", Timeout: time.Minute}) }()
	w.Eventually("the echo is under way", func() bool {
		counters, err := table.ReadCounters(w.C)
		w.Must(err)
		return counters["IcmpMsgOutType8"] == 1
	})
	again.Close()
	select {
	case got := <-result:
		if got.Outcome != OutcomeUnknown {
			t.Errorf("got %v %q", got.Outcome, got.Message)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the ping outlived its namespace")
	}
	if got := Ping(t.Context(), again, Echo{To: "10.1.0.1"}); !strings.Contains(got.Message, nsenter.ErrClosed.Error()) {
		t.Errorf("in a closed namespace: got %v %q", got.Outcome, got.Message)
	}
}

func TestPingWithoutNamespaceUsesTheCallersOwn(t *testing.T) {
	got := Ping(t.Context(), nil, Echo{To: "10.1.0.1"})
	if got.Outcome != NetworkUnreachable {
		t.Errorf("in the lab's empty namespace: got %v %q", got.Outcome, got.Message)
	}
}

func TestEchoTagMatchesOnlyItsOwn(t *testing.T) {
	tag := newEchoTag(&echo4, 3)
	own, err := tag.request(pingPayload)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) []byte {
		packet := append([]byte(nil), own...)
		packet[at]++
		return packet
	}
	cases := []struct {
		name string
		echo []byte
		want bool
	}{
		{"the whole message", own, true},
		{"quoted up to the middle of the cookie", own[:icmpHeaderLen+5], true},
		{"quoted without payload", own[:icmpHeaderLen], true},
		{"quoted without a whole header", own[:icmpHeaderLen-1], false},
		{"nothing", nil, false},
		{"of another type", changed(0), false},
		{"of another code", changed(1), false},
		{"of another id", changed(5), false},
		{"of another sequence number", changed(7), false},
		{"of another cookie", changed(icmpHeaderLen + 3), false},
		{"behind the cookie anything goes", changed(icmpHeaderLen + pingCookieBytes), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := tag.matches(c.echo, icmpEchoRequest); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// What a raw socket receives is anybody's: nothing of it may be trusted.
func TestTakeIgnoresMalformedPackets(t *testing.T) {
	x := exchange{tag: newEchoTag(&echo4, 1), echo: Echo{Dst: labtest.Addr("10.2.0.2"), Seq: 1}}
	request, err := x.tag.request(0)
	if err != nil {
		t.Fatal(err)
	}
	header := append([]byte{0x45}, make([]byte, 19)...)
	header[9] = unix.IPPROTO_ICMP
	quote := append(append([]byte(nil), header...), request...)
	whole := append(append(append([]byte(nil), header...), icmpUnreachable, 1, 0, 0, 0, 0, 0, 0), quote...)
	for n := range whole {
		if x.take(socketReport{data: whole[:n]}) {
			t.Errorf("taken when cut to %d bytes", n)
		}
	}
	if !x.take(socketReport{data: whole}) || x.result.Outcome != HostUnreachable {
		t.Errorf("an ICMP error in the receive queue: got %v", x.result.Outcome)
	}
}

func TestMillisecondsRoundAsPingDoes(t *testing.T) {
	for rtt, want := range map[time.Duration]string{
		25 * time.Microsecond:           "0.025",
		999 * time.Microsecond:          "0.999",
		1234 * time.Microsecond:         "1.23",
		9994 * time.Microsecond:         "9.99",
		9995 * time.Microsecond:         "10.0",
		45678 * time.Microsecond:        "45.7",
		99949 * time.Microsecond:        "99.9",
		99950 * time.Microsecond:        "100",
		818 * time.Millisecond:          "818",
		3*time.Second + time.Nanosecond: "3000",
	} {
		if got := milliseconds(rtt); got != want {
			t.Errorf("%v: got %s, want %s", rtt, got, want)
		}
	}
}

func TestOutcomeWordsAreCompleteAndDistinct(t *testing.T) {
	seen := map[string]Outcome{}
	for o := OutcomeUnknown; o <= Silent; o++ {
		word := o.String()
		if other, taken := seen[word]; taken || word == "" {
			t.Errorf("outcomes %d and %d are both %q", other, o, word)
		}
		seen[word] = o
	}
	if got := Outcome(99).String(); got != "unknown" {
		t.Errorf("no outcome at all: got %q", got)
	}
}
