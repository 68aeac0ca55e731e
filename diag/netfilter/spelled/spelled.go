// Package spelled says conditions of x_tables as iptables does, from the structs that the
// kernel has: those that are judged as they are, and never taken apart.
package spelled

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"nstutor/diag/netfilter/fields"
)

// matches are the ones that are known, by the names of their modules.
var matches = map[string]func([]byte) string{"mac": mac, "time": at, "recent": recent, "connlimit": connlimit, "length": length, "ecn": congestion, "quota": quota, "string": pattern, "hashlimit": hashlimit}

// Match is a match of a module in iptables' words, or its name where those are not known.
// named tells the name of an ipset by its index, and nothing where it does not know.
func Match(module string, data []byte, named func(index uint16) string) string {
	if module == "set" {
		if text := set(data, named); text != "" {
			return text
		}
	}
	if say, ok := matches[module]; ok {
		if text := say(data); text != "" {
			return text
		}
	}
	return "[match " + module + "]"
}

// set is struct xt_set_info, which struct xt_set_info_match_v1 and later ones begin with: the
// index, how many dimensions count, and which of those are of the source, beside inversion.
// What later ones ask for besides is not said.
func set(data []byte, named func(index uint16) string) string {
	const inverse, most = 1, 6
	if len(data) < 4 || data[2] == 0 || data[2] > most {
		return ""
	}
	name := named(binary.NativeEndian.Uint16(data))
	if name == "" {
		return ""
	}
	sides := make([]string, data[2])
	for i := range sides {
		sides[i] = "dst"
		if data[3]&(1<<(i+1)) != 0 {
			sides[i] = "src"
		}
	}
	not := ""
	if data[3]&inverse != 0 {
		not = "! "
	}
	return "-m set " + not + "--match-set " + name + " " + strings.Join(sides, ",")
}

// options are those of a match, one after the other.
type options []string

// say adds words that are said where something holds.
func (o *options) say(holds bool, words ...string) {
	if holds {
		*o = append(*o, words...)
	}
}

// length is struct xt_length_info: the first and the last one, and whether that is inverted.
func length(data []byte) string {
	if len(data) < 5 {
		return ""
	}
	first, last, not := binary.NativeEndian.Uint16(data), binary.NativeEndian.Uint16(data[2:]), ""
	if data[4] != 0 {
		not = "! "
	}
	text := "-m length " + not + "--length " + strconv.Itoa(int(first))
	if last != first {
		text += ":" + strconv.Itoa(int(last))
	}
	return text
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
	text := options{"-m time"}
	date := func(second uint32) string { return time.Unix(int64(second), 0).UTC().Format("2006-01-02T15:04:05") }
	hour := func(second uint32) string {
		return fmt.Sprintf("%02d:%02d:%02d", second/3600, second/60%60, second%60)
	}
	text.say(when.DayFrom != 0 || when.DayTo != lastSecond, "--timestart "+hour(when.DayFrom), "--timestop "+hour(when.DayTo))
	text.say(when.Monthdays != allDays, "--monthdays "+days(when.Monthdays, strconv.Itoa))
	text.say(when.Weekdays != allWeekdays, "--weekdays "+days(uint32(when.Weekdays), func(day int) string { return time.Weekday(day % 7).String()[:3] }))
	text.say(when.From != 0, "--datestart "+date(when.From))
	text.say(int32(when.To) >= 0 && when.To != 1<<31-1, "--datestop "+date(when.To))
	text.say(when.KernelZone, "--kerneltz")
	text.say(when.Contiguous, "--contiguous")
	return strings.Join(text, " ")
}

// recent is struct xt_recent_mtinfo_v1: how old an entry may be and how often seen, what is
// done with it, the list, which address, and its mask.
func recent(data []byte) string {
	const doing, invert, name, side, mask, size, reap, ttl = 8, 9, 10, 210, 212, 228, 1 << 5, 1 << 4
	if len(data) < size {
		return ""
	}
	text := options{"-m recent"}
	text.say(data[invert] != 0, "!")
	for i, word := range []string{"--rcheck", "--set", "--update", "--remove"} {
		text.say(data[doing]&(1<<i) != 0, word)
	}
	seconds, hits := binary.NativeEndian.Uint32(data), binary.NativeEndian.Uint32(data[4:])
	text.say(seconds != 0, fmt.Sprintf("--seconds %d", seconds))
	text.say(data[doing]&reap != 0, "--reap")
	text.say(hits != 0, fmt.Sprintf("--hitcount %d", hits))
	text.say(data[doing]&ttl != 0, "--rttl")
	list, _, _ := bytes.Cut(data[name:side], []byte{0})
	text.say(true, "--name "+string(list), "--mask "+maskText(data[mask:size]))
	text.say(data[side] == 0, "--rsource")
	text.say(data[side] != 0, "--rdest")
	return strings.Join(text, " ")
}

// connlimit is struct xt_connlimit_info: the mask, the number, and which side is counted.
func connlimit(data []byte) string {
	const number, how, size, upTo, daddr = 16, 20, 24, 1, 2
	if len(data) < size {
		return ""
	}
	flags := binary.NativeEndian.Uint32(data[how:])
	text := options{"-m connlimit"}
	word := "--connlimit-above"
	if flags&upTo != 0 {
		word = "--connlimit-upto"
	}
	mask := data[:number]
	if bytes.Equal(mask[4:], make([]byte, number-4)) {
		mask = mask[:4]
	}
	bits, _ := net.IPMask(mask).Size()
	text.say(true, fmt.Sprintf("%s %d", word, binary.NativeEndian.Uint32(data[number:])))
	text.say(bits < 8*number, fmt.Sprintf("--connlimit-mask %d", bits)) // all bits are those of both families
	text.say(flags&daddr == 0, "--connlimit-saddr")
	text.say(flags&daddr != 0, "--connlimit-daddr")
	return strings.Join(text, " ")
}

// maskText is a mask of IPv4, which has four bytes of it, or of IPv6.
func maskText(mask []byte) string {
	length := len(mask)
	if bytes.Equal(mask[4:], make([]byte, length-4)) {
		length = 4
	}
	addr, _ := netip.AddrFromSlice(mask[:length])
	return addr.String()
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
