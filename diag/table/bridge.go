package table

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// What golang.org/x/sys/unix does not have of <linux/neighbour.h>.
const (
	ndaNHID      = 13
	ntfSticky    = 1 << 6
	ntfExtLocked = 1 << 1
)

// Ports returns the devices whose master is the bridge, bond or VRF with that
// interface index, in the order of their own. The error is ENODEV when there is
// none such. As with Link, the names of other namespaces are not looked for.
func (o *One) Ports(bridge int) ([]Link, error) {
	o.forget()
	if o.learn(bridge); o.r.names[bridge] == "" {
		return nil, say.Err("%s: ports of the device with index %d: %v", "%s：编号为 %d 的设备的端口：%v", o.r.ns.Name(), bridge, unix.ENODEV)
	}
	body := attr.Append(linkRequest(), unix.IFLA_MASTER, binary.NativeEndian.AppendUint32(nil, uint32(bridge)))
	raw, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETLINK, unix.RTM_NEWLINK, body, func(b []byte) (rawLink, bool) {
		l, ok := parseLink(b)
		return l, ok && l.master == bridge
	})
	if err != nil {
		return nil, say.Err("%s: ports of %s: %v", "%s：%s 的端口：%v", o.r.ns.Name(), o.r.names[bridge], err)
	}
	ports := make([]Link, 0, len(raw))
	for _, l := range raw {
		ports = append(ports, o.named(l))
	}
	return ports, nil
}

// FDBEntry is one entry of a forwarding database, a bridge's or a VXLAN
// device's, as `bridge fdb` shows it.
type FDBEntry struct {
	MAC    net.HardwareAddr
	Index  int    // interface index of Dev
	Dev    string // the port, or the VXLAN device, that leads there; the bridge itself for its own address
	VLAN   int    // 0: none
	Master string // the bridge that has the entry; empty for a VXLAN device's own
	State  string // permanent, static, stale, or empty for one that was learned and is fresh

	// Where a VXLAN device sends the frames. NHID stands in Dst's place.
	Dst    netip.Addr // of the outer packets; invalid: none
	Port   int        // UDP; 0: the device's own
	VNI    int        // 0: the device's own
	SrcVNI int        // of the frames the entry is for, when the device is external; else 0
	Via    string     // device that the outer packets leave by: empty, a name, or "ifindex 7" in another namespace
	NHID   int        // nexthop object, 0: none

	// NetnsID is the namespace that the VXLAN device sends from, as this one
	// numbers it; -1: this very one.
	NetnsID int

	Local bool     // the address is the bridge's own: frames to it go up into this namespace
	Self  bool     // the device's own entry and not its bridge's
	Flags []string // extern_learn, offload, sticky, locked…
}

// Line is the entry as `bridge fdb show` prints it:
//
//	02:00:00:00:00:0a dev port-a master br0 permanent
func (e FDBEntry) Line() string {
	var line ipLine
	line.add(e.MAC.String())
	line.pair("dev", e.Dev)
	line.addr("dst", e.Dst)
	line.number("vlan", e.VLAN)
	line.number("port", e.Port)
	line.number("vni", e.VNI)
	line.number("src_vni", e.SrcVNI)
	line.pair("via", e.Via)
	line.number("nhid", e.NHID)
	if e.NetnsID >= 0 {
		line.add("link-netnsid", strconv.Itoa(e.NetnsID))
	}
	line.flag(e.Self, "self")
	line.add(e.Flags...)
	line.pair("master", e.Master)
	line.flag(e.State != "", e.State)
	return line.String()
}

// BridgeFDB returns the entry that a bridge has for frames without a VLAN to mac
// (br_fdb_get()), and whether there is one. A bridge that filters VLANs has its
// entries per VLAN: none of them is found, except those for untagged frames of
// no VLAN.
func (o *One) BridgeFDB(bridge int, mac net.HardwareAddr) (FDBEntry, bool, error) {
	o.forget()
	body := make([]byte, sizeofNdmsg)
	body[0] = unix.AF_BRIDGE
	body = attr.Append(body, unix.NDA_LLADDR, mac)
	body = attr.Append(body, unix.NDA_MASTER, binary.NativeEndian.AppendUint32(nil, uint32(bridge)))
	e, found, err := one(o, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, body, parseFDBEntry)
	if errors.Is(err, unix.ENOENT) {
		return FDBEntry{}, false, nil
	}
	if err != nil {
		return FDBEntry{}, false, say.Err("%s: %s in the FDB of the device with index %d: %v", "%s：在编号为 %[3]d 的设备的 FDB 中查找 %[2]s：%[4]v", o.r.ns.Name(), mac, bridge, err)
	}
	return o.fdbEntry(e), found, nil
}

// VXLANFDB returns all entries of a VXLAN device, with those for the address of
// zeros, which say where to what has no entry goes. An address has as many
// entries as it has destinations. What a bridge above the device knows is not
// among them. The error is ENODEV when there is no such device.
func (o *One) VXLANFDB(dev int) ([]FDBEntry, error) {
	o.forget()
	if o.learn(dev); o.r.names[dev] == "" {
		return nil, say.Err("%s: FDB of the device with index %d: %v", "%s：编号为 %d 的设备的 FDB：%v", o.r.ns.Name(), dev, unix.ENODEV)
	}
	request := make([]byte, sizeofNdmsg)
	request[0] = unix.AF_BRIDGE
	binary.NativeEndian.PutUint32(request[4:], uint32(dev))
	raw, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, request, func(b []byte) (rawFDBEntry, bool) {
		e, ok := parseFDBEntry(b)
		return e, ok && e.Index == dev && e.Self
	})
	if err != nil {
		return nil, say.Err("%s: FDB of %s: %v", "%s：%s 的 FDB：%v", o.r.ns.Name(), o.r.names[dev], err)
	}
	entries := make([]FDBEntry, 0, len(raw))
	for _, e := range raw {
		entries = append(entries, o.fdbEntry(e))
	}
	return entries, nil
}

