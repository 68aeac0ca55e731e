package ui

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
)

// fixtureBusy is a step that is done, with more on the wire than echoes.
func fixtureBusy(t testing.TB, opts Options) *Model {
	m := fixtureAfter(t, opts)
	send(m, feed.Frames(fixtureTraffic()))
	return m
}

// fixtureTraffic is what the wire has beside echoes: an error that passes the loopback,
// a name that is asked for, a connection that is refused, and the reply to an echo
// whose source was rewritten. The frames of the error come in the wrong order.
func fixtureTraffic() []wire.Frame {
	pod, web, node := netip.MustParseAddr("172.20.1.10"), netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("192.168.6.160")
	none := make(net.HardwareAddr, 6)
	at := func(ms int) time.Time { return fixtureTime.Add(time.Duration(ms) * time.Millisecond) }
	failed := wire.Frame{At: at(101), Netns: "ns1", Dev: "lo", SrcMAC: none, DstMAC: none, Proto: "ICMP", Op: "host unreachable", Src: pod, Dst: pod, IPID: 9,
		Inner: &wire.Frame{Proto: "ICMP", Op: "echo request", Src: pod, Dst: netip.MustParseAddr("192.168.6.160")}}
	sent := failed
	sent.At, sent.Out = at(100), true
	all := []wire.Frame{failed, sent}
	crossing := func(ms int, first, second wire.Frame) {
		for i, where := range []struct {
			netns, dev string
			out        bool
			from, to   net.HardwareAddr
		}{
			{"ns1", "ns1-eth0", true, podMAC, vethMAC}, {"host", "veth-ns1", false, podMAC, vethMAC},
			{"host", "eth0", true, nodeMAC, routerMAC}, {"inet", "up0", false, nodeMAC, routerMAC},
		} {
			f := first
			if i > 1 {
				f = second
			}
			f.At, f.Netns, f.Dev, f.Out, f.SrcMAC, f.DstMAC, f.TTL = at(ms+i), where.netns, where.dev, where.out, where.from, where.to, 64-i/2
			all = append(all, f)
		}
	}
	asks := wire.Frame{Proto: "UDP", Op: "A? web.example.", Src: pod, SrcPort: 41222, Dst: netip.MustParseAddr("203.0.113.53"), DstPort: 53, Length: 29}
	asked := asks
	asked.Src = node
	crossing(200, asks, asked)
	opens := wire.Frame{Proto: "TCP", Op: "S", Src: pod, SrcPort: 40000, Dst: web, DstPort: 80, Seq: 17}
	opened := opens
	opened.Src = node
	crossing(300, opens, opened)
	back := func(ms int, netns, dev string, out bool, from, to net.HardwareAddr, dst netip.Addr) {
		all = append(all, wire.Frame{At: at(ms), Netns: netns, Dev: dev, Out: out, SrcMAC: from, DstMAC: to, Proto: "ICMP", Op: "echo reply", Src: web, Dst: dst, ID: 7, Seq: 1})
	}
	back(400, "inet", "up0", true, routerMAC, nodeMAC, node)
	back(401, "host", "eth0", false, routerMAC, nodeMAC, node)
	back(402, "host", "veth-ns1", true, vethMAC, podMAC, pod)
	back(403, "ns1", "ns1-eth0", false, vethMAC, podMAC, pod)
	return all
}

// fixtureStream is the same after a minute and more of echoes.
func fixtureStream(t testing.TB, opts Options) *Model {
	m := fixtureBusy(t, opts)
	for seq := 2; seq < 80; seq++ {
		echo := fixtureFrames()[2:]
		for i := range echo {
			echo[i].Seq, echo[i].At = seq, fixtureTime.Add(time.Duration(seq)*time.Second)
		}
		send(m, feed.Frames(echo))
	}
	return m
}

// wirePane is the wire as it is drawn on a terminal of 80 by 24, with the focus.
func wirePane(t *testing.T, state func(testing.TB, Options) *Model, lang string) *Model {
	t.Helper()
	m := state(t, Options{Lang: lang})
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	m.focus = areaWire
	m.View()
	return m
}

func TestTheWireHasARowAPacketWithItsHops(t *testing.T) {
	view := wirePane(t, fixtureBusy, "en").View()
	for _, row := range []string{
		"who-has 172.20.1.1 tell 172.20.1.10  ns1-eth0 → everyone",
		"172.20.1.10:40000 > 203.0.113.10:80 TCP SYN",
		"ns1-eth0 → veth-ns1  ~192.168.6.160:40000 >  eth0 → up0",
		"203.0.113.10 > 192.168.6.160 echo reply 1",
		"up0 → eth0  > ~172.20.1.10  veth-ns1 → ns1-eth0",
	} {
		if !strings.Contains(view, row) {
			t.Errorf("no row %q:\n%s", row, view)
		}
	}
	if n := strings.Count(view, "TCP SYN"); n != 1 {
		t.Errorf("a packet has %d rows", n)
	}
}

func TestAnErrorIsNotCutOnTheWire(t *testing.T) {
	m := wirePane(t, fixtureAfter, "en")
	send(m, feed.Frames(fixtureTraffic()[:2]))
	if view := m.View(); !strings.Contains(view, "✗ 172.20.1.10 > 172.20.1.10 host 192.168.6.160 unreachable  ns1 lo") {
		t.Errorf("the error is not whole, or not one row:\n%s", view)
	}
}

