package table

import (
	"context"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// PortVLAN is one VLAN that a port of a bridge carries, as `bridge vlan` shows it.
type PortVLAN struct {
	ID       int
	PVID     bool // untagged frames that come in belong to it
	Untagged bool // its frames leave without a tag
}

// What golang.org/x/sys/unix does not have of <linux/if_bridge.h> and
// <linux/rtnetlink.h>.
const (
	bridgeVLANInfo     = 2 // IFLA_BRIDGE_VLAN_INFO: struct bridge_vlan_info
	bridgeVLANPVID     = 1 << 1
	bridgeVLANUntagged = 1 << 2
	bridgeVLANBegin    = 1 << 3 // of a range
	bridgeVLANEnd      = 1 << 4
	extFilterVLAN      = 1 << 1 // RTEXT_FILTER_BRVLAN
)

// VLANs returns the VLANs of each port of a bridge, by interface index, the
// bridge's own among them.
func (o *One) VLANs(bridge int) (map[int][]PortVLAN, error) {
	body := make([]byte, unix.SizeofIfInfomsg)
	body[0] = unix.AF_BRIDGE
	body = attr.Append(body, unix.IFLA_EXT_MASK, binary.NativeEndian.AppendUint32(nil, extFilterVLAN))
	type row struct {
		index, master int
		vlans         []PortVLAN
	}
	rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETLINK, unix.RTM_NEWLINK, body, func(b []byte) (row, bool) {
		if len(b) < unix.SizeofIfInfomsg {
			return row{}, false
		}
		r := row{index: int(int32(binary.NativeEndian.Uint32(b[4:])))}
		for kind, v := range attr.All(b[unix.SizeofIfInfomsg:]) {
			switch kind &^ unix.NLA_F_NESTED {
			case unix.IFLA_MASTER:
				r.master = attr.Int(v)
			case unix.IFLA_AF_SPEC:
				r.vlans = portVLANs(v)
			}
		}
		return r, r.master == bridge || r.index == bridge
	})
	if err != nil {
		return nil, say.Err("%s: VLANs of the bridge with index %d: %v", "%s：编号为 %d 的网桥的 VLAN：%v", o.r.ns.Name(), bridge, err)
	}
	all := map[int][]PortVLAN{}
	for _, r := range rows {
		all[r.index] = append(all[r.index], r.vlans...)
	}
	return all, nil
}

// portVLANs reads what br_fill_ifinfo() wrote; a range is its two ends.
func portVLANs(b []byte) []PortVLAN {
	var vlans []PortVLAN
	first := 0
	for kind, v := range attr.All(b) {
		if kind&^unix.NLA_F_NESTED != bridgeVLANInfo || len(v) < 4 {
			continue
		}
		flags, id := binary.NativeEndian.Uint16(v), int(binary.NativeEndian.Uint16(v[2:]))&0xfff
		if flags&bridgeVLANBegin != 0 {
			first = id
			continue
		}
		if flags&bridgeVLANEnd == 0 || first == 0 {
			first = id
		}
		for ; first <= id; first++ {
			vlans = append(vlans, PortVLAN{first, flags&bridgeVLANPVID != 0, flags&bridgeVLANUntagged != 0})
		}
		first = 0
	}
	return slices.Clip(vlans)
}
