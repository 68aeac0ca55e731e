package console

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestOutputIsSafeToDraw(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"plain", "64 bytes from 10.0.0.1", "64 bytes from 10.0.0.1"},
		{"colours", "\x1b[1;32mUP\x1b[0m lo", "UP lo"},
		{"a title", "\x1b]0;evil\x07rest", "rest"},
		{"a title without end", "a\x1b]0;evil", "a"},
		{"clears the screen", "\x1b[2J\x1b[Hhere", "here"},
		{"another screen", "\x1b[?1049h\x1b(0x\x1b(B", "x"},
		{"C1", "a\u009b31mb", "a"},
		{"carriage return", "10%\r20%\r", "20%"},
		{"line end of DOS", "text\r", "text"},
		{"tab", "a\tb\tc", "a       b       c"},
		{"tab behind Chinese", "中\tb", "中      b"},
		{"backspace", "a\b_b", "_b"},
		{"bell and nul", "a\ab\x00", "a^Gb^@"},
		{"not UTF-8", "a\xffb", "ab"},
		{"right to left", "a\u202eb\u200b", "a<202e>b<200b>"},
		{"Chinese", "中文 输出", "中文 输出"},
	} {
		got := clean(c.raw)
		if c.name == "C1" {
			if strings.ContainsRune(got, '\u009b') {
				t.Errorf("%s: %q", c.name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzOutputIsSafeToDraw(f *testing.F) {
	f.Add("\x1b[31m\t\b\r\x00中\u202e")
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Contains(raw, "\n") {
			return
		}
		got := clean(raw)
		for _, r := range got {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q in %q from %q", r, got, raw)
			}
		}
		for _, line := range strings.Split(ansi.Hardwrap(got, 20, true), "\n") {
			if ansi.StringWidth(line) > 20 {
				t.Fatalf("%q is %d cells wide", line, ansi.StringWidth(line))
			}
		}
	})
}

func TestTheTapeIsBounded(t *testing.T) {
	for name, line := range map[string]string{"lines": "y", "bytes": strings.Repeat("x", 4000)} {
		var tape Tape
		for range 5000 {
			tape.Add(Line{Text: line})
		}
		sum := 0
		for _, l := range tape.Lines {
			sum += len(l.Text)
		}
		if len(tape.Lines) > TapeLines || sum > TapeBytes || sum != tape.Bytes || !tape.Cut || sum < TapeBytes-5000 && len(tape.Lines) < TapeLines {
			t.Errorf("%s: %d lines, %d bytes (counted %d), cut %v", name, len(tape.Lines), sum, tape.Bytes, tape.Cut)
		}
	}
}

func TestALineWithoutEndIsBroken(t *testing.T) {
	r := &Command{}
	lines, _ := r.cut(strings.Repeat("中", 10000), false)
	whole := strings.Join(lines, "") + r.rest
	if whole != strings.Repeat("中", 10000) || len(r.rest) > LongestLine {
		t.Errorf("%d lines, %d bytes are kept back", len(lines), len(r.rest))
	}
}
