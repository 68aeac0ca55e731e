package table_test

import (
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// bridgeCommand runs ip or bridge inside ns and returns the lines they print,
// without the spaces at their ends.
func bridgeCommand(t *testing.T, ns *nsenter.Namespace, command string) (lines []string) {
	t.Helper()
	words := strings.Fields(command)
	path, err := exec.LookPath(words[0])
	if err != nil {
		t.Skipf("%s is not installed: there is nothing to compare with", words[0])
	}
	var out []byte
	snapOK(t, ns.Do(func() error {
		if out, err = exec.Command(path, words[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %s: %v\n%s", ns.Name(), command, err, out)
		}
		return nil
	}))
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

// bridgeWorld makes the bridge br0 with the ports port-a and port-b, all up,
// whose other ends are eth0 in the namespaces pod-a and pod-b.
func bridgeWorld(t *testing.T) (host, podA, podB *nsenter.Namespace) {
	t.Helper()
	host, podA, podB = labtest.Netns(t, "bridge-host"), labtest.Netns(t, "bridge-a"), labtest.Netns(t, "bridge-b")
	h := snapHandle(t, host)
	snapOK(t, h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0", HardwareAddr: snapMAC("02:00:00:00:00:b0")}}))
	snapUp(t, host, "br0")
	for port, pod := range map[string]*nsenter.Namespace{"port-a": podA, "port-b": podB} {
		snapOK(t, pod.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"))
		snapOK(t, h.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: port, MasterIndex: snapIndex(t, host, "br0")},
			PeerName:  "eth0", PeerNamespace: netlink.NsFd(pod.FD()),
		}))
		snapUp(t, pod, "eth0")
		snapUp(t, host, port)
		snapState(t, host, port, "UP")
	}
	return host, podA, podB
}

func TestPortsAreTheDevicesOfOneMaster(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	h, one := snapHandle(t, host), openOne(t, host)
	snapOK(t, h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br1"}}))
	snapOK(t, h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br2"}}))
	snapOK(t, h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "other", MasterIndex: snapIndex(t, host, "br1")}, PeerName: "end"}))
	all := snapRead(t, host)
	for bridge, want := range map[string][]string{"br0": {"port-a", "port-b"}, "br1": {"other"}, "br2": nil, "lo": nil} {
		ports, err := one.Ports(snapIndex(t, host, bridge))
		snapOK(t, err)
		var names []string
		for _, p := range ports {
			names = append(names, p.Name)
			row, _ := all.Link(p.Name)
			row.PeerNetns = "" // is not looked for
			snapEqual(t, p.Line()+"\n"+p.AddressLine(), row.Line()+"\n"+strings.Split(row.AddressLine(), " link-netns ")[0])
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("%s has %q, want %q", bridge, names, want)
		}
	}
	for _, index := range []int{0, -1, 4711} {
		if ports, err := one.Ports(index); !errors.Is(err, unix.ENODEV) {
			t.Errorf("ports of index %d: %v, %v", index, ports, err)
		}
	}
}

// bridgeFDBLines are the lines of `bridge fdb show` that hold all the words.
func bridgeFDBLines(t *testing.T, ns *nsenter.Namespace, words ...string) (lines []string) {
	t.Helper()
	for _, line := range bridgeCommand(t, ns, "bridge fdb show") {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line+" ", " "+w+" ") }) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestBridgeFDBIsWhatBridgeShows(t *testing.T) {
	host, podA, _ := bridgeWorld(t)
	one, br0 := openOne(t, host), snapIndex(t, host, "br0")
	bridgeCommand(t, host, "bridge fdb add 02:00:00:00:01:01 dev port-a master static")
	bridgeCommand(t, host, "bridge fdb add 02:00:00:00:01:02 dev port-b master permanent")
	bridgeCommand(t, host, "bridge fdb add 02:00:00:00:01:03 dev port-b master extern_learn")
	bridgeCommand(t, host, "bridge fdb add 02:00:00:00:01:04 dev port-a master sticky static")
	// What no entry is made for, the bridge learns from the frame itself.
	frame := slices.Concat(snapMAC("02:00:00:00:ff:ff"), snapMAC("02:00:00:00:01:05"), []byte{0x88, 0xb5}, make([]byte, 50))
	labtest.Inject(t, podA, "eth0", frame)

	for mac, want := range map[string]table.FDBEntry{
		"02:00:00:00:00:b0": {Dev: "br0", State: "permanent", Local: true},
		"02:00:00:00:01:01": {Dev: "port-a", State: "static"},
		"02:00:00:00:01:02": {Dev: "port-b", State: "permanent", Local: true},
		"02:00:00:00:01:03": {Dev: "port-b", Flags: []string{"extern_learn"}},
		"02:00:00:00:01:04": {Dev: "port-a", State: "static", Flags: []string{"sticky"}},
		"02:00:00:00:01:05": {Dev: "port-a"},
	} {
		e, found, err := one.BridgeFDB(br0, snapMAC(mac))
		if !found || err != nil {
			t.Errorf("%s: %v, %v", mac, found, err)
			continue
		}
		if e.Dev != want.Dev || e.State != want.State || e.Local != want.Local || e.Self || e.Master != "br0" ||
			e.Index != snapIndex(t, host, e.Dev) || !slices.Equal(e.Flags, want.Flags) || e.Dst.IsValid() {
			t.Errorf("%s: %+v, want %+v", mac, e, want)
		}
	}
	// All others are there without a hand: the ports' own addresses.
	lines := bridgeFDBLines(t, host, "master br0")
	if len(lines) < 8 {
		t.Fatalf("%q", lines)
	}
	for _, line := range lines {
		mac, _, _ := strings.Cut(line, " ")
		e, found, err := one.BridgeFDB(br0, snapMAC(mac))
		if !found || err != nil || e.Line() != line {
			t.Errorf("%v, %v\n got %s\nwant %s", found, err, e.Line(), line)
		}
	}
}