// rawFDBEntry is an entry before the indexes in it have names.
type rawFDBEntry struct {
	FDBEntry
	master, via int
}

// fdbEntry names the devices.
func (o *One) fdbEntry(e rawFDBEntry) FDBEntry {
	o.learn(e.Index)
	o.learn(e.master)
	e.Dev, e.Master = o.r.device(e.Index), o.r.device(e.master)
	switch {
	case e.via == 0:
	case e.NetnsID >= 0:
		e.Via = "ifindex " + strconv.Itoa(e.via)
	default:
		o.learn(e.via)
		e.Via = o.r.device(e.via)
	}
	return e.FDBEntry
}

// parseFDBEntry reads what fdb_fill_info() wrote, or vxlan_fdb_info().
func parseFDBEntry(b []byte) (rawFDBEntry, bool) {
	if len(b) < sizeofNdmsg || b[0] != unix.AF_BRIDGE {
		return rawFDBEntry{}, false
	}
	var e rawFDBEntry
	e.Index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	e.State = fdbState(binary.NativeEndian.Uint16(b[8:]))
	e.Self = b[10]&unix.NTF_SELF != 0
	e.Local = e.State == "permanent" && !e.Self
	e.Flags = fdbFlags(b[10])
	e.NetnsID = netnsHere
	for kind, v := range attr.All(b[sizeofNdmsg:]) {
		e.attribute(kind, v)
	}
	return e, len(e.MAC) > 0
}

func (e *rawFDBEntry) attribute(kind uint16, v []byte) {
	switch kind {
	case unix.NDA_LLADDR:
		e.MAC = net.HardwareAddr(slices.Clone(v))
	case unix.NDA_DST:
		e.Dst = attr.Addr(v)
	case unix.NDA_VLAN:
		if len(v) >= 2 {
			e.VLAN = int(binary.NativeEndian.Uint16(v))
		}
	case unix.NDA_PORT:
		e.FDBEntry.Port = attrPort(v)
	case unix.NDA_VNI:
		e.VNI = attr.Int(v)
	case unix.NDA_SRC_VNI:
		e.SrcVNI = attr.Int(v)
	case unix.NDA_IFINDEX:
		e.via = attr.Int(v)
	case unix.NDA_MASTER:
		e.master = attr.Int(v)
	case unix.NDA_LINK_NETNSID:
		e.NetnsID = attr.Int(v)
	case ndaNHID:
		e.NHID = attr.Int(v)
	case ndaFlagsExt:
		if attr.Uint32(v)&ntfExtLocked != 0 {
			e.Flags = append(e.Flags, "locked")
		}
	}
}

// fdbState spells a state as state_n2a() of bridge/fdb.c does.
func fdbState(state uint16) string {
	switch {
	case state&unix.NUD_PERMANENT != 0:
		return "permanent"
	case state&unix.NUD_NOARP != 0:
		return "static"
	case state&unix.NUD_STALE != 0:
		return "stale"
	case state&unix.NUD_REACHABLE != 0:
		return ""
	}
	return "state=" + ipHex(uint32(state))
}

// fdbFlags spells the flags besides self in the order of fdb_print_flags().
func fdbFlags(flags byte) (names []string) {
	for _, f := range []struct {
		mask byte
		name string
	}{
		{unix.NTF_ROUTER, "router"}, {unix.NTF_EXT_LEARNED, "extern_learn"},
		{unix.NTF_OFFLOADED, "offload"}, {unix.NTF_MASTER, "master"}, {ntfSticky, "sticky"},
	} {
		if flags&f.mask != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// readFDB reads what bridges know of their ports: what `bridge fdb` shows but for the
// devices' own entries (self). Frames to the addresses of multicast groups that a
// bridge takes for itself are among those.
func (r *Reader) readFDB(ctx context.Context) ([]FDBEntry, error) {
	request := make([]byte, sizeofNdmsg)
	request[0] = unix.AF_BRIDGE
	raw, err := dumpTable(ctx, r.conn, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, request, func(b []byte) (rawFDBEntry, bool) {
		e, ok := parseFDBEntry(b)
		return e, ok && !e.Self && e.master != 0
	})
	if err != nil {
		return nil, err
	}
	entries := make([]FDBEntry, 0, len(raw))
	for _, e := range raw {
		e.Dev, e.Master = r.device(e.Index), r.device(e.master)
		entries = append(entries, e.FDBEntry)
	}
	return entries, nil
}

// fdbRow leaves out whether an entry is stale: nobody does that.
func fdbRow(e *FDBEntry) diffRow {
	key := struct {
		mac, master string
		vlan        int
	}{e.MAC.String(), e.Master, e.VLAN}
	fresh := *e
	if fresh.State == "stale" {
		fresh.State = ""
	}
	return diffRow{key: key, text: fresh.Line()}
}
