package table_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// bridgeLink reads a device in all the ways there are, which must agree.
func bridgeLink(t *testing.T, ns *nsenter.Namespace, dev string) table.Link {
	t.Helper()
	one := openOne(t, ns)
	defer one.Close()
	l, err := one.Link(dev)
	snapOK(t, err)
	dumped, _ := snapRead(t, ns).Link(dev)
	same := func(other table.Link) {
		t.Helper()
		if l.Line() != other.Line() || !bridgeSame(l.Port, other.Port) || !bridgeSame(l.VXLAN, other.VXLAN) || !bridgeSame(l.Bridge, other.Bridge) {
			t.Errorf("%s: one answer %+v, another %+v", dev, l, other)
		}
	}
	same(dumped)
	if l.Master != "" {
		ports, err := one.Ports(snapIndex(t, ns, l.Master))
		snapOK(t, err)
		i := slices.IndexFunc(ports, func(p table.Link) bool { return p.Name == dev })
		if i < 0 {
			t.Fatalf("%s is not among the ports of %s: %v", dev, l.Master, ports)
		}
		same(ports[i])
	}
	return l
}

func bridgeSame[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// bridgeWord is what stands behind a word in the long lines of ip and bridge.
func bridgeWord(t *testing.T, lines []string, word string) string {
	t.Helper()
	words := strings.Fields(strings.Join(lines, " "))
	i := slices.Index(words, word)
	if i < 0 || i+1 == len(words) {
		t.Fatalf("no %q in %q", word, words)
	}
	return words[i+1]
}

func TestLinkTellsHowItsBridgeTreatsAPort(t *testing.T) {
	host, podA, _ := bridgeWorld(t)
	flags := map[string]func(*table.BridgePort) bool{
		"hairpin":     func(p *table.BridgePort) bool { return p.Hairpin },
		"isolated":    func(p *table.BridgePort) bool { return p.Isolated },
		"locked":      func(p *table.BridgePort) bool { return p.Locked },
		"learning":    func(p *table.BridgePort) bool { return p.Learning },
		"flood":       func(p *table.BridgePort) bool { return p.Flood },
		"bcast_flood": func(p *table.BridgePort) bool { return p.BroadcastFlood },
		"mcast_flood": func(p *table.BridgePort) bool { return p.MulticastFlood },
	}
	for word, of := range flags {
		for _, value := range []string{"on", "off", "on"} {
			bridgeCommand(t, host, "bridge link set dev port-a "+word+" "+value)
			port := bridgeLink(t, host, "port-a").Port
			shown := bridgeWord(t, bridgeCommand(t, host, "bridge -d link show dev port-a"), word)
			if port == nil || of(port) != (value == "on") || shown != value {
				t.Errorf("%s %s: %+v; bridge says %s", word, value, port, shown)
			}
		}
	}
	if port := bridgeLink(t, host, "port-b").Port; *port != (table.BridgePort{State: "forwarding", Learning: true, Flood: true, BroadcastFlood: true, MulticastFlood: true}) {
		t.Errorf("the port that nobody touched: %+v", port)
	}
	for _, state := range []string{"disabled", "listening", "learning", "forwarding"} {
		bridgeCommand(t, host, "bridge link set dev port-a state "+state)
		port, shown := bridgeLink(t, host, "port-a").Port, bridgeCommand(t, host, "bridge link show dev port-a")[0]
		if port.State != state || !strings.Contains(shown, " state "+state+" ") {
			t.Errorf("%q, want %q; bridge says %s", port.State, state, shown)
		}
	}
	for _, dev := range []table.Link{bridgeLink(t, host, "br0"), bridgeLink(t, podA, "eth0"), bridgeLink(t, podA, "lo")} {
		if dev.Port != nil || dev.VXLAN != nil || (dev.Bridge != nil) != (dev.Kind == "bridge") {
			t.Errorf("%s: %+v %+v %+v", dev.Name, dev.Port, dev.VXLAN, dev.Bridge)
		}
	}
}

// A bridge that runs the spanning tree protocol blocks a port to break a loop:
// here, a cable from the bridge to itself.
func TestPortOfALoopIsBlocking(t *testing.T) {
	labtest.Slow(t)
	ns := labtest.Netns(t, "loop")
	h := snapHandle(t, ns)
	snapOK(t, h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}))
	bridgeCommand(t, ns, "ip link set br0 up type bridge stp_state 1")
	master := netlink.LinkAttrs{Name: "one", MasterIndex: snapIndex(t, ns, "br0")}
	snapOK(t, h.LinkAdd(&netlink.Veth{LinkAttrs: master, PeerName: "two"}))
	bridgeCommand(t, ns, "ip link set two master br0 up")
	snapUp(t, ns, "one")
	blocked := snapUntil(t, ns, "blocking port", func(s *table.Snapshot) bool {
		return slices.ContainsFunc(s.Links, func(l table.Link) bool { return l.Port != nil && l.Port.State == "blocking" })
	})
	for _, l := range blocked.Links {
		if l.Port == nil {
			continue
		}
		port, shown := bridgeLink(t, ns, l.Name).Port, bridgeCommand(t, ns, "bridge link show dev "+l.Name)[0]
		if !strings.Contains(shown, " state "+port.State+" ") {
			t.Errorf("%q, but bridge says %s", port.State, shown)
		}
	}
}

