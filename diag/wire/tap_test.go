package wire

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"nstutor/internal/nsenter"
)

func TestTapSeesResolutionAndEchoOnBothEnds(t *testing.T) {
	a, b := wirePair(t)
	tapA, tapB := wireCapture(t, a, Filter{}), wireCapture(t, b, Filter{})
	before := time.Now().Round(0)
	wireEcho(t, a, wireAddrB, 7, 1)

	want := []struct {
		text, src, dst string
		fromA          bool
	}{
		{"who-has 10.0.0.2 tell 10.0.0.1", wireMACa, wireBroadcast, true},
		{"10.0.0.2 is-at " + wireMACb, wireMACb, wireMACa, false},
		{"10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 64", wireMACa, wireMACb, true},
		{"10.0.0.2 > 10.0.0.1: ICMP echo reply, id 7, seq 1, length 64", wireMACb, wireMACa, false},
	}
	for _, end := range []struct {
		tap        *Tap
		netns, dev string
		isA        bool
	}{{tapA, "wire-a", "a0", true}, {tapB, "wire-b", "b0", false}} {
		frames := wireUntil(t, end.tap.Frames(), wireIsEchoReply)
		if len(frames) != len(want) {
			t.Fatalf("%s saw %d frames, want %d:\n%s", end.netns, len(frames), len(want), wireLines(frames))
		}
		for i, f := range frames {
			w := want[i]
			if f.String() != w.text || f.SrcMAC.String() != w.src || f.DstMAC.String() != w.dst {
				t.Errorf("%s frame %d is %s\nwant %s > %s: %s", end.netns, i, f.Line(), w.src, w.dst, w.text)
			}
			if f.Out != (w.fromA == end.isA) || f.ToOther {
				t.Errorf("%s frame %d: Out %t, ToOther %t", end.netns, i, f.Out, f.ToOther)
			}
			if f.Netns != end.netns || f.Dev != end.dev {
				t.Errorf("frame %d is of %s/%s, want %s/%s", i, f.Netns, f.Dev, end.netns, end.dev)
			}
			if f.At.Before(before) || f.At.After(time.Now().Round(0)) {
				t.Errorf("%s frame %d: time %s is not between sending and now", end.netns, i, f.At)
			}
		}
		if last := frames[3]; last.Bytes != 98 || last.TTL != 64 {
			t.Errorf("%s: echo reply has %d bytes and ttl %d, want 98 and 64", end.netns, last.Bytes, last.TTL)
		}
	}
}

