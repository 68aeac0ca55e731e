package pane

import (
	"net/netip"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/ui/screen"
)

// TestThePictureHasNoDevicesThatNobodyMade: where ipip and sit are loaded, the
// kernel puts tunl0 and sit0 into every namespace.
func TestThePictureHasNoDevicesThatNobodyMade(t *testing.T) {
	s := session.New(chapters.All(), "en", "")
	s.Network.Names = []string{lab.Host, "ns1"}
	for _, name := range s.Network.Names {
		s.Network.Snaps[name] = &table.Snapshot{Links: []table.Link{
			{Index: 1, Name: "lo", Flags: []string{"LOOPBACK"}},
			{Index: 2, Name: "tunl0", Kind: "ipip", Flags: []string{"NOARP"}},
			{Index: 4, Name: "eth4", Flags: []string{"UP", "LOWER_UP"}},
		}}
	}
	p := New(s, screen.NewLook("en", false))
	p.Topology.SetSize(100, 30)
	view := strings.Join(p.Topology.View(false), "\n")
	if strings.Contains(view, "tunl0") || !strings.Contains(view, "eth4") {
		t.Errorf("the picture:\n%s", view)
	}
}

// TestThePictureIsDrawnWhereThereIsLittleRoom: around the namespace that is watched,
// whichever it is, and exactly as large as the pane.
func TestThePictureIsDrawnWhereThereIsLittleRoom(t *testing.T) {
	s := session.New(chapters.All(), "en", "")
	s.Network.Names = []string{lab.Host, lab.Inet, "a-pod", "b-pod", "c-pod", "d-pod"}
	host := &table.Snapshot{Name: lab.Host, Links: []table.Link{{Index: 2, Name: "the-uplink-of-the-node", Flags: []string{"UP"}, PeerNetns: lab.Inet, PeerIndex: 2}}}
	for i, name := range s.Network.Names {
		peer := table.Link{Index: 10 + i, Name: "a-long-name-for-" + name, Flags: []string{"UP"}, PeerNetns: name, PeerIndex: 2}
		if name != lab.Host && name != lab.Inet {
			host.Links = append(host.Links, peer)
		}
		s.Network.Snaps[name] = &table.Snapshot{Name: name, Links: []table.Link{{Index: 2, Name: "a-device-of-" + name, Flags: []string{"UP"}, PeerNetns: lab.Host, PeerIndex: 10 + i}}}
	}
	s.Network.Snaps[lab.Host] = host
	p := New(s, screen.NewLook("en", false))
	p.Topology.SetSize(60, 9)
	for _, name := range s.Network.Names {
		s.Network.Watch = name
		view := p.Topology.View(false)
		text := strings.Join(view, "\n")
		if !strings.Contains(text, " "+name+" ") || !strings.Contains(text, "╭") && !strings.Contains(text, "│") {
			t.Errorf("%s is not in the picture:\n%s", name, text)
		}
		for _, line := range view {
			if screen.Width(line) != 60 {
				t.Errorf("%s: %d cells: %q", name, screen.Width(line), line)
			}
		}
		if len(view) != 9 {
			t.Errorf("%s: %d lines", name, len(view))
		}
	}
}

// bridgedNode is a node with two pods on a bridge and a second, idle bridge.
func bridgedNode() (*session.Session, *table.Snapshot) {
	s := session.New(chapters.All(), "en", "")
	s.Network.Names = []string{lab.Host, "pod-a", "pod-b"}
	up := []string{"UP", "LOWER_UP"}
	host := &table.Snapshot{Name: lab.Host, Addrs: []table.Addr{{Index: 20, Dev: "cni0", Prefix: netip.MustParsePrefix("10.244.1.1/24")}}}
	for i, pod := range []string{"pod-a", "pod-b"} {
		host.Links = append(host.Links, table.Link{Index: 10 + i, Name: "veth-" + pod, Kind: "veth", Flags: up, PeerNetns: pod, PeerIndex: 2, Master: "cni0", MasterKind: "bridge"})
		s.Network.Snaps[pod] = &table.Snapshot{Name: pod, Links: []table.Link{{Index: 2, Name: "eth0", Kind: "veth", Flags: up, PeerNetns: lab.Host, PeerIndex: 10 + i}},
			Addrs: []table.Addr{{Index: 2, Dev: "eth0", Prefix: netip.MustParsePrefix("10.244.1.10/24")}}}
	}
	host.Links = append(host.Links, table.Link{Index: 20, Name: "cni0", Kind: "bridge", Flags: up}, table.Link{Index: 21, Name: "br0", Kind: "bridge", Flags: up})
	s.Network.Snaps[lab.Host] = host
	return s, host
}

