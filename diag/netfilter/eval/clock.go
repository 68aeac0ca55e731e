package eval

import (
	"encoding/binary"
	"time"
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
