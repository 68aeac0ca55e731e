package explain_test

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// TestANarrowWireBeforeAFarSide: an answer in full segments does not come from out of sight, and one
// in small segments does. What the router in sight has its rule do mends it.
func TestANarrowWireBeforeAFarSide(t *testing.T) {
	labtest.Slow(t)
	b := chain.build(t)
	b.run(`
r2: ip link set right mtu 1400
r3: ip link set left mtu 1400
r3: ip route flush cache`)
	needTools(t, "r3: iptables -A OUTPUT -p icmp --icmp-type 3/4 -j DROP")
	b.run("r3: iptables -A OUTPUT -p icmp --icmp-type 3/4 -j DROP")
	b.page("b", "10.2.0.2:80")
	for _, far := range []string{"r3", "r4", "b"} {
		b.hide(far)
	}
	const url, timeout = "http://10.2.0.2/", time.Second
	world := machine.New()
	defer world.Close()
	from, err := world.Open(b.real("a"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := explain.Explain(t.Context(), world, explain.Request{From: from, Dest: netip.MustParseAddr("10.2.0.2"), Proto: unix.IPPROTO_TCP, Port: 80, URL: url, Probe: true, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != explain.Broken || a.Cause.Code != cause.MTUExceeded || a.Cause.Netns != b.real("r2") || len(a.Fix) != 1 {
		t.Fatal(b.account(a))
	}
	b.apply(a.Fix[0])
	if got := probe.Get(t.Context(), from.NS, url, timeout); !got.OK {
		t.Errorf("after the fix: %s", got.Message)
	}
}

// page serves an answer that takes full segments.
func (b *built) page(netns, addr string) {
	b.t.Helper()
	var listener net.Listener
	err := nsenter.In(b.space(netns), func() (err error) {
		listener, err = net.Listen("tcp", addr)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("x", 50_000))) })}
	go func() { _ = server.Serve(listener) }()
	b.t.Cleanup(func() { server.Close() })
}

// TestANarrowWireInSightIsMendedOnce: of an answer that does not come in full segments, and
// whose reason is in sight, nothing is mended but that.
func TestANarrowWireInSightIsMendedOnce(t *testing.T) {
	labtest.Slow(t)
	b := chain.build(t)
	b.run(narrow)
	needTools(t, "r3: iptables -A OUTPUT -p icmp --icmp-type 3/4 -j DROP")
	b.run("r3: iptables -A OUTPUT -p icmp --icmp-type 3/4 -j DROP")
	b.page("b", "10.2.0.2:80")
	world := machine.New()
	defer world.Close()
	from, err := world.Open(b.real("a"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := explain.Explain(t.Context(), world, explain.Request{From: from, Dest: netip.MustParseAddr("10.2.0.2"), Proto: unix.IPPROTO_TCP, Port: 80, URL: "http://10.2.0.2/", Probe: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"r3: ip link set left mtu 1500", "r2: ip link set right mtu 1500"}
	if got := b.typed(a.Fix); a.Cause.Code != cause.MTUExceeded || !slices.Equal(got, want) {
		t.Errorf("the fix is %q, want %q\n%s", got, want, b.account(a))
	}
}

// TestANarrowPathOutOfSightIsNotForgotten: that a sender forgets what it was told of its path mends
// nothing where the path cannot be seen: it is told so again.
func TestANarrowPathOutOfSightIsNotForgotten(t *testing.T) {
	b := chain.build(t)
	b.run("r2: ip link set right mtu 1400")
	sent := probe.Ping(t.Context(), b.space("a"), probe.Echo{To: "10.2.0.2", Size: 1472, DF: true, Timeout: time.Second})
	if sent.Outcome == probe.Replied {
		t.Fatal(sent.Message)
	}
	for _, far := range []string{"r2", "r3", "r4", "b"} {
		b.hide(far)
	}
	world := machine.New()
	defer world.Close()
	from, err := world.Open(b.real("a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sends := range []bool{false, true} {
		a, err := explain.Explain(t.Context(), world, explain.Request{From: from, Dest: netip.MustParseAddr("10.2.0.2"), Size: 1472, DF: true, Probe: sends, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if a.Cause.Code != cause.MTUExceeded || len(a.Fix) != 0 || !strings.Contains(a.Cause.Detail.In("en"), "beyond right") {
			t.Errorf("with a probe: %t\n%s", sends, b.account(a))
		}
	}
}
