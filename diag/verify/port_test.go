package verify

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// What is lost is the answer to a connection from a port of one's own: whoever listens still
// waits for its third segment when it is opened again after the fix.
func TestAConnectionFromAPortOfOnesOwnIsTriedAgain(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.listens("inet", "203.0.113.10:8080")
	n.run("host: ip route add prohibit 10.244.1.10")
	to := netip.MustParseAddrPort("203.0.113.10:8080")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: to.Addr(), Proto: unix.IPPROTO_TCP, Port: to.Port(), SrcPort: 33333}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]change.Command{nil, {change.In("pod", "true")}} {
		b := a
		b.Fix = append(b.Fix, more...)
		v, err := Try(t.Context(), world, req, b)
		if err != nil || v == nil || !v.Passed || len(v.Dropped) != len(more) {
			t.Errorf("%v: %+v, %v", b.Fix, v, err)
		}
	}
	n.apply(a.Fix)
	if r := probe.Connect(t.Context(), n.spaces["pod"], probe.Dial{Dst: to, Timeout: time.Second}); r.Outcome != probe.Replied {
		t.Errorf("a verified fix does not mend the network: %s", r.Message)
	}
}

// The connection of before, which no rule of nat has translated, is not that of after; and what
// connection tracking has in the copy alone is nothing to be deleted in the network.
func TestWhatTheTrialHasConnectedIsForgotten(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.listens("inet", "203.0.113.10:8080")
	n.run("inet: ip route del 10.244.1.0/24\nhost: iptables -t nat -A POSTROUTING -s 10.244.9.0/24 -j MASQUERADE")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10"), Proto: unix.IPPROTO_TCP, Port: 8080, SrcPort: 33333}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	a.Fix = []change.Command{change.In("host", "iptables", "-t", "nat", "-A", "POSTROUTING", "-s", "10.244.1.10", "-o", "eth0", "-j", "MASQUERADE")}
	if v, err := Try(t.Context(), world, req, a); err != nil || v == nil || !v.Passed || len(v.Instead) > 0 || len(v.Fix) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Nobody answers who asks for the sender, which is not seen while the sender asks: from
// another port it can be sent again when he no longer does.
func TestAFixOfAConnectionFromAPortOfOnesOwnLasts(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.listens("host", "10.244.1.1:8080")
	n.run("host: ip neigh replace 10.244.1.10 lladdr 02:de:ad:00:00:01 dev veth-pod nud permanent\npod: sysctl -qw net.ipv4.conf.eth0.arp_ignore=8")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("10.244.1.1"), Proto: unix.IPPROTO_TCP, Port: 8080, SrcPort: 33333}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Try(t.Context(), world, req, a)
	if err != nil || v == nil {
		t.Fatal(v, err)
	}
	if !v.Passed || len(a.Fix) != 1 || len(v.Fix) != 2 {
		t.Errorf("%v: %v, %+v", a.Fix, v.Fix, v)
	}
}

// Nor are the connections of the trial any of what is left after a fix.
func TestWhatIsLeftIsNothingOfTheTrial(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	n.run("host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 ! -d 10.0.0.0/8 -j MASQUERADE\ninet: nft 'add table arp m; add chain arp m c { type filter hook output priority 0; }; add rule arp m c arp operation request drop'")
	world := machine.New()
	defer world.Close()
	from, err := world.Open("inet")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("10.244.1.10"), Proto: unix.IPPROTO_UDP, Port: 8080, SrcPort: 33333}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Try(t.Context(), world, req, a)
	if err != nil || v == nil || v.Differs == nil || !strings.Contains(v.Differs.In("en"), "not-listening in pod") {
		t.Errorf("%v: %+v, %v", a.Fix, v, err)
	}
}
