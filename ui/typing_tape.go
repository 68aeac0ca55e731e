package ui

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nstutor/ui/screen"

	"github.com/charmbracelet/x/ansi"
)

// How much of what was typed and printed is kept.
const (
	tapeLines = 2000
	tapeBytes = 256 << 10
)

// tapeKind is what a line of the tape is.
type tapeKind int

const (
	tapeOutput tapeKind = iota
	tapePrompt          // a command, behind the namespace it went to
	tapeNote            // what the course says: exit status, stopped, …
	tapeTrouble
)

// tapeLine is a line of the tape, and how it was last drawn.
type tapeLine struct {
	kind        tapeKind
	netns, text string
	drawn       []string
	cells       int // the width it was drawn for
}

// tape is what a terminal would show: commands and their output.
type tape struct {
	lines []tapeLine
	bytes int
	cut   bool   // lines before the first one were thrown away
	open  string // the line that is not finished
}

// add appends lines, and throws the oldest away when there are too many.
func (t *tape) add(lines ...tapeLine) {
	for _, line := range lines {
		t.bytes += len(line.text)
	}
	t.lines = append(t.lines, lines...)
	drop := max(0, len(t.lines)-tapeLines)
	for _, line := range t.lines[:drop] {
		t.bytes -= len(line.text)
	}
	for ; t.bytes > tapeBytes && drop < len(t.lines)-1; drop++ {
		t.bytes -= len(t.lines[drop].text)
	}
	if drop > 0 {
		t.lines, t.cut = slices.Delete(t.lines, 0, drop), true
	}
}

// clear forgets everything.
func (t *tape) clear() { *t = tape{open: t.open} }

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
			out = append(out, []rune(screen.Blank(8-screen.Width(string(out))%8))...)
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
