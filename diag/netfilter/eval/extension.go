package eval

import (
	"encoding/binary"
	"net/netip"
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
	"match time":      (*evaluator).xtTime,
	"match ttl":       (*evaluator).xtHops,
	"match hl":        (*evaluator).xtHops,
	"match iprange":   (*evaluator).xtIPRange,
	"match mac":       (*evaluator).xtMAC,
	"match pkttype":   (*evaluator).xtPktType,
	"match ecn":       (*evaluator).xtECN,
}

// What xt_conntrack may ask for, each a bit of its flags and of those that invert it
// (uapi/linux/netfilter/xt_conntrack.h).
const (
	askState = 1 << iota
	askProto
	askOrigSrc
	askOrigDst
	askReplSrc
	askReplDst
	askStatus
	askExpires
	askOrigSrcPort
	askOrigDstPort
	askReplSrcPort
	askReplDstPort
	askDirection
	askAlias // of the state, as -m state
)

// xtConntrack is struct xt_conntrack_mtinfo3, and conntrack_mt(): all that it asks for has
// to hold. What it asks of replies, of the status and of when an entry expires is not
// known. Revisions before the third are shorter, and have no ranges of ports.
func (e *evaluator) xtConntrack(data []byte, p Packet) (holds, known bool) {
	const flagsAt, inverseAt, least, third = 146, 148, 152, 162
	if len(data) < least {
		return false, false
	}
	flags, inverse := binary.NativeEndian.Uint16(data[flagsAt:])&^askAlias, binary.NativeEndian.Uint16(data[inverseAt:])
	holds, known = true, true
	if flags&askState != 0 {
		holds, known = e.xtState(data, inverse&askState != 0, p)
	}
	if flags == askState || known && !holds {
		return holds, known
	}
	if state := e.ctValue("direction", p); state.absent {
		return flags&askState != 0, known
	}
	for bit := uint16(askProto); bit <= askDirection; bit <<= 1 {
		if flags&bit == 0 {
			continue
		}
		is, told := e.xtTuple(data, bit, p, len(data) >= third)
		if told && is == (inverse&bit != 0) {
			return false, true
		}
		known = known && told
	}
	return known, known
}

// xtState is what xt_conntrack asks of the state, SNAT and DNAT among them.
func (e *evaluator) xtState(data []byte, inverse bool, p Packet) (holds, known bool) {
	const statesAt, snat, dnat, untracked = 150, 1 << 6, 1 << 7, 1 << 8
	wanted := binary.NativeEndian.Uint16(data[statesAt:])
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

// xtTuple is one of the things that xt_conntrack asks of a connection besides its state,
// before it is inverted.
func (e *evaluator) xtTuple(data []byte, asked uint16, p Packet, ranges bool) (is, known bool) {
	const protoAt, srcAt, dstAt, srcPortAt, dstPortAt, highSrcAt, highDstAt = 136, 0, 32, 138, 140, 154, 156
	fresh := p.conn.begun && (p.CTState == CTNew || p.conn.answer || p.conn.goesOn)
	port := func(lowAt, highAt int, has uint16) (bool, bool) {
		low, high := binary.NativeEndian.Uint16(data[lowAt:]), uint16(0)
		if !ranges {
			return binary.BigEndian.Uint16(data[lowAt:]) == has, fresh
		}
		high = binary.NativeEndian.Uint16(data[highAt:])
		return low <= has && has <= high, fresh
	}
	switch asked {
	case askProto:
		return binary.NativeEndian.Uint16(data[protoAt:]) == uint16(p.Proto), true
	case askOrigSrc:
		return within(data[srcAt:], p.conn.source.Addr()), fresh
	case askOrigDst:
		return within(data[dstAt:], p.conn.original.Addr()), fresh
	case askOrigSrcPort:
		is, known = port(srcPortAt, highSrcAt, p.conn.source.Port())
		return is, known && p.conn.source.Port() != 0
	case askOrigDstPort:
		return port(dstPortAt, highDstAt, p.conn.original.Port())
	case askDirection:
		direction := e.ctValue("direction", p)
		return direction.bytes != nil && direction.bytes[0] == 0, direction.bytes != nil
	}
	return false, false
}

// within reports whether an address is in a network of an address and a mask of 16 bytes
// each (conntrack_addrcmp()).
func within(network []byte, addr netip.Addr) bool {
	for i, b := range addr.AsSlice() {
		if (b^network[i])&network[16+i] != 0 {
			return false
		}
	}
	return addr.IsValid()
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

// xtPhysdev is struct xt_physdev_info, and physdev_mt(): the ports of a bridge with their masks,
// inverse bits, and which of them count. By which port of a bridge a routed packet came in is not
// known; it leaves by none.
func (e *evaluator) xtPhysdev(data []byte, p Packet) (holds, known bool) {
	const in, out, bridged, isIn, isOut = 1, 2, 4, 8, 16
	const maskAt, outAt, outMaskAt, invertAt, whichAt, all = 16, 32, 48, 64, 65, 31
	if len(data) <= whichAt {
		return false, false
	}
	invert, which := data[invertAt], data[whichAt]
	if seen, err := e.env.Bridged(p.IIF); err != nil {
		return false, false
	} else if !seen && p.Ports == (Ports{}) {
		return which&^invert&all == 0, true
	}
	to := p.Ports.Out
	if e.hook != "forward" && e.hook != "postrouting" {
		to = ""
	}
	wants := func(bit byte, is bool) bool { return which&bit == 0 || is != (invert&bit != 0) }
	switch {
	case !wants(bridged, to != ""), !wants(isOut, to != ""), which&out != 0 && to == "":
		return false, true
	case which&out != 0 && !wants(out, masked(to, data[outAt:outMaskAt], data[outMaskAt:invertAt])):
		return false, true
	case which&(in|isIn) == 0:
		return true, true
	case p.Ports.In == "":
		return false, false
	}
	return wants(isIn, true) && wants(in, masked(p.Ports.In, data[:maskAt], data[maskAt:outAt])), true
}

// masked reports whether the name of a device is one that x_tables asks for
// (ifname_compare_aligned()).
func masked(name string, want, mask []byte) bool {
	for i := range want {
		var have byte
		if i < len(name) {
			have = name[i]
		}
		if (have^want[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}

// xtECN is struct xt_ecn_info, and ecn_mt4(): what the first packets of a connection say of
// congestion. Their IP header says nothing of it (RFC 3168, 6.1.1).
func (*evaluator) xtECN(data []byte, p Packet) (holds, known bool) {
	const byIP, byECE, byCWR, ece, cwr = 0x01, 0x10, 0x20, 0x40, 0x80
	if len(data) < 4 || data[0]&byIP == 0 && p.CTState != CTNew && !p.conn.answer {
		return false, false
	}
	asks, not, flags := data[0], data[1], p.tcpFlags()
	meets := func(bit byte, is bool) bool { return asks&bit == 0 || is != (not&bit != 0) }
	return meets(byIP, data[2] == 0) && meets(byECE, flags&ece != 0) && meets(byCWR, flags&cwr != 0), true
}