// A port of a VRF or bond has data of another kind, in the same attribute.
func TestAPortOfSomethingElseIsNoBridgePort(t *testing.T) {
	ns := labtest.Netns(t, "vrf")
	h := snapHandle(t, ns)
	if err := h.LinkAdd(&netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: "red"}, Table: 10}); err != nil {
		t.Skipf("no VRF on this kernel: %v", err)
	}
	snapOK(t, h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "in", MasterIndex: snapIndex(t, ns, "red")}, PeerName: "out"}))
	if in := bridgeLink(t, ns, "in"); in.Port != nil || in.Master != "red" {
		t.Errorf("%+v", in)
	}
}

func TestBridgeTellsItsOwnSettings(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	for _, stp := range []string{"1", "0"} {
		bridgeCommand(t, host, "ip link set br0 type bridge stp_state "+stp)
		bridge := bridgeLink(t, host, "br0").Bridge
		shown := bridgeWord(t, bridgeCommand(t, host, "ip -d link show br0"), "stp_state")
		if bridge.STP != (stp == "1") || shown != stp {
			t.Errorf("STP %v, want %s; ip says %s", bridge.STP, stp, shown)
		}
	}
	br0 := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	err := snapHandle(t, host).BridgeSetVlanFiltering(br0, true)
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		t.Fatal(err)
	}
	if bridge := bridgeLink(t, host, "br0").Bridge; bridge.VLANFiltering != (err == nil) {
		t.Errorf("VLAN filtering %v, set with %v", bridge.VLANFiltering, err)
	}
}

// The kernel writes the kind first, today.
func TestLinkInfoDoesNotDependOnItsOrder(t *testing.T) {
	kind := attr.Append(nil, unix.IFLA_INFO_KIND, []byte("bridge\x00"))
	data := attr.Append(nil, unix.IFLA_INFO_DATA, attr.Append(nil, unix.IFLA_BR_VLAN_FILTERING, []byte{1}))
	slaveKind := attr.Append(nil, unix.IFLA_INFO_SLAVE_KIND, []byte("bridge\x00"))
	slaveData := attr.Append(nil, unix.IFLA_INFO_SLAVE_DATA, attr.Append(nil, unix.IFLA_BRPORT_STATE, []byte{9}))
	for _, info := range [][]byte{slices.Concat(kind, data, slaveKind, slaveData), slices.Concat(slaveData, slaveKind, data, kind)} {
		var l table.Link
		l.Info(info)
		if l.Kind != "bridge" || l.Bridge == nil || !l.Bridge.VLANFiltering || l.Port == nil || l.Port.State != "9" {
			t.Errorf("%+v %+v %+v", l, l.Bridge, l.Port)
		}
	}
}

