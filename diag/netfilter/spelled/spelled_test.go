package spelled

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// clock is a struct xt_time_info.
func clock(fields [5]uint32, weekdays, flags byte) []byte {
	var data []byte
	for _, f := range fields {
		data = binary.NativeEndian.AppendUint32(data, f)
	}
	return append(data, weekdays, flags, 0, 0)
}

// sought is a struct xt_string_info of such a pattern in the first hundred bytes.
func sought(pattern string) []byte {
	data := make([]byte, 152)
	data[2] = 100
	copy(data[4:], "bm")
	copy(data[20:], pattern)
	data[148] = byte(len(pattern))
	return data
}

func TestMatchesAreSpelledAsIptablesDoes(t *testing.T) {
	sets := func(index uint16) string {
		if index == 3 {
			return "blocked"
		}
		return ""
	}
	for want, got := range map[string]string{
		"-m mac ! --mac-source 52:54:00:aa:bb:01":                                Match("mac", []byte{0x52, 0x54, 0, 0xaa, 0xbb, 1, 0, 0, 1, 1, 1, 1}, nil),
		"-m time --timestart 06:30:00 --timestop 22:00:00 --weekdays Mon,Sun":    Match("time", clock([5]uint32{0, 1<<31 - 1, 6*3600 + 1800, 22 * 3600, 0xfffffffe}, 1<<1|1<<7, 0), nil),
		"-m time --monthdays 1,15 --datestart 2026-01-01T00:00:00 --contiguous":  Match("time", clock([5]uint32{1767225600, 1<<31 - 1, 0, 86399, 1<<1 | 1<<15}, 0xfe, 2), nil),
		"-m time --datestop 2026-01-01T00:00:00 --kerneltz":                      Match("time", clock([5]uint32{0, 1767225600, 0, 86399, 0xfffffffe}, 0xfe, 1), nil),
		"-m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr": Match("connlimit", []byte{255, 255, 255, 255, 15: 0, 16: 3, 31: 0}, nil),
		"-m connlimit --connlimit-above 3 --connlimit-saddr":                     Match("connlimit", append(bytes.Repeat([]byte{255}, 16), 3, 0, 0, 0, 0, 0, 0, 0), nil),
		"-m connlimit --connlimit-upto 3 --connlimit-mask 16 --connlimit-daddr":  Match("connlimit", []byte{255, 255, 0, 0, 15: 0, 16: 3, 20: 3, 31: 0}, nil),
		"-m length --length 128:65535":                                           Match("length", []byte{128, 0, 255, 255, 0}, nil),
		"-m length ! --length 84":                                                Match("length", []byte{84, 0, 84, 0, 1}, nil),
		"-m set --match-set blocked src":                                         Match("set", []byte{3, 0, 1, 2}, sets),
		"-m set ! --match-set blocked dst,src":                                   Match("set", []byte{3, 0, 2, 1 | 4}, sets),
		"[match set]":                                                            Match("set", []byte{4, 0, 1, 2}, sets),
		"[match time]":                                                           Match("time", nil, nil),
		"-m ecn --ecn-tcp-ece":                                                   Match("ecn", []byte{0x10, 0, 0, 0}, nil),
		"-m ecn --ecn-tcp-cwr ! --ecn-ip-ect 2":                                  Match("ecn", []byte{0x21, 0x01, 2, 0}, nil),
		"-m quota --quota 256":                                                   Match("quota", []byte{9: 1, 23: 0}, nil),
		"-m string --string torrent --algo bm --to 100":                          Match("string", sought("torrent"), nil),
		"[match string]":                                                         Match("string", sought("a b"), nil),
		"[match u32]":                                                            Match("u32", []byte{1}, nil),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