func TestTapMarksAFrameForAnotherMAC(t *testing.T) {
	a, b := wirePair(t)
	link, err := wireHandle(t, a).LinkByName("a0")
	if err != nil {
		t.Fatal(err)
	}
	err = wireHandle(t, a).NeighAdd(&netlink.Neigh{
		LinkIndex: link.Attrs().Index, State: netlink.NUD_PERMANENT,
		IP: wireAddrB.AsSlice(), HardwareAddr: wireMAC(t, "02:00:00:00:de:ad"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tap := wireCapture(t, b, Filter{})
	wireEcho(t, a, wireAddrB, 7, 1)
	frames := wireUntil(t, tap.Frames(), func(f Frame) bool { return f.Op == "echo request" })
	if f := frames[0]; !f.ToOther || f.Out || f.DstMAC.String() != "02:00:00:00:de:ad" {
		t.Errorf("not marked as another station's frame: %s", f.Line())
	}
}

func TestTapReadsThePacketThatAnICMPErrorQuotes(t *testing.T) {
	a, b := wirePair(t)
	if err := b.WriteSysctl("net/ipv4/ip_forward", "1"); err != nil {
		t.Fatal(err)
	}
	link, err := wireHandle(t, a).LinkByName("a0")
	if err != nil {
		t.Fatal(err)
	}
	via := &netlink.Route{LinkIndex: link.Attrs().Index, Gw: wireAddrB.AsSlice()}
	if err := wireHandle(t, a).RouteAdd(via); err != nil {
		t.Fatal(err)
	}
	tap := wireCapture(t, a, Filter{})
	wireEcho(t, a, netip.MustParseAddr("203.0.113.9"), 9, 1)
	frames := wireUntil(t, tap.Frames(), func(f Frame) bool { return f.Op == "net unreachable" })
	f := frames[len(frames)-1]
	if got, want := f.String(), "10.0.0.2 > 10.0.0.1: ICMP net 203.0.113.9 unreachable, length 92"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if f.Inner == nil || f.Inner.ID != 9 || f.Inner.Seq != 1 || f.Inner.Op != "echo request" || f.Inner.Src != wireAddrA {
		t.Errorf("quoted packet: %+v", f.Inner)
	}
}

func TestTapReadsInsideVXLAN(t *testing.T) {
	t.Run("on a port that everybody knows", func(t *testing.T) { tapReadsInsideVXLAN(t, 4789, Filter{}) })
	t.Run("on another port", func(t *testing.T) { tapReadsInsideVXLAN(t, 5555, Filter{VXLAN: []uint16{5555}}) })
}

func tapReadsInsideVXLAN(t *testing.T, port int, filter Filter) {
	t.Helper()
	a, b := wirePair(t)
	for i, ns := range []*nsenter.Namespace{a, b} {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = "vx"
		remote := []netip.Addr{wireAddrB, wireAddrA}[i]
		err := wireHandle(t, ns).LinkAdd(&netlink.Vxlan{LinkAttrs: attrs, VxlanId: 100, Port: port, Group: remote.AsSlice()})
		if err != nil {
			t.Fatalf("%s: add vxlan: %v", ns.Name(), err)
		}
		wireUp(t, ns, "vx", fmt.Sprintf("10.9.0.%d/24", i+1))
	}
	tap := wireCapture(t, b, filter)
	wireEcho(t, a, netip.MustParseAddr("10.9.0.2"), 7, 1)
	frames := wireUntil(t, tap.Frames(), func(f Frame) bool {
		return f.Proto == "VXLAN" && f.Inner.Op == "echo reply"
	})
	f := frames[len(frames)-1]
	prefix := fmt.Sprintf("10.0.0.2.%d > 10.0.0.1.%d: VXLAN, vni 100: ", f.SrcPort, port)
	if want := prefix + "10.9.0.2 > 10.9.0.1: ICMP echo reply, id 7, seq 1, length 64"; f.String() != want {
		t.Errorf("got %s, want %s", f, want)
	}
	bare := 0
	for _, f := range frames {
		if f.Dev == "vx" && f.Proto == "ICMP" {
			bare++
		}
	}
	if bare != 2 {
		t.Errorf("the VXLAN device shows %d bare echoes, want request and reply:\n%s", bare, wireLines(frames))
	}
}

func TestTapDropsAndCountsABurstNobodyReads(t *testing.T) {
	const burst = 20000
	a, b := wirePair(t)
	if err := b.WriteSysctl("net/ipv4/icmp_echo_ignore_all", "1"); err != nil {
		t.Fatal(err)
	}
	tap := wireCapture(t, a, Filter{})
	wireEcho(t, a, wireAddrB, 1, 1)
	wireUntil(t, tap.Frames(), func(f Frame) bool { return f.Op == "echo request" }) // b is resolved
	wireEcho(t, a, wireAddrB, 2, burst)
	wirePoll(t, "every frame is either queued or counted", func() bool {
		return uint64(len(tap.Frames()))+tap.Dropped() == burst
	})
	if len(tap.Frames()) != tapBacklog {
		t.Errorf("%d frames wait for the reader, want %d", len(tap.Frames()), tapBacklog)
	}
	for range tapBacklog {
		<-tap.Frames()
	}
	wireEcho(t, a, wireAddrB, 3, 1)
	wireUntil(t, tap.Frames(), func(f Frame) bool { return f.ID == 3 })
	dropped := tap.Dropped()
	tap.Close()
	if tap.Dropped() != dropped {
		t.Errorf("Close changed the count from %d to %d", dropped, tap.Dropped())
	}
}

func TestTapFollowsARenamedDevice(t *testing.T) {
	a, _ := wirePair(t)
	tap := wireCapture(t, a, Filter{})
	wireEcho(t, a, wireAddrB, 1, 1)
	wireUntil(t, tap.Frames(), wireIsEchoReply)
	h := wireHandle(t, a)
	link, err := h.LinkByName("a0")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.LinkSetName(link, "eth0"); err != nil {
		t.Fatalf("rename a0 while it is up: %v", err)
	}
	wireEcho(t, a, wireAddrB, 2, 1)
	frames := wireUntil(t, tap.Frames(), func(f Frame) bool { return f.ID == 2 })
	if f := frames[len(frames)-1]; f.Dev != "eth0" {
		t.Errorf("frame of %s, want eth0", f.Dev)
	}
}

func TestTapSeesTheLoopbackDevice(t *testing.T) {
	a, _ := wirePair(t)
	wireUp(t, a, "lo", "")
	tap := wireCapture(t, a, Filter{})
	wireEcho(t, a, wireAddrA, 1, 1)
	frames := wireUntil(t, tap.Frames(), func(f Frame) bool { return wireIsEchoReply(f) && !f.Out })
	if f := frames[0]; f.Dev != "lo" || f.String() != "10.0.0.1 > 10.0.0.1: ICMP echo request, id 1, seq 1, length 64" {
		t.Errorf("got %s", f.Line())
	}
}

func TestTapLetsGoOfItsSocketAndGoroutine(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*Tap, *nsenter.Namespace)
	}{
		{"Close", func(tap *Tap, _ *nsenter.Namespace) { tap.Close(); tap.Close() }},
		{"end of the namespace", func(_ *Tap, ns *nsenter.Namespace) { ns.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, _ := wirePair(t)
			second, err := nsenter.Open("second", fmt.Sprintf("/proc/self/fd/%d", a.FD()))
			if err != nil {
				t.Fatal(err)
			}
			defer second.Close()
			tap, err := Capture(second, Filter{})
			if err != nil {
				t.Fatal(err)
			}
			if n := wirePacketSockets(t, a); n != 1 {
				t.Fatalf("%d packet sockets while capturing, want 1", n)
			}
			test.end(tap, second)
			wirePoll(t, "the frames channel closes", func() bool {
				select {
				case _, ok := <-tap.Frames():
					return !ok
				default:
					return false
				}
			})
			wirePoll(t, "the packet socket is gone", func() bool { return wirePacketSockets(t, a) == 0 })
			wirePoll(t, "the goroutines are gone", func() bool {
				stacks := make([]byte, 1<<20)
				return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "diag.(*Tap)")
			})
			if err := tap.Err(); err != nil {
				t.Errorf("Err after an ordinary end: %v", err)
			}
		})
	}
}

func TestCaptureRefusesAClosedNamespace(t *testing.T) {
	a, _ := wirePair(t)
	a.Close()
	if _, err := Capture(a, Filter{}); err == nil || !strings.Contains(err.Error(), "wire-a") {
		t.Errorf("error %v does not name the namespace", err)
	}
}

// wirePacketSockets counts the namespace's packet sockets (/proc/net/packet).
func wirePacketSockets(t *testing.T, ns *nsenter.Namespace) int {
	t.Helper()
	var table []byte
	err := ns.Do(func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/packet")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(table), "\n") - 1
}
