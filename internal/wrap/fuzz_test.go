package wrap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"nstutor/internal/say"
)

// hardLines are lines that are hard to wrap.
var hardLines = []string{
	"a line of words", "\x1b[1mbold\x1b[0m text", "\u009b1m\u009b", "\x1b]0;title\x07 text", "网卡网卡网卡", "\x1bP\x1b\\", "\x9b\x9b\x9b0123456789", "\x1b[\x1b[",
	"- a bullet that goes on and on", "1. a number", "\xff\xfe\xfd and more", "\u0085\u0085\u0085", "     far in, with aword,that.is.as.long.as.a.line", "👩‍👩‍👧 family 🇨🇳🇨🇳", "e\u0301e\u0301", "*bold ~red_ plain* and again",
}

// FuzzWrap: whatever a line has in it, wrapping ends soon. Of text as a terminal
// may have it, in which * and _ stand for styles, no line is wider than asked, and
// nothing but spaces is lost.
func FuzzWrap(f *testing.F) {
	for _, line := range hardLines {
		f.Add(line, 10)
		f.Add(line, 2)
	}
	styles := strings.NewReplacer("*", "\x1b[1m", "_", "\x1b[0m", "~", "\x1b[38;5;196m")
	f.Add("aaaa *bold_ word", 5)
	f.Fuzz(func(t *testing.T, line string, w int) {
		if w < 2 || w > 200 || len(line) > 4096 {
			return
		}
		began := time.Now()
		Line(line, w)
		styled := styles.Replace(say.Clean(line))
		lines := Line(styled, w)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("Line(%q, %d) takes %s", line, w, took)
		}
		for _, l := range lines {
			if width(l) > w {
				t.Errorf("Line(%q, %d) has %q, which is %d wide", styled, w, l, width(l))
			}
		}
		whole := Rule{Width: w, Whole: true}.Line(styled)
		for _, l := range whole {
			if word := ansi.Strip(l); width(l) > w && strings.Contains(word, " ") {
				t.Errorf("%q in %d: %q is too wide, and has more than one word", styled, w, word)
			}
		}
		if got, want := inked(strings.Join(whole, "")), inked(styled); got != want {
			t.Errorf("%q in %d, words kept whole: %q, want %q", styled, w, got, want)
		}
		if got, want := inked(strings.Join(lines, "")), inked(styled); got != want {
			t.Errorf("Line(%q, %d) has %q, want %q", styled, w, got, want)
		}
	})
}

// inked is what of a text is more than a space, with the style of each character.
func inked(text string) string {
	var ink strings.Builder
	style := ""
	var state byte
	for len(text) > 0 {
		seq, _, n, next := ansi.DecodeSequence(text, state, nil)
		state, text = next, text[n:]
		switch {
		case seq == "\x1b[0m":
			style = ""
		case strings.HasPrefix(seq, "\x1b["):
			style = strings.TrimSuffix(style, seq) + seq
		default: // a mark may stand on a space, which is left out at the end of a line
			for _, c := range strings.ReplaceAll(seq, " ", "") {
				fmt.Fprintf(&ink, "%c[%s]", c, strings.ReplaceAll(style, "\x1b", ""))
			}
		}
	}
	return ink.String()
}

// TestALineBreaksBehindAWord: marks that are drawn on the letter before them move no place
// where a line may break.
func TestALineBreaksBehindAWord(t *testing.T) {
	got := Line("a na\u0301me\u0301 \x1b[1mand more\x1b[0m words", 11)
	if len(got) != 2 || ansi.Strip(got[1]) != "more words" {
		t.Errorf("%q", got)
	}
}

// TestALongWordIsWrappedSoon: what is left of a word was once looked through
// again for each of its lines, and all styles before it written again on each.
func TestALongWordIsWrappedSoon(t *testing.T) {
	for name, line := range map[string]string{
		"a word": strings.Repeat("x", 1<<18), "wide": strings.Repeat("网", 1<<16), "styled": strings.Repeat("\x1b[1mx", 1<<16),
	} {
		began := time.Now()
		lines := Line(line, 2)
		size := 0
		for _, l := range lines {
			size += len(l)
		}
		if took := time.Since(began); took > 10*time.Second || size > 20*len(line) {
			t.Errorf("%s: %d bytes become %d, in %s", name, len(line), size, took)
		}
	}
}
