package eval

import (
	"encoding/binary"
	"slices"
)

// extensions judge matches of x_tables that are not taken apart, from the struct
// that the kernel has. false means that it cannot be said.
var extensions = map[string]func(*evaluator, []byte, Packet) (holds, known bool){
	"match conntrack": (*evaluator).xtConntrack,
	"match rpfilter":  (*evaluator).xtRPFilter,
	"match length":    (*evaluator).xtLength,
	"match owner":     (*evaluator).xtOwner,
	"match set":       (*evaluator).xtSet,
	"match physdev":   (*evaluator).xtPhysdev,
	"match recent":    (*evaluator).xtRecent,
}

// xtConntrack is struct xt_conntrack_mtinfo3 when it asks for nothing but
// states, SNAT and DNAT among them.
func (e *evaluator) xtConntrack(data []byte, p Packet) (holds, known bool) {
	const flagsAt, inverseAt, statesAt, size = 146, 148, 150, 152
	const state, alias = 1, 1 << 13
	const snat, dnat, untracked = 1 << 6, 1 << 7, 1 << 8
	if len(data) < size || binary.NativeEndian.Uint16(data[flagsAt:])&^alias != state {
		return false, false
	}
	wanted := binary.NativeEndian.Uint16(data[statesAt:])
	inverse := binary.NativeEndian.Uint16(data[inverseAt:])&state != 0
	number := uint16(binary.BigEndian.Uint32(e.ctValue("state", p).bytes)) // every packet has one
	if number == 0x40 {
		number = untracked
	}
	if wanted&number != 0 {
		return !inverse, true
	}
	if number == 1 || number == untracked { // there is no connection
		return inverse, true
	}
	status := e.ctValue("status", p)
	if status.bytes == nil {
		return false, false
	}
	translated := binary.BigEndian.Uint32(status.bytes)
	holds = wanted&snat != 0 && translated&0x10 != 0 || wanted&dnat != 0 && translated&0x20 != 0
	return holds != inverse, true
}

// xtRPFilter is struct xt_rpfilter_info, and rpfilter_mt().
func (e *evaluator) xtRPFilter(data []byte, p Packet) (holds, known bool) {
	const loose, validMark, acceptLocal, invert = 1, 2, 4, 8
	if len(data) == 0 || p.conn.srcUnknown || p.conn.dstUnknown || data[0]&validMark != 0 && p.conn.pktMarkUnknown {
		return false, false
	}
	inverse := data[0]&invert != 0
	if p.IIF == "lo" {
		return !inverse, true
	}
	mark := uint32(0)
	if data[0]&validMark != 0 {
		mark = p.Mark
	}
	way := e.lookup(p.Src, p.Dst, mark)
	if way.err != nil {
		return false, false
	}
	switch {
	case way.kind == "local":
		holds = data[0]&acceptLocal != 0 && (slices.Contains(way.devs, p.IIF) || data[0]&loose != 0)
	case way.kind == "unicast":
		holds = slices.Contains(way.devs, p.IIF) || data[0]&loose != 0
	}
	return holds != inverse, true
}

// xtLength is struct xt_length_info: first, last, inverse.
func (e *evaluator) xtLength(data []byte, p Packet) (holds, known bool) {
	if len(data) < 5 || p.Length == 0 {
		return false, false
	}
	low, high := int(binary.NativeEndian.Uint16(data)), int(binary.NativeEndian.Uint16(data[2:]))
	return (low <= p.Length && p.Length <= high) != (data[4] != 0), true
}

// xtPhysdev is struct xt_physdev_info of what came in by no bridge, which has no ports:
// only what is asked for with `!` holds (physdev_mt()).
func (e *evaluator) xtPhysdev(data []byte, p Packet) (holds, known bool) {
	const invertAt, whichAt, all = 64, 65, 31
	if len(data) <= whichAt {
		return false, false
	}
	if bridged, err := e.env.Bridged(p.IIF); err != nil || bridged {
		return false, false
	}
	return data[whichAt]&^data[invertAt]&all == 0, true
}