// TestABridgeStandsBesideItsPorts: as the switch between them, with its address, and
// nowhere else.
func TestABridgeStandsBesideItsPorts(t *testing.T) {
	s, host := bridgedNode()
	p := New(s, screen.NewLook("en", false))
	p.Topology.SetSize(90, 14)
	view := strings.Join(p.Topology.View(false), "\n")
	for _, part := range []string{"veth-pod-a ─╮", "├ ✓ cni0 10.244.1.1/24", "veth-pod-b ─╯", " ✓ br0 "} {
		if strings.Count(view, part) != 1 {
			t.Errorf("%q is not there once:\n%s", part, view)
		}
	}
	host.Links[1].Master, host.Links[1].MasterKind = "", ""
	view = strings.Join(p.Topology.View(false), "\n")
	if !strings.Contains(view, "veth-pod-a ─╮") || !strings.Contains(view, "╰ ✓ cni0 10.244.1.1/24") || strings.Contains(view, "veth-pod-b ─") {
		t.Errorf("with one port:\n%s", view)
	}
	t.Logf("\n%s", view)
}

// TestABridgedNodeIsWholeAtTheSmallestWideTerminal: the node's addresses step down rather
// than that the picture is cut.
func TestABridgedNodeIsWholeAtTheSmallestWideTerminal(t *testing.T) {
	s, host := bridgedNode()
	up := []string{"UP", "LOWER_UP"}
	s.Network.Names = append(s.Network.Names, lab.Inet)
	host.Links = append(host.Links, table.Link{Index: 30, Name: "eth0", Kind: "veth", Flags: up, PeerNetns: lab.Inet, PeerIndex: 2})
	host.Addrs = append(host.Addrs, table.Addr{Index: 30, Dev: "eth0", Prefix: netip.MustParsePrefix("192.168.6.160/24")})
	s.Network.Snaps[lab.Inet] = &table.Snapshot{Name: lab.Inet, Links: []table.Link{{Index: 2, Name: "up0", Kind: "veth", Flags: up, PeerNetns: lab.Host, PeerIndex: 30}, {Index: 1, Name: "lo", Flags: []string{"LOOPBACK", "UP", "LOWER_UP"}}},
		Addrs: []table.Addr{{Index: 2, Dev: "up0", Prefix: netip.MustParsePrefix("192.168.6.1/24")}, {Index: 1, Dev: "lo", Prefix: netip.MustParsePrefix("203.0.113.10/32")}}}
	p := New(s, screen.NewLook("en", false))
	for width, beside := range map[int]bool{71: false, 120: true} {
		p.Topology.SetSize(width, 14)
		view := strings.Join(p.Topology.View(false), "\n")
		for _, part := range []string{"┤ ✓ up0", "203.0.113.10/32 │", "10.244.1.1/24", "192.168.6.160/24"} {
			if strings.Count(view, part) != 1 {
				t.Errorf("%d cells: %q is not there once:\n%s", width, part, view)
			}
		}
		if strings.Contains(view, "├ ✓ cni0 10.244.1.1/24") != beside || strings.Contains(view, "…") {
			t.Errorf("%d cells:\n%s", width, view)
		}
		t.Logf("\n%s", view)
	}
}
