package console

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// How much of what was typed and printed is kept.
const (
	TapeLines = 2000
	TapeBytes = 256 << 10
)

// LineKind is what a line of the tape is.
type LineKind int

const (
	LineOutput LineKind = iota
	LinePrompt          // a command, behind the namespace it went to
	LineEnd             // how a command ended
)

// Line is a line of the tape. Whoever draws it may keep with it how it did.
type Line struct {
	Kind        LineKind
	Netns, Text string
	Last        LastWords
	Drawn       []string
	Cells       int // the width it was drawn for
}

// Tape is what a terminal would show: commands and their output.
type Tape struct {
	Lines []Line
	Bytes int
	Cut   bool   // lines before the first one were thrown away
	Open  string // the line that is not finished
}

// Add appends lines, and throws the oldest away when there are too many.
func (t *Tape) Add(lines ...Line) {
	for _, line := range lines {
		t.Bytes += len(line.Text)
	}
	t.Lines = append(t.Lines, lines...)
	drop := max(0, len(t.Lines)-TapeLines)
	for _, line := range t.Lines[:drop] {
		t.Bytes -= len(line.Text)
	}
	for ; t.Bytes > TapeBytes && drop < len(t.Lines)-1; drop++ {
		t.Bytes -= len(t.Lines[drop].Text)
	}
	if drop > 0 {
		t.Lines, t.Cut = slices.Delete(t.Lines, 0, drop), true
	}
}

// Clear forgets everything.
func (t *Tape) Clear() { *t = Tape{Open: t.Open} }

// clean makes a line of output safe to draw, and readable: escape sequences are
// taken out, tabs filled up, and what a terminal would act upon is spelled out.
func clean(line string) string {
	line = ansi.Strip(strings.TrimRight(line, "\r"))
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:] // the last of those that overwrote each other
	}
	var out []rune
	for len(line) > 0 {
		r, n := utf8.DecodeRuneInString(line)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, []rune(fmt.Sprintf(`\x%02x`, line[0]))...)
		case r == '\t':
			out = append(out, []rune(strings.Repeat(" ", 8-ansi.StringWidth(string(out))%8))...)
		case r == '\b':
			out = out[:max(0, len(out)-1)]
		case r < ' ' || r == 0x7f:
			out = append(out, '^', r^0x40)
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Variation_Selector):
			out = append(out, []rune(fmt.Sprintf("<%04x>", r))...)
		default:
			out = append(out, r)
		}
		line = line[n:]
	}
	return string(out)
}
