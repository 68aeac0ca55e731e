// Package spelled says conditions of x_tables as iptables does, from the structs that the
// kernel has: those that are judged as they are, and never taken apart.
package spelled

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"nstutor/diag/netfilter/fields"
)

// matches are the ones that are known, by the names of their modules.
var matches = map[string]func([]byte) string{"mac": mac, "time": at}

// Match is a match of a module in iptables' words, or its name where those are not known.
func Match(module string, data []byte) string {
	if say, ok := matches[module]; ok {
		if text := say(data); text != "" {
			return text
		}
	}
	return "[match " + module + "]"
}

// mac is struct xt_mac_info: an address, and whether that is inverted.
func mac(data []byte) string {
	if len(data) < 12 {
		return ""
	}
	not := ""
	if binary.NativeEndian.Uint32(data[8:]) != 0 {
		not = "! "
	}
	return "-m mac " + not + "--mac-source " + net.HardwareAddr(data[:6]).String()
}

// at is struct xt_time_info.
func at(data []byte) string {
	const lastSecond, allDays, allWeekdays = 24*60*60 - 1, 0xfffffffe, 0xfe
	when, ok := fields.XTTimeOf(data)
	if !ok {
		return ""
	}
	text := []string{"-m time"}
	say := func(holds bool, words ...string) {
		if holds {
			text = append(text, words...)
		}
	}
	date := func(second uint32) string { return time.Unix(int64(second), 0).UTC().Format("2006-01-02T15:04:05") }
	hour := func(second uint32) string {
		return fmt.Sprintf("%02d:%02d:%02d", second/3600, second/60%60, second%60)
	}
	say(when.DayFrom != 0 || when.DayTo != lastSecond, "--timestart "+hour(when.DayFrom), "--timestop "+hour(when.DayTo))
	say(when.Monthdays != allDays, "--monthdays "+days(when.Monthdays, strconv.Itoa))
	say(when.Weekdays != allWeekdays, "--weekdays "+days(uint32(when.Weekdays), func(day int) string { return time.Weekday(day % 7).String()[:3] }))
	say(when.From != 0, "--datestart "+date(when.From))
	say(int32(when.To) >= 0 && when.To != 1<<31-1, "--datestop "+date(when.To))
	say(when.KernelZone, "--kerneltz")
	say(when.Contiguous, "--contiguous")
	return strings.Join(text, " ")
}

// days are those whose bits are set.
func days(set uint32, called func(int) string) string {
	var all []string
	for day := 1; day < 32; day++ {
		if set&(1<<day) != 0 {
			all = append(all, called(day))
		}
	}
	return strings.Join(all, ",")
}