func TestVXLANTellsWhereItsTunnelLeads(t *testing.T) {
	ns, far := labtest.Netns(t, "vtep"), labtest.Netns(t, "vtep-far")
	h := snapHandle(t, ns)
	snapOK(t, h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1"}))
	snapAddr(t, ns, "eth0", "192.168.9.1/24")
	eth0 := snapIndex(t, ns, "eth0")
	tests := map[string]table.VXLAN{
		"id 42 local 192.168.9.1 remote 192.168.9.2 dstport 4789": {
			VNI: 42, Local: snapIP("192.168.9.1"), Remote: snapIP("192.168.9.2"), DstPort: 4789, Learning: true},
		"id 43 dev eth0 group 239.1.1.1 dstport 8472 nolearning": {
			VNI: 43, Remote: snapIP("239.1.1.1"), Underlay: eth0, DstPort: 8472},
		"id 16777215 local fd00::1 remote fd00::2 dstport 4790": {
			VNI: 1<<24 - 1, Local: snapIP("fd00::1"), Remote: snapIP("fd00::2"), DstPort: 4790, Learning: true},
		"external dstport 4791":    {DstPort: 4791, External: true},
		"id 44 dev eth0 dstport 0": {VNI: 44, Underlay: eth0, DstPort: 8472, Learning: true},
	}
	for options, want := range tests {
		bridgeCommand(t, ns, "ip link add vx0 type vxlan "+options)
		l := bridgeLink(t, ns, "vx0")
		if l.Kind != "vxlan" || l.VXLAN == nil || *l.VXLAN != want {
			t.Errorf("%s: %+v, want %+v", options, l.VXLAN, want)
		}
		bridgeCommand(t, ns, "ip link del vx0")
	}
	// Away from where it was made, its underlay stays behind.
	bridgeCommand(t, ns, "ip link add vx0 type vxlan id 45 dev eth0 remote 192.168.9.2 dstport 4789")
	snapOK(t, h.LinkSetNsFd(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: snapIndex(t, ns, "vx0")}}, int(far.FD())))
	l := bridgeLink(t, far, "vx0")
	if l.VXLAN.Underlay != eth0 || l.PeerNetnsID < 0 {
		t.Errorf("%+v in namespace %d, want underlay %d", l.VXLAN, l.PeerNetnsID, eth0)
	}
	if id := openOne(t, far).NetnsID(int(ns.FD())); l.PeerNetnsID != id {
		t.Errorf("the underlay is in namespace %d, want %d", l.PeerNetnsID, id)
	}
}

// What only `ip -d link` shows is no difference, however often the bridge
// announces its ports.
func TestAPortsSettingsAreNoDifference(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	before := snapRead(t, host)
	bridgeCommand(t, host, "bridge link set dev port-a hairpin on")
	after := snapRead(t, host)
	if a, _ := after.Link("port-a"); !a.Port.Hairpin {
		t.Fatal("the setting had no effect")
	}
	if changes := table.Diff(before, after); len(changes) > 0 {
		t.Errorf("%v", changes)
	}
}

func FuzzParseLinkInfo(f *testing.F) {
	f.Add(attr.Append(nil, unix.IFLA_INFO_KIND, []byte("vxlan\x00")))
	f.Add(binary.NativeEndian.AppendUint32(nil, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l table.Link
		l.Info(b)
		l.Kind = ""
		table.ParseBridge(b)
		table.ParseBridgePort(b)
		table.ParseVXLAN(b)
		if line, ok := table.FDBLine(b); ok && line == "" {
			t.Error("an entry without a line")
		}
	})
}
