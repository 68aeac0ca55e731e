package replica

import (
	"net/netip"
	"testing"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

func TestWhoListenedAnswersInTheCopy(t *testing.T) {
	originals := map[string]*nsenter.Namespace{"a": labtest.Netns(t, "a"), "b": labtest.Netns(t, "b")}
	labtest.Script(t, originals, `
		a: ip link add eth0 type veth peer name eth0 netns b
		a: ip addr add 10.0.0.1/24 dev eth0
		a: ip link set eth0 up
		a: ip route add 10.9.0.1 via 10.0.0.2
		b: ip link set lo up
		b: ip addr add 10.0.0.2/24 dev eth0
		b: ip addr add 10.9.0.1/32 dev lo
		b: ip link set eth0 up
	`)
	n, err := Read(t.Context(), []Source{{"copy-a", originals["a"]}, {"copy-b", originals["b"]}})
	if err != nil {
		t.Fatal(err)
	}
	every := netip.MustParseAddrPort("0.0.0.0:8080")
	kept := netip.MustParseAddrPort("0.0.0.0:8081")
	handed := netip.MustParseAddrPort("0.0.0.0:8082")
	n.Spaces[1].Listeners = []Listener{{Proto: "tcp", At: every}, {Proto: "udp", At: every}, {Proto: "tcp", At: kept, Deaf: true}, {Proto: "udp", At: kept, Deaf: true},
		{Proto: "tcp", At: handed, Transparent: true}, {Proto: "udp", At: handed, Transparent: true}}
	c, err := Build(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Close()
		nsenter.Delete("/run/netns/copy-a")
		nsenter.Delete("/run/netns/copy-b")
	}()
	to := probe.Dial{Dst: netip.MustParseAddrPort("10.9.0.1:8080")}
	if r := probe.Connect(t.Context(), c.Spaces[0], to); r.Outcome != probe.Replied {
		t.Errorf("a connection: %s", r.Message)
	}
	// The address is another one than the way back would give it.
	if r := probe.Exchange(t.Context(), c.Spaces[0], to); r.Outcome != probe.Replied {
		t.Errorf("a datagram: %s", r.Message)
	}
	if r := probe.Get(t.Context(), c.Spaces[0], "http://10.9.0.1:8080/", 4*time.Second); !r.OK {
		t.Errorf("a page: %s", r.Message)
	}
	nobody := probe.Dial{Dst: netip.MustParseAddrPort("10.9.0.1:8081"), Timeout: 200 * time.Millisecond}
	if r := probe.Connect(t.Context(), c.Spaces[0], nobody); r.Outcome != probe.Silent {
		t.Errorf("a connection to who takes nothing: %s", r.Message)
	}
	if r := probe.Exchange(t.Context(), c.Spaces[0], nobody); r.Outcome != probe.Silent {
		t.Errorf("a datagram to who takes nothing: %s", r.Message)
	}
	again, err := Read(t.Context(), []Source{{"again", c.Spaces[1]}})
	if err != nil || len(again.Spaces[0].Listeners) != 6 {
		t.Fatalf("%v, %v", again.Spaces[0].Listeners, err)
	}
	for _, l := range again.Spaces[0].Listeners {
		if l.Deaf != (l.At == kept) || l.Transparent != (l.At == handed) {
			t.Errorf("%v", l)
		}
	}
}