// Echoes come twice a second for as long as one looks.
func TestEchoesDoNotPushARPOffTheWire(t *testing.T) {
	view := wirePane(t, fixtureStream, "en").View()
	for _, want := range []string{"who-has 172.20.1.1", "host 192.168.6.160 unreachable", "echo request 79"} {
		if !strings.Contains(view, want) {
			t.Errorf("no %q on the pane:\n%s", want, view)
		}
	}
}

func TestAPacketThatCameToNobodyIsMarkedOnTheWire(t *testing.T) {
	m := wirePane(t, fixtureAfter, "en")
	strange := fixtureFrames()[2:4]
	for i := range strange {
		strange[i].DstMAC, strange[i].Seq = net.HardwareAddr{2, 0, 0, 0, 0, 0x77}, 5
	}
	send(m, feed.Frames(strange))
	view := m.View()
	if !strings.Contains(view, "ns1-eth0 → 02:00:00:00:00:77 ✗ nobody's MAC") {
		t.Errorf("nothing tells that no device has the MAC:\n%s", view)
	}
	if !strings.Contains(view, "eth0 → up0 ! not seen there") {
		t.Errorf("nothing tells that the echo did not arrive at up0:\n%s", view)
	}
}

// A frame that passed while its devices were there does not become nobody's when they go.
func TestAFrameOfADeviceThatIsGoneKeepsItsName(t *testing.T) {
	m := wirePane(t, fixtureAfter, "en")
	was := m.Network.Snapshot("ns1")
	gone := *was
	gone.Links = slices.DeleteFunc(slices.Clone(was.Links), func(l table.Link) bool { return l.Name == "ns1-eth0" })
	send(m, feed.Snapshot{Snapshot: &gone})
	if view := m.View(); strings.Contains(view, podMAC.String()) || !strings.Contains(view, "ns1-eth0 → veth-ns1") {
		t.Errorf("the frame was ns1-eth0's:\n%s", view)
	}
}

// Where many packets come at once, not every frame is read. What has gone on did arrive.
func TestAPacketThatWentOnIsNotMarkedOnTheWire(t *testing.T) {
	m := wirePane(t, fixtureAfter, "en")
	var read []wire.Frame
	for _, f := range fixtureTraffic() {
		if f.Op == "S" && f.Dev != "veth-ns1" {
			read = append(read, f)
		}
	}
	send(m, feed.Frames(read))
	view := m.View()
	if _, row, there := strings.Cut(view, "TCP SYN"); !there || strings.Contains(row, "not seen there") {
		t.Errorf("a packet that left the node is said not to have come there:\n%s", view)
	}
}

func TestThePauseOfTheWireEndsWithTheStep(t *testing.T) {
	m := wirePane(t, fixtureStream, "en")
	send(m, keyMsg("up"))
	if view := m.View(); !strings.Contains(view, "paused") {
		t.Fatalf("not paused:\n%s", view)
	}
	send(m, feed.Frames(fixtureFrames()[:1]))
	if view := m.View(); !strings.Contains(view, "paused") {
		t.Errorf("a new packet ended the pause:\n%s", view)
	}
	m.Scene = session.Scene{Gen: m.Scene.Gen + 1, Step: m.Scene.Step}
	send(m, feed.Frames(fixtureFrames()[:1]))
	if view := m.View(); strings.Contains(view, "paused") {
		t.Errorf("still paused in the next step:\n%s", view)
	}
}

func TestThePictureShowsWhereThePacketWasSeenLast(t *testing.T) {
	m := sized(t, fixtureAfter)
	m.focus = areaTopology
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	view := m.View()
	for _, want := range []string{"● echo request 1, last seen at host eth0", "✓●eth0"} {
		if !strings.Contains(view, want) {
			t.Errorf("no %q:\n%s", want, view)
		}
	}
	send(m, feed.Frames(fixtureTraffic()))
	if view := m.View(); !strings.Contains(view, "✓●ns1-eth0") || strings.Contains(view, "✓●eth0") {
		t.Errorf("the mark does not go with the newest packet:\n%s", view)
	}
	send(m, feed.Frames([]wire.Frame{{At: fixtureTime.Add(time.Second), Netns: "ns1", Dev: "lo", Proto: "ICMP", Op: "host unreachable", IPID: 3,
		Src: netip.MustParseAddr("172.20.1.10"), Dst: netip.MustParseAddr("172.20.1.10")}}))
	if view := m.View(); !strings.Contains(view, "╭ ns1 ●") {
		t.Errorf("no mark at the namespace whose loopback saw it last:\n%s", view)
	}
	send(m, feed.Frames([]wire.Frame{{At: fixtureTime.Add(2 * time.Second), Netns: "host", Dev: "veth-ns1", Proto: "UDP", IPID: 4, Op: "A? " + strings.Repeat("long.", 12),
		Src: netip.MustParseAddr("172.20.1.10"), Dst: netip.MustParseAddr("203.0.113.53")}}))
	if view := m.View(); !strings.Contains(view, "topology · ● host veth-ns1 ━") {
		t.Errorf("where both do not fit, the title does not say where:\n%s", view)
	}
}
