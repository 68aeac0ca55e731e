package explain_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/internal/lab/labtest"
)

// sometime is what loses some of several echoes, and what is said of it.
type sometime struct {
	name     string
	base     baseNetwork
	fault    string
	hide     []string
	from, to string
	netns    string
	beyond   string
	words    []string // in the detail, or in the evidence
}

// some drops every other packet of a rule set's hook.
const some = `
%: nft add table ip some
%: nft 'add chain ip some at { type filter hook @ priority 0; }'
%: nft add rule ip some at icmp type echo-request numgen inc mod 2 0 drop`

func someAt(netns, hook string) string {
	return strings.NewReplacer("%", netns, "@", hook).Replace(some)
}

var sometimes = []sometime{
	{name: "a rule that draws lots", base: routed, fault: someAt("host", "forward"), from: "pod-a", to: "10.244.1.11",
		netns: "host", words: []string{"10 echoes sent, 5 answered", "numgen inc mod 2", "5 of them: the request was last seen in by veth-pod-a", "not out of veth-pod-b"}},
	{name: "a queue that is too slow", base: routed, fault: "host: tc qdisc add dev veth-pod-b root tbf rate 2kbit burst 200 limit 200", from: "pod-a", to: "10.244.1.11",
		netns: "host", words: []string{"veth-pod-b: tbf dropped +", "not out of veth-pod-b"}},
	{name: "the reply's queue is too slow", base: routed, fault: "pod-b: tc qdisc add dev eth0 root tbf rate 2kbit burst 200 limit 200", from: "pod-a", to: "10.244.1.11",
		netns: "pod-b", words: []string{"eth0: tbf dropped +", "the reply was last seen|in by eth0"}},
	{name: "somewhere beyond", base: masqueraded, fault: someAt("inet", "input"), hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10",
		netns: "host", beyond: "eth0", words: []string{"5 of 10 echoes were not answered", "left eth0 of host"}},
}

// TestWhatLosesSomeEchoesIsNamed: how many are lost, where they were seen last, and
// what counted them there.
func TestWhatLosesSomeEchoesIsNamed(t *testing.T) {
	labtest.Slow(t)
	abreast(sometimes, func(s sometime) {
		t.Run(s.name, func(t *testing.T) { s.try(s.base.build(t)) })
	})
}

func (s sometime) try(b *built) {
	b.t.Helper()
	needTools(b.t, s.fault)
	b.run(s.fault)
	for _, netns := range s.hide {
		b.hide(netns)
	}
	a := b.explain(breakage{from: s.from, to: s.to, count: 10}, true)
	if a.Verdict != explain.Broken || a.Cause.Code != device.PacketLoss || b.script(a.Cause.Netns) != s.netns || a.Beyond != s.beyond {
		b.t.Errorf("%s, %s in %s, beyond %q\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), a.Beyond, b.account(a))
	}
	if a.Probe.Sent != 10 || a.Probe.Received == 0 || a.Probe.Received == 10 {
		b.t.Errorf("%d of %d are answered: %s", a.Probe.Received, a.Probe.Sent, a.Probe.Message)
	}
	said := strings.ReplaceAll(a.Cause.Detail.In("en"), b.suffix, "")
	for _, e := range a.Cause.Evidence {
		said += "\n" + strings.ReplaceAll(e.In("en"), b.suffix, "")
	}
	for _, word := range s.words {
		if !containsAny(said, strings.Split(word, "|")) {
			b.t.Errorf("%q is not said:\n%s", word, said)
		}
	}
}

func containsAny(text string, any []string) bool {
	for _, one := range any {
		if strings.Contains(text, one) {
			return true
		}
	}
	return false
}

// TestAllEchoesAreCountedWhereAllAreWell: a series that nothing loses is delivered.
func TestAllEchoesAreCountedWhereAllAreWell(t *testing.T) {
	b := routed.build(t)
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.11", count: 5}, true)
	if a.Verdict != explain.Delivered || a.Cause.Code != cause.None || a.Probe.Sent != 5 || a.Probe.Received != 5 {
		t.Errorf("%s, %s: %+v\n%s", a.Verdict, a.Cause.Code, a.Probe, b.account(a))
	}
}

// TestADeviceThatComesAndGoesIsNamed: the end that somebody switches, and not the one
// that only loses its carrier by that; where the former cannot be seen, the latter.
func TestADeviceThatComesAndGoesIsNamed(t *testing.T) {
	labtest.Slow(t)
	type comes struct {
		name, switched, dev string
		hide                []string
		netns, word         string
	}
	abreast([]comes{
		{"here", "host", "eth0", nil, "host", "switched off"},
		{"at the other end", "inet", "up0", nil, "inet", "switched off"},
		{"out of sight", "inet", "up0", []string{"inet"}, "host", "loses its carrier"},
	}, func(c comes) {
		t.Run(c.name, func(t *testing.T) {
			b := masqueraded.build(t)
			h := b.handle(c.switched)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			for _, netns := range c.hide {
				b.hide(netns)
			}
			go func() { ended <- flap(ctx, h, c.dev) }()
			a := b.explain(breakage{from: "pod-a", to: "203.0.113.10", count: 15}, true)
			cancel()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			said := a.Cause.Detail.In("en")
			if a.Verdict != explain.Broken || a.Cause.Code != device.LinkFlap || b.script(a.Cause.Netns) != c.netns || !strings.Contains(said, c.word) {
				t.Errorf("%s, %s in %s: %s\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), said, b.account(a))
			}
		})
	})
}

// flap switches a device off and on until ctx ends. What a route by it needs it gets
// back.
func flap(ctx context.Context, h *netlink.Handle, dev string) error {
	link, err := h.LinkByName(dev)
	if err != nil {
		return err
	}
	routes, err := h.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for off := true; ; off = !off {
		if off {
			err = h.LinkSetDown(link)
		} else {
			err = h.LinkSetUp(link)
			for _, r := range routes {
				if r.Gw != nil && err == nil {
					err = h.RouteReplace(&r)
				}
			}
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return h.LinkSetUp(link)
		case <-tick.C:
		}
	}
}

// TestAQueueThatTakesNothing: a token bucket with less than a packet's bytes loses all.
func TestAQueueThatTakesNothing(t *testing.T) {
	const fault = "host: tc qdisc add dev veth-pod-b root tbf rate 8bit burst 10 limit 100"
	needTools(t, fault)
	if !witnessed(t) {
		t.Skip("the kernel does not tell what it drops")
	}
	b := routed.build(t)
	b.run(fault)
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, true)
	if said := a.Cause.Detail.String(); a.Verdict != explain.Broken || a.Cause.Code != device.PacketLoss || b.script(a.Cause.Netns) != "host" || !strings.Contains(said, "the queue of veth-pod-b (qdisc tbf)") {
		t.Errorf("%s, %s in %s: %s\n%s", a.Verdict, a.Cause.Code, b.script(a.Cause.Netns), said, b.account(a))
	}
}
