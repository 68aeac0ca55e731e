package spelled

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// congestion is struct xt_ecn_info: what is asked for, what of it is inverted, and the IP header's bits.
func congestion(data []byte) string {
	const ip, ece, cwr, size = 0x01, 0x10, 0x20, 4
	if len(data) < size {
		return ""
	}
	text := options{"-m ecn"}
	for _, o := range []struct {
		bit  byte
		word string
	}{{cwr, "--ecn-tcp-cwr"}, {ece, "--ecn-tcp-ece"}, {ip, "--ecn-ip-ect " + strconv.Itoa(int(data[2]))}} {
		text.say(data[0]&o.bit != 0 && data[1]&o.bit != 0, "!")
		text.say(data[0]&o.bit != 0, o.word)
	}
	return strings.Join(text, " ")
}

// quota is struct xt_quota_info: whether it is inverted, and the bytes.
func quota(data []byte) string {
	const inverse, quotaAt, size = 1, 8, 16
	if len(data) < size {
		return ""
	}
	text := options{"-m quota"}
	text.say(data[0]&inverse != 0, "!")
	text.say(true, "--quota "+strconv.FormatUint(binary.NativeEndian.Uint64(data[quotaAt:]), 10))
	return strings.Join(text, " ")
}

// pattern is struct xt_string_info of revision 1: from where to where, by which algorithm, what
// is sought, and how. What cannot be written as it is, is not said.
func pattern(data []byte) string {
	const toAt, algoAt, patternAt, lengthAt, howAt, size, inverse, caseless, everywhere = 2, 4, 20, 148, 149, 150, 1, 2, 0xffff
	if len(data) < size || int(data[lengthAt]) > lengthAt-patternAt {
		return ""
	}
	sought := data[patternAt : patternAt+int(data[lengthAt])]
	plain := func(r rune) bool { return r > ' ' && r <= '~' && !strings.ContainsRune(`"'\\`, r) }
	if len(sought) == 0 || bytes.ContainsFunc(sought, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	algorithm, _, _ := bytes.Cut(data[algoAt:patternAt], []byte{0})
	text := options{"-m string"}
	text.say(data[howAt]&inverse != 0, "!")
	text.say(true, "--string "+string(sought), "--algo "+string(algorithm))
	from, to := binary.NativeEndian.Uint16(data), binary.NativeEndian.Uint16(data[toAt:])
	text.say(from != 0, fmt.Sprintf("--from %d", from))
	text.say(to != everywhere && to != 0, fmt.Sprintf("--to %d", to))
	text.say(data[howAt]&caseless != 0, "--icase")
	return strings.Join(text, " ")
}

// hashlimit is struct xt_hashlimit_mtinfo3: the name, then the time between packets in
// millionths of a second, the burst, what has a limit of its own, and masks. Limits of bytes are
// not said.
func hashlimit(data []byte) string {
	const nameLength, avgAt, burstAt, modeAt, size = 255, 256, 264, 272, 304
	const inverse, bytesMode, rateMode, second, scale = 1 << 4, 1 << 5, 1 << 6, 1e6, 86400
	if len(data) < size {
		return ""
	}
	mode, every := binary.NativeEndian.Uint32(data[modeAt:]), binary.NativeEndian.Uint64(data[avgAt:])
	if mode&(bytesMode|rateMode) != 0 || every == 0 {
		return ""
	}
	unit, rate := "day", uint64(scale*second)/every
	for _, u := range []struct {
		name    string
		seconds uint64
	}{{"hour", 3600}, {"min", 60}, {"sec", 1}} {
		if u.seconds*second >= every && u.seconds*second/every >= u.seconds*second%every {
			unit, rate = u.name, u.seconds*second/every
		}
	}
	word := "--hashlimit-upto"
	if mode&inverse != 0 {
		word = "--hashlimit-above"
	}
	text := options{"-m hashlimit", fmt.Sprintf("%s %d/%s --hashlimit-burst %d", word, rate, unit, binary.NativeEndian.Uint64(data[burstAt:]))}
	var by []string
	for _, m := range []struct {
		bit  uint32
		word string
	}{{1 << 2, "srcip"}, {1 << 3, "srcport"}, {1 << 0, "dstip"}, {1 << 1, "dstport"}} {
		if mode&m.bit != 0 {
			by = append(by, m.word)
		}
	}
	text.say(len(by) > 0, "--hashlimit-mode "+strings.Join(by, ","))
	name, _, _ := bytes.Cut(data[:nameLength], []byte{0})
	text.say(true, "--hashlimit-name "+string(name))
	return strings.Join(text, " ")
}
