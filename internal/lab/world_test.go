package lab_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// newLab builds a lab for one test.
func newLab(t testing.TB) *lab.Lab {
	t.Helper()
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func namespace(t testing.TB, l *lab.Lab, name string) *nsenter.Namespace {
	t.Helper()
	ns, err := l.NS(name)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func read(t testing.TB, ns *nsenter.Namespace) *table.Snapshot {
	t.Helper()
	s, err := table.Read(t.Context(), ns, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// soon polls until ok holds, for at most the given time.
func soon(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestStartingTopologyIsTheOnePromised(t *testing.T) {
	l := newLab(t)
	want := map[string]struct{ links, addrs, routes []string }{
		lab.Host: {
			links:  []string{"lo", "eth0"},
			addrs:  []string{"lo 127.0.0.1/8", "eth0 192.168.6.160/24"},
			routes: []string{"default via 192.168.6.1 dev eth0", "192.168.6.0/24 dev eth0 proto kernel scope link src 192.168.6.160"},
		},
		lab.Inet: {
			links:  []string{"lo", "up0"},
			addrs:  []string{"lo 127.0.0.1/8", "lo 203.0.113.10/32", "lo 203.0.113.53/32", "up0 192.168.6.1/24"},
			routes: []string{"192.168.6.0/24 dev up0 proto kernel scope link src 192.168.6.1"},
		},
	}
	if names := l.Names(); !slices.Equal(names, []string{lab.Host, lab.Inet}) {
		t.Errorf("namespaces are %v", names)
	}
	for name, w := range want {
		s := read(t, namespace(t, l, name))
		var links, addrs, routes []string
		for _, link := range s.Links {
			links = append(links, link.Name)
			if !link.Has("UP") || !link.Has("LOWER_UP") {
				t.Errorf("%s: %s is not up: %v", name, link.Name, link.Flags)
			}
		}
		for _, a := range s.Addrs {
			if a.Family() == 4 {
				addrs = append(addrs, a.Dev+" "+a.Prefix.String())
			} else {
				t.Errorf("%s: IPv6 address %s", name, a.Prefix)
			}
		}
		for _, r := range s.MainRoutes(4) {
			routes = append(routes, strings.TrimSpace(r.Line()))
		}
		slices.Sort(addrs)
		slices.Sort(w.addrs)
		slices.Sort(routes)
		slices.Sort(w.routes)
		if !slices.Equal(links, w.links) || !slices.Equal(addrs, w.addrs) || !slices.Equal(routes, w.routes) {
			t.Errorf("%s has\n%q\n%q\n%q\nwant\n%q\n%q\n%q", name, links, addrs, routes, w.links, w.addrs, w.routes)
		}
	}
	s := read(t, namespace(t, l, lab.Host))
	if eth0, _ := s.Link("eth0"); eth0.PeerNetns != lab.Inet {
		t.Errorf("the other end of eth0 is in %q", eth0.PeerNetns)
	}
}

func TestStartingTopologyPings(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		from, to string
		want     probe.Outcome
	}{
		{lab.Host, "192.168.6.1", probe.Replied},
		{lab.Host, "203.0.113.10", probe.Replied},
		{lab.Host, "203.0.113.53", probe.Replied},
		{lab.Inet, "192.168.6.160", probe.Replied},
		{lab.Inet, "172.20.1.10", probe.NetworkUnreachable},
		{lab.Inet, "10.244.1.10", probe.NetworkUnreachable},
		{lab.Host, "www.example.com", probe.NoResolver},
	} {
		got := probe.Ping(t.Context(), namespace(t, l, test.from), probe.Echo{To: test.to, Timeout: l.PingTimeout()})
		if got.Outcome != test.want {
			t.Errorf("%s ping %s: %v (%s), want %v", test.from, test.to, got.Outcome, got.Message, test.want)
		}
	}
}

func TestResetBuildsTheSameAgainAndLeavesNothing(t *testing.T) {
	l := newLab(t)
	before := read(t, namespace(t, l, lab.Host)).String()
	oldHost := namespace(t, l, lab.Host)

	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	p, err := l.Spawn("ns1", "web", "web")
	if err != nil {
		t.Fatal(err)
	}
	// A program whose child holds its output must not hold Reset.
	if _, err := l.Spawn(lab.Host, "parent", "sh", "-c", "sleep 1000 & wait"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/etc/netns/ns1", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/etc/netns/ns1/resolv.conf", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l.Note("seen")

	start := time.Now()
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Reset took %v", took)
	}
	if names := l.Names(); !slices.Equal(names, []string{lab.Host, lab.Inet}) {
		t.Errorf("namespaces after Reset: %v", names)
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(p.PID())); err == nil {
		t.Errorf("process %d survived Reset", p.PID())
	}
	if left := l.Processes(); len(left) > 0 {
		t.Errorf("processes after Reset: %v", left)
	}
	for _, comm := range comms(t) {
		if comm == "sleep" {
			t.Error("the child of a spawned program survived Reset")
		}
	}
	if files, _ := filepath.Glob("/etc/netns/*"); len(files) > 0 {
		t.Errorf("files after Reset: %v", files)
	}
	if l.Noted("seen") {
		t.Error("a note survived Reset")
	}
	if oldHost.Context().Err() == nil {
		t.Error("the old host is still held open")
	}
	if after := read(t, namespace(t, l, lab.Host)).String(); after != before {
		t.Errorf("Reset built\n%s\nwant\n%s", after, before)
	}
}

func TestResetStopsWithItsContext(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Reset(ctx); err == nil {
		t.Error("Reset ignored that its context had ended")
	}
	if err := l.Reset(t.Context()); err != nil {
		t.Errorf("Reset after one that was broken off: %v", err)
	}
}

func TestCloseEmptiesTheLab(t *testing.T) {
	l := newLab(t)
	p, err := l.Spawn(lab.Host, "pause", "pause")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if p.Alive() {
		t.Error("a process survived Close")
	}
	if entries, _ := os.ReadDir("/run/netns"); len(entries) > 0 {
		t.Errorf("left below /run/netns: %v", entries)
	}
}

func TestNameServerKnowsOnlyTheLab(t *testing.T) {
	l := newLab(t)
	if err := os.MkdirAll("/etc/netns/host", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/etc/netns/host/resolv.conf", []byte("nameserver 203.0.113.53\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]probe.Outcome{
		"www.example.com":   probe.Replied,
		"WWW.Example.COM":   probe.Replied,
		"www.example.org":   probe.NoName,
		"example.com":       probe.NoName,
		"x.www.example.com": probe.NoName,
	} {
		got := probe.Ping(t.Context(), namespace(t, l, lab.Host), probe.Echo{To: name, Timeout: l.PingTimeout()})
		if got.Outcome != want {
			t.Errorf("ping %s: %v (%s), want %v", name, got.Outcome, got.Message, want)
		}
		if want == probe.Replied && got.From != netip.MustParseAddr("203.0.113.10") {
			t.Errorf("%s is at %s", name, got.From)
		}
	}
}
