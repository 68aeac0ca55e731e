package ui

import (
	"maps"
	"net"
	"net/netip"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
	"nstutor/steps"
	"nstutor/steps/claim"
)

// fixtureTime is when everything in the fixture happens.
var fixtureTime = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// fixtureCourse has two steps whose texts are in the fixture, not in chapters.
var fixtureCourse = steps.Course{{ID: "X", Steps: []steps.Step{
	{
		ID:     "X.1",
		Action: steps.RouteAdd{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"},
		Before: steps.Promise{
			Pings:  []steps.Ping{{From: "ns1", To: "192.168.6.160", Want: probe.NetworkUnreachable}},
			Claims: []steps.Claim{claim.SysctlIs{Netns: "host", Key: "net.ipv4.ip_forward", Value: "0"}},
		},
		Watch: steps.Watch{Netns: "ns1", Ping: "192.168.6.160"},
	},
	{ID: "X.2", Action: steps.NetnsAdd{Name: "ns9"}},
}}}

var fixtureProse = map[string]chapters.Prose{
	"en": {
		Title:   "A way to everything else",
		Learned: "Direct, or via a next hop",
		Task:    "Give `ns1` a default route via 172.20.1.1.",
		Look: "Ping fails before it sends anything: `connect: Network is unreachable`. The route table of `ns1` knows " +
			"only **172.20.1.0/24**, and `192.168.6.160` is not in it.\n\nThe kernel asks one question first: which route " +
			"covers the destination? None does.",
		Predict: chapters.Prediction{
			Question: "What will ping say once there is a default route?",
			Choices:  []string{"It gets replies", "Nothing at all, it hangs", "Still `Network is unreachable`"},
			Right:    1,
		},
		After: "The error is gone, and that is progress: a route was found, `default via 172.20.1.1`. Now ping waits, " +
			"because nobody has told the kernel whose MAC belongs to 172.20.1.1.",
		Hints: []string{"Look at the routes.", "No line covers 192.168.6.160.", "`ip route add default via 172.20.1.1 dev ns1-eth0`"},
	},
	"zh": {
		Title:   "通往别处的路",
		Learned: "直连，还是经过下一跳",
		Task:    "给 `ns1` 加一条默认路由，下一跳是 172.20.1.1。",
		Look: "ping 还没有发出任何东西就失败了：`connect: Network is unreachable`。`ns1` 的路由表只认识 **172.20.1.0/24**，" +
			"而 `192.168.6.160` 不在其中。\n\n内核首先只问一个问题：哪一条路由覆盖这个目的地址？一条也没有。",
		Predict: chapters.Prediction{
			Question: "加上默认路由以后，ping 会说什么？",
			Choices:  []string{"得到应答", "什么也不说，一直等待", "仍然是 `Network is unreachable`"},
			Right:    1,
		},
		After: "错误消失了，这就是进步：内核找到了路由 `default via 172.20.1.1`。现在 ping 在等待，因为还没有人告诉内核 172.20.1.1 的 MAC 地址。",
		Hints: []string{"看路由表。", "没有一行覆盖 192.168.6.160。", "`ip route add default via 172.20.1.1 dev ns1-eth0`"},
	},
}

var (
	podMAC    = net.HardwareAddr{0x92, 0x21, 0x68, 0x1e, 0x78, 0x80}
	vethMAC   = net.HardwareAddr{0xb6, 0x58, 0x7b, 0x0e, 0x35, 0xb3}
	nodeMAC   = net.HardwareAddr{0x02, 0x00, 0xc0, 0xa8, 0x06, 0xa0}
	routerMAC = net.HardwareAddr{0x02, 0x00, 0xc0, 0xa8, 0x06, 0x01}
	everyMAC  = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

// fixture is a model in the middle of a step, without a lab behind it.
func fixture(t testing.TB, opts Options) *Model {
	t.Helper()
	m := New(fixtureCourse, opts)
	m.Now = func() time.Time { return fixtureTime }
	m.Network.NeighTimeout = 3 * time.Second
	step := fixtureCourse[0].Steps[0]
	before := fixtureSnapshots(false)
	was := steps.State{Before: change.Before{Netns: map[string]*table.Snapshot{}}}
	for _, snap := range before {
		was.Netns[snap.Name] = snap
	}
	m.Scene.Gen = 1
	m.Working = 1
	send(m, session.Entered{Gen: 1, Step: step, Was: was, Command: step.Action.Change(nil).Command()})
	m.Scene.Prose, m.Scene.ProseErr = fixtureProse[m.Lang], nil
	m.Scene.ChapterTitle = map[string]string{"en": "The node and the pod", "zh": "节点与 Pod"}[m.Lang]
	send(m, feed.Names{"host", "inet", "ns1"})
	for _, snap := range before {
		send(m, feed.Snapshot{Snapshot: snap})
	}
	for seq := 1; seq <= 3; seq++ {
		send(m, feed.Ping{Aim: m.Network.Aim, Event: probe.Event{Seq: seq, Sent: true}})
		send(m, feed.Ping{Aim: m.Network.Aim, Event: probe.Event{Seq: seq, Result: probe.Result{
			Seq: seq, Outcome: probe.NetworkUnreachable, Message: "ping: connect: Network is unreachable",
		}}})
	}
	return m
}

// fixtureAfter is the fixture after its step's action, and fixtureUnkept one in which
// what was promised is not seen.
func fixtureAfter(t testing.TB, opts Options) *Model {
	return fixtureSeen(t, opts, "172.20.1.1 dev ns1-eth0 FAILED")
}

func fixtureUnkept(t testing.TB, opts Options) *Model {
	return fixtureSeen(t, opts, "172.20.1.1 dev ns1-eth0 lladdr 02:00:00:00:00:99 PERMANENT")
}

func fixtureSeen(t testing.TB, opts Options, neigh string) *Model {
	m := fixture(t, opts)
	send(m, keyMsg("2"))
	m.Scene.Phase = session.PhaseAfter
	m.Scene.Untouched = maps.Clone(m.Network.Snaps)
	m.Network.Log.Restart(true)
	for _, snap := range fixtureSnapshots(true) {
		send(m, feed.Snapshot{Snapshot: snap})
	}
	send(m, session.Kept{Gen: 1, Report: steps.Report{Lines: []steps.Seen{
		{Promised: say.Quote("ns1 ping 192.168.6.160: silent"), Seen: say.Quote("silent"), OK: true},
		{Promised: say.Quote("ns1 ip route: default via 172.20.1.1 dev ns1-eth0"), Seen: say.Quote("default via 172.20.1.1 dev ns1-eth0"), OK: true},
		{Promised: say.Quote("ns1 ip neigh: 172.20.1.1 dev ns1-eth0 FAILED"), Seen: say.Quote(neigh), OK: neigh == "172.20.1.1 dev ns1-eth0 FAILED"},
	}}})
	send(m, feed.Ping{Aim: m.Network.Aim, Event: probe.Event{Seq: 1, Sent: true}})
	send(m, feed.Frames(fixtureFrames()))
	return m
}

func send(m *Model, msg tea.Msg) { m.Update(msg) }

func keyMsg(key string) tea.KeyMsg {
	for _, special := range []tea.KeyType{tea.KeyEnter, tea.KeyTab, tea.KeyShiftTab, tea.KeyEsc, tea.KeyUp, tea.KeyDown, tea.KeyPgUp, tea.KeyPgDown, tea.KeyHome, tea.KeyEnd, tea.KeyCtrlC, tea.KeyCtrlZ,
		tea.KeyCtrlN, tea.KeyCtrlP, tea.KeyCtrlD, tea.KeyCtrlL, tea.KeyCtrlUp, tea.KeyCtrlDown} {
		if msg := (tea.KeyMsg{Type: special}); msg.String() == key {
			return msg
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
}

func fixtureSnapshots(after bool) []*table.Snapshot {
	up := []string{"BROADCAST", "MULTICAST", "UP", "LOWER_UP"}
	loopback := func(flags ...string) table.Link {
		return table.Link{Index: 1, Name: "lo", Type: "loopback", Flags: append([]string{"LOOPBACK"}, flags...)}
	}
	addr := func(index int, dev, cidr string) table.Addr {
		return table.Addr{Index: index, Dev: dev, Prefix: netip.MustParsePrefix(cidr), Scope: "global", Label: dev}
	}
	connected := func(cidr, dev, src string) table.Route {
		return table.Route{Type: "unicast", Dst: netip.MustParsePrefix(cidr), Dev: dev, Table: 254, Proto: "kernel", Scope: "link", Src: netip.MustParseAddr(src)}
	}
	via := func(gateway, dev string) table.Route {
		return table.Route{Type: "unicast", Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr(gateway), Dev: dev, Table: 254, Proto: "boot", Scope: "global"}
	}
	ns1 := &table.Snapshot{
		Name: "ns1",
		Links: []table.Link{loopback(),
			{Index: 2, Name: "ns1-eth0", Kind: "veth", Type: "ether", Flags: up, MAC: podMAC, Peer: "if3", PeerIndex: 3, PeerNetns: "host"}},
		Addrs:      []table.Addr{addr(2, "ns1-eth0", "172.20.1.10/24")},
		Routes:     []table.Route{connected("172.20.1.0/24", "ns1-eth0", "172.20.1.10")},
		Neighbours: []table.Neighbour{},
	}
	if after {
		ns1.Routes = append([]table.Route{via("172.20.1.1", "ns1-eth0")}, ns1.Routes...)
		ns1.Neighbours = []table.Neighbour{{Dst: netip.MustParseAddr("172.20.1.1"), Dev: "ns1-eth0", State: "INCOMPLETE", Since: fixtureTime.Add(-900 * time.Millisecond)}}
	}
	host := &table.Snapshot{
		Name: "host",
		Links: []table.Link{loopback("UP", "LOWER_UP"),
			{Index: 2, Name: "eth0", Kind: "veth", Type: "ether", Flags: up, MAC: nodeMAC, Peer: "if2", PeerIndex: 2, PeerNetns: "inet", PeerNetnsID: 0},
			{Index: 3, Name: "veth-ns1", Kind: "veth", Type: "ether", Flags: up, MAC: vethMAC, Peer: "if2", PeerIndex: 2, PeerNetns: "ns1", PeerNetnsID: 1}},
		Addrs:      []table.Addr{addr(1, "lo", "127.0.0.1/8"), addr(2, "eth0", "192.168.6.160/24")},
		Routes:     []table.Route{via("192.168.6.1", "eth0"), connected("192.168.6.0/24", "eth0", "192.168.6.160")},
		Neighbours: []table.Neighbour{},
		Sysctls:    []table.Sysctl{{Key: "net.ipv4.ip_forward", Value: "0"}},
	}
	inet := &table.Snapshot{
		Name: "inet",
		Links: []table.Link{loopback("UP", "LOWER_UP"),
			{Index: 2, Name: "up0", Kind: "veth", Type: "ether", Flags: up, MAC: routerMAC, Peer: "if2", PeerIndex: 2, PeerNetns: "host"}},
		Addrs: []table.Addr{addr(1, "lo", "127.0.0.1/8"), addr(1, "lo", "203.0.113.10/32"), addr(1, "lo", "203.0.113.53/32"), addr(2, "up0", "192.168.6.1/24")},
	}
	return []*table.Snapshot{host, inet, ns1}
}

// fixtureFrames are an ARP request that nobody answers, and an echo whose
// source is rewritten on its way.
func fixtureFrames() []wire.Frame {
	pod, gateway := netip.MustParseAddr("172.20.1.10"), netip.MustParseAddr("172.20.1.1")
	node, web := netip.MustParseAddr("192.168.6.160"), netip.MustParseAddr("203.0.113.10")
	request := func(netns, dev string, out bool, from, to net.HardwareAddr, src netip.Addr) wire.Frame {
		return wire.Frame{At: fixtureTime, Netns: netns, Dev: dev, Out: out, SrcMAC: from, DstMAC: to, Proto: "ICMP", Op: "echo request", Src: src, Dst: web, ID: 7, Seq: 1, Length: 64}
	}
	return []wire.Frame{
		{At: fixtureTime, Netns: "ns1", Dev: "ns1-eth0", Out: true, SrcMAC: podMAC, DstMAC: everyMAC, Proto: "ARP", Op: "request", Src: pod, Dst: gateway},
		{At: fixtureTime, Netns: "host", Dev: "veth-ns1", SrcMAC: podMAC, DstMAC: everyMAC, Proto: "ARP", Op: "request", Src: pod, Dst: gateway},
		request("ns1", "ns1-eth0", true, podMAC, vethMAC, pod),
		request("host", "veth-ns1", false, podMAC, vethMAC, pod),
		request("host", "eth0", true, nodeMAC, routerMAC, node),
	}
}
