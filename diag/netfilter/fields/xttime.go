package fields

import "encoding/binary"

// XTTime is struct xt_time_info, which `iptables -m time` gives the kernel: from one second
// to another, in some seconds of the day, on some days of the month and of the week.
type XTTime struct {
	From, To       uint32 // seconds since 1970
	DayFrom, DayTo uint32 // seconds of the day; DayTo may be before DayFrom
	Monthdays      uint32 // a bit for each, from 1<<1
	Weekdays       byte   // a bit for each, from 1<<1, Monday, to 1<<7, Sunday

	KernelZone bool // in the time zone that the kernel was told, which nobody can ask it
	Contiguous bool // what begins on one of the days and goes on past midnight belongs to that day
}

// XTTimeOf reads one.
func XTTimeOf(data []byte) (XTTime, bool) {
	const size, kernelZone, contiguous = 22, 1, 2
	if len(data) < size {
		return XTTime{}, false
	}
	field := func(i int) uint32 { return binary.NativeEndian.Uint32(data[4*i:]) }
	return XTTime{
		From: field(0), To: field(1), DayFrom: field(2), DayTo: field(3), Monthdays: field(4), Weekdays: data[20],
		KernelZone: data[21]&kernelZone != 0, Contiguous: data[21]&contiguous != 0,
	}, true
}
