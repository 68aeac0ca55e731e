package eval

import (
	"encoding/binary"

	"nstutor/diag/netfilter/ipset"
)

// xtSet is whether a packet is in the set that struct xt_set_info_match_v1 asks for.
func (e *evaluator) xtSet(data []byte, p Packet) (holds, known bool) {
	q, not, ok := question(data, p)
	if !ok {
		return false, false
	}
	in, err := e.env.InSet(q)
	return in != not, err == nil
}

// question is struct xt_set_info_match_v1 and what later revisions put behind it:
// the set, whose side counts in each dimension, and inversion. Those of revision 0
// had no dimensions there; no iptables of the last ten years makes them.
func question(data []byte, p Packet) (q ipset.Question, not, known bool) {
	const inverse, most = 1, 6
	const packetsAt, bytesAt, flagsAt, size = 8, 24, 40, 44
	const uncounted = 1<<3 | 1<<4 // IPSET_FLAG_SKIP_COUNTER_UPDATE, …_SKIP_SUBCOUNTER_UPDATE
	switch {
	case len(data) < 4, data[2] == 0, data[2] > most:
		return q, false, false
	case len(data) >= size && (data[packetsAt] != 0 || data[bytesAt] != 0 || binary.NativeEndian.Uint32(data[flagsAt:])&^uncounted != 0):
		return q, false, false // it asks for counters, or for what is excepted
	case p.conn.srcUnknown || p.conn.dstUnknown || p.conn.pktMarkUnknown:
		return q, false, false
	}
	q = ipset.Question{
		Index: binary.NativeEndian.Uint16(data), Src: p.Src, Dst: p.Dst, Proto: p.Proto, SrcPort: p.SrcPort, DstPort: p.DstPort,
		ICMPType: p.ICMPType, ICMPCode: p.ICMPCode, IIF: p.IIF, OIF: p.OIF, Mark: p.Mark,
	}
	for i := range int(data[2]) {
		q.FromSrc = append(q.FromSrc, data[3]&(1<<(i+1)) != 0)
	}
	return q, data[3]&inverse != 0, true
}
