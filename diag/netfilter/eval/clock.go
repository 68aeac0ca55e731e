package eval

import (
	"encoding/binary"
	"time"

	"nstutor/diag/netfilter"
)

// xtTime is struct xt_time_info: from and to a second, in some seconds of the day, on some days of
// the month and of the week (time_mt()). The kernel's own time zone, which it may be asked to count
// in, is not known.
func (e *evaluator) xtTime(data []byte, _ Packet) (holds, known bool) {
	const localZone, contiguous, size, daySeconds = 1, 2, 22, 24 * 60 * 60
	if len(data) < size || data[21]&localZone != 0 {
		return false, false
	}
	field := func(at int) int64 { return int64(binary.NativeEndian.Uint32(data[at:])) }
	now := time.Now().Unix()
	if now < field(0) || now > field(4) {
		return false, true
	}
	from, to, second := field(8), field(12), now%daySeconds
	switch {
	case from < to && (second < from || second > to), from >= to && second < from && second > to:
		return false, true
	case from >= to && data[21]&contiguous != 0 && second <= to:
		now -= daySeconds // it belongs to the day before
	}
	day := time.Unix(now, 0).UTC()
	weekday := int(day.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	return data[20]&(1<<weekday) != 0 && field(16)&(1<<day.Day()) != 0, true
}

// clock is what nf_tables has of the time (nft_meta_get_eval_time()): the day of the week from
// Sunday on, the second of the day, and the nanosecond, all of UTC.
func clock(name string) fieldValue {
	now := time.Now().UTC()
	switch name {
	case "day":
		return byteValue(byte(now.Weekday()))
	case "hour":
		return uint32Value(uint32(now.Unix() % (24 * 60 * 60)))
	}
	return fieldValue{bytes: binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))}
}

// ofTime reports whether a condition asks for the time.
func ofTime(m *netfilter.Match) bool {
	if m.Unread != nil {
		return m.Unread.Name == "match time"
	}
	return len(m.Key) == 1 && (m.Key[0] == "meta hour" || m.Key[0] == "meta day" || m.Key[0] == "meta time")
}