func TestBridgeFDBWithoutAnEntryOrABridge(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	one, mac := openOne(t, host), snapMAC("02:00:00:00:01:99")
	if e, found, err := one.BridgeFDB(snapIndex(t, host, "br0"), mac); found || err != nil {
		t.Errorf("%+v, %v, %v", e, found, err)
	}
	// The address of a device counts on its own bridge only.
	snapOK(t, snapHandle(t, host).LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br1"}}))
	if e, found, err := one.BridgeFDB(snapIndex(t, host, "br1"), snapMAC("02:00:00:00:00:b0")); found || err != nil {
		t.Errorf("%+v, %v, %v", e, found, err)
	}
	if _, found, err := one.BridgeFDB(4711, mac); found || !errors.Is(err, unix.EINVAL) {
		t.Errorf("no device: %v, %v", found, err)
	}
	_, found, err := one.BridgeFDB(snapIndex(t, host, "port-a"), mac)
	if found || !errors.Is(err, unix.EOPNOTSUPP) || !strings.HasPrefix(err.Error(), "bridge-host: 02:00:00:00:01:99 in the FDB") {
		t.Errorf("no bridge: %v, %v", found, err)
	}
}

func TestVXLANFDBIsWhatBridgeShows(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	far := labtest.Netns(t, "bridge-far")
	snapAddr(t, host, "br0", "192.168.9.1/24")
	for _, command := range []string{
		"ip link add vx0 type vxlan id 42 local 192.168.9.1 remote 192.168.9.2 dstport 4789",
		"ip link set vx0 master br0 up",
		"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.9.3",
		"bridge fdb add 02:00:00:00:02:01 dev vx0 dst 192.168.9.4 self permanent",
		"bridge fdb add 02:00:00:00:02:02 dev vx0 dst 192.168.9.5 port 8472 vni 77 via br0 self static",
		"bridge fdb add 02:00:00:00:02:03 dev vx0 dst 192.168.9.6 self extern_learn",
		"bridge fdb add 02:00:00:00:02:04 dev vx0 master static", // the bridge's own, on this port
		"ip link add vx1 type vxlan external dstport 4790",
		"bridge fdb add 02:00:00:00:02:05 dev vx1 dst 192.168.9.7 src_vni 5 vni 6 self permanent",
		"ip link add vx2 type vxlan id 43 local fd00::1 remote fd00::2 dstport 4791",
		"bridge fdb add 02:00:00:00:02:06 dev vx2 dst fd00::3 self permanent",
		"ip link add vx3 type vxlan id 44 dev br0 dstport 4792",
	} {
		bridgeCommand(t, host, command)
	}
	h := snapHandle(t, host)
	away := &netlink.Vxlan{VxlanId: 45, Port: 4793, LinkAttrs: netlink.LinkAttrs{Name: "vx4", Namespace: nil}}
	snapOK(t, h.LinkAdd(away))
	snapOK(t, h.LinkSetNsFd(away, int(far.FD())))
	bridgeCommand(t, far, "bridge fdb add 02:00:00:00:02:07 dev vx4 dst 192.168.9.8 self permanent")

	total := 0
	for dev, ns := range map[string]*nsenter.Namespace{"vx0": host, "vx1": host, "vx2": host, "vx3": host, "vx4": far} {
		entries, err := openOne(t, ns).VXLANFDB(snapIndex(t, ns, dev))
		snapOK(t, err)
		got, want := table.SnapshotLines(entries), bridgeFDBLines(t, ns, "dev "+dev, "self")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", dev, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		for _, e := range entries {
			if !e.Self || e.Local || e.Dev != dev || e.Master != "" || (e.NetnsID >= 0) != (ns == far) {
				t.Errorf("%s: %+v", dev, e)
			}
		}
		total += len(got)
	}
	if total != 9 {
		t.Errorf("%d entries in all, want 9", total)
	}
	detour := bridgeEntry(t, host, "vx0", "02:00:00:00:02:02")[0]
	if detour.Dst != snapIP("192.168.9.5") || detour.Port != 8472 || detour.VNI != 77 || detour.Via != "br0" || detour.State != "static" {
		t.Errorf("%+v", detour)
	}
	var flood []netip.Addr
	for _, e := range bridgeEntry(t, host, "vx0", "00:00:00:00:00:00") {
		flood = append(flood, e.Dst)
	}
	if !slices.Equal(flood, []netip.Addr{snapIP("192.168.9.2"), snapIP("192.168.9.3")}) {
		t.Errorf("what is not known goes to %v", flood)
	}
	if _, err := openOne(t, host).VXLANFDB(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("no device: %v", err)
	}
}

// bridgeEntry returns the entries of a VXLAN device for one address.
func bridgeEntry(t *testing.T, ns *nsenter.Namespace, dev, mac string) []table.FDBEntry {
	t.Helper()
	entries, err := openOne(t, ns).VXLANFDB(snapIndex(t, ns, dev))
	snapOK(t, err)
	return slices.DeleteFunc(entries, func(e table.FDBEntry) bool { return e.MAC.String() != mac })
}
