package steps_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/steps"
)

// TestWatchSaysWhatItTries: as one would type it, and as a packet has it.
func TestWatchSaysWhatItTries(t *testing.T) {
	for _, test := range []struct {
		watch   steps.Watch
		command string
		to      string
		proto   byte
		port    uint16
	}{
		{steps.Watch{Ping: web}, "ping " + web, web, 0, 0},
		{steps.Watch{Ping: web, Size: 1472, DF: true}, "ping " + web + " -s 1472 -M do", web, 0, 0},
		{steps.Watch{Get: "http://10.96.0.100"}, "curl http://10.96.0.100", "10.96.0.100", unix.IPPROTO_TCP, 80},
		{steps.Watch{Get: "http://10.96.0.100:8080/x"}, "curl http://10.96.0.100:8080/x", "10.96.0.100", unix.IPPROTO_TCP, 8080},
		{steps.Watch{Ask: "10.96.0.10:53"}, "nc -u 10.96.0.10 53", "10.96.0.10", unix.IPPROTO_UDP, 53},
		{steps.Watch{Ask: "10.96.0.10:53", SrcPort: 40000}, "nc -u -p 40000 10.96.0.10 53", "10.96.0.10", unix.IPPROTO_UDP, 53},
	} {
		tried := test.watch.Tried()
		to, proto, port, _ := tried.Flow()
		if tried.Command() != test.command || to != test.to || proto != test.proto || port != test.port {
			t.Errorf("%+v: %q, to %s, protocol %d, port %d", test.watch, tried.Command(), to, proto, port)
		}
	}
}

// TestPromiseListsWhatItTries in the order of its results.
func TestPromiseListsWhatItTries(t *testing.T) {
	p := steps.Promise{
		Asks:  []steps.Ask{{From: pod, To: "10.96.0.10:53", Want: probe.Silent}},
		Gets:  []steps.Get{{From: pod, URL: "http://a", Fails: unix.ETIMEDOUT}, {From: pod, URL: "http://b", Fails: unix.ECONNREFUSED}, {From: pod, URL: "http://c"}},
		Pings: []steps.Ping{{From: pod, To: web, Want: probe.HostUnreachable}},
	}
	want := []probe.Outcome{probe.HostUnreachable, probe.Silent, probe.Refused, probe.Replied, probe.Silent}
	tries := p.Tries()
	if len(tries) != len(want) {
		t.Fatalf("%d tries: %+v", len(tries), tries)
	}
	for i, try := range tries {
		if try.Want != want[i] {
			t.Errorf("%s: wanted is %s, not %s", try.Command(), try.Want, want[i])
		}
	}
}
