package say

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanShowsWhatATerminalWouldDo(t *testing.T) {
	for text, want := range map[string]string{
		"eth0":            "eth0",
		"网卡 é e\u0301":    "网卡 é e\u0301",
		"a\x1b[2Jb":       `a\x1b[2Jb`,
		"in\n\nfix\n  sh": `in\n\nfix\n  sh`,
		"a\x07\x7f\x00":   `a\x07\x7f\x00`,
		"\u202egpj\u200b": `\u202egpj\u200b`,
		"\u009b1m\u0085":  `\u009b1m\u0085`,
		"\xff\xfea":       `\xff\xfea`,
		"a\tb":            "a b",
		"a\rb":            `a\x0db`,
		"\U000e0001":      `\U000e0001`,
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
	if got := CleanLines("a\x07\nb"); got != "a\\x07\nb" {
		t.Errorf("CleanLines gives %q", got)
	}
}

func FuzzClean(f *testing.F) {
	for _, text := range []string{"eth0", "\x1b]0;x\x07", "\u202e", "\xff", "网卡", "\U000e0001", "a\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean(text)
		if !utf8.ValidString(got) || strings.IndexFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) >= 0 {
			t.Errorf("Clean(%q) = %q", text, got)
		}
		if Clean(got) != got {
			t.Errorf("what is clean is changed: %q to %q", got, Clean(got))
		}
	})
}
