package screen

import "testing"

// FuzzWrap: whatever a line has in it, wrapping ends, and loses no cells.
func FuzzWrap(f *testing.F) {
	for _, line := range []string{
		"a line of words", "\x1b[1mbold\x1b[0m text", "\u009b1m\u009b", "\x1b]0;title\x07 text", "网卡网卡网卡", "\x1bP\x1b\\", "\x9b\x9b\x9b0123456789", "\x1b[\x1b[",
		"- a bullet that goes on and on", "1. a number", "\xff\xfe\xfd and more", "\u0085\u0085\u0085",
	} {
		f.Add(line, 10)
	}
	f.Fuzz(func(t *testing.T, line string, w int) {
		if w < 1 || w > 200 || len(line) > 4096 {
			return
		}
		if lines := WrapLine(line, w); len(lines) == 0 || len(lines) > len(line)+1 {
			t.Errorf("wrapLine(%q, %d) is %d lines", line, w, len(lines))
		}
	})
}
