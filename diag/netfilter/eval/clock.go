package eval

import (
	"encoding/binary"
	"time"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// xtTime is time_mt(). The kernel's own time zone, which it may be asked to count in, is not
// known.
func (e *evaluator) xtTime(data []byte, _ Packet) (holds, known bool) {
	const daySeconds = 24 * 60 * 60
	at, ok := fields.XTTimeOf(data)
	if !ok || at.KernelZone {
		return false, false
	}
	now := time.Now().Unix()
	if now < int64(at.From) || now > int64(at.To) {
		return false, true
	}
	from, to, second := at.DayFrom, at.DayTo, uint32(now%daySeconds)
	switch {
	case from < to && (second < from || second > to), from >= to && second < from && second > to:
		return false, true
	case from >= to && at.Contiguous && second <= to:
		now -= daySeconds // it belongs to the day before
	}
	day := time.Unix(now, 0).UTC()
	weekday := int(day.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	return at.Weekdays&(1<<weekday) != 0 && at.Monthdays&(1<<day.Day()) != 0, true
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
