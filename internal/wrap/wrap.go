// Package wrap breaks lines for a terminal. Styles are escape sequences in the
// text, and Chinese takes two cells a character.
package wrap

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/rivo/uniseg"
)

// Text breaks styled lines at w cells, or at 8 where that is less. A line that
// goes on is indented like the text of its first line, behind a bullet if there is
// one.
func Text(text string, w int) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, Line(line, max(w, 8))...)
	}
	return lines
}

// Behind is Text behind a lead; the lines that go on are indented by the width of
// the lead.
func Behind(lead, text string, w int) []string {
	cells := width(lead)
	lines := Text(text, w-cells)
	for i := range lines {
		if i == 0 {
			lines[i] = lead + lines[i]
		} else {
			lines[i] = Blank(cells) + lines[i]
		}
	}
	return lines
}

// Blank is n spaces.
func Blank(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Line breaks one line at w cells as Text does.
func Line(line string, w int) []string {
	return Rule{Width: w, Hang: hanging(ansi.Strip(line))}.Line(line)
}

// Rule says how one line is broken.
type Rule struct {
	Width int  // cells of a line; at least 2, for one wide character
	Hang  int  // the indentation of the lines that go on, where there is room for it
	Whole bool // a word that is wider than a line is not broken: who copies it gets all of it
}

// Line breaks one line. Words are not broken, unless they are wider than a line;
// Chinese may break between any two characters where Unicode's line breaking (UAX
// 14) allows it, so never before a full stop. Styles end at the end of a line and
// begin again on the next.
func (r Rule) Line(line string) []string {
	if width(line) <= r.Width {
		return []string{line}
	}
	// At least one wide character has room behind the indentation.
	hang := Blank(min(r.Hang, r.Width/2, r.Width-2))
	b := breaker{limit: r.Width, hang: hang, whole: r.Whole}
	for _, piece := range pieces(line) {
		b.add(piece)
	}
	b.end()
	return b.lines
}

func width(s string) int { return ansi.StringWidth(s) }

// hanging is the indentation of the lines that go on: as far as the text
// behind leading spaces and a bullet or a number.
func hanging(plain string) int {
	rest := strings.TrimLeft(plain, " ")
	indent := len(plain) - len(rest)
	for _, bullet := range []string{"• ", "- ", "* ", "$ "} {
		if strings.HasPrefix(rest, bullet) {
			return indent + width(bullet)
		}
	}
	if number, _, ok := strings.Cut(rest, ". "); ok && number != "" && strings.Trim(number, "0123456789") == "" {
		return indent + len(number) + 2
	}
	return indent
}

// piece is text that is not broken, with the escape sequences in it.
type piece struct {
	text  string
	cells int
	space bool // only spaces: left out at the end of a line
}

// pieces cuts a styled line where it may be broken.
func pieces(line string) []piece {
	breaks := breakable(ansi.Strip(line))
	var all []piece
	var text strings.Builder
	cells, offset := 0, 0
	space := false
	flush := func() {
		if text.Len() > 0 {
			all = append(all, piece{text.String(), cells, space})
			text.Reset()
			cells = 0
		}
	}
	var state byte
	for len(line) > 0 {
		seq, cw, n, next := ansi.DecodeSequence(line, state, nil)
		state, line = next, line[n:]
		if cw > 0 {
			isSpace := seq == " "
			if breaks[offset] || isSpace != space {
				flush()
			}
			space = isSpace
			offset += len(seq)
			cells += cw
		} else { // a mark on the letter before it counts, a style does not
			offset += len(ansi.Strip(seq))
		}
		text.WriteString(seq)
	}
	flush()
	return all
}

// breakable holds the byte offsets in front of which a line may break: behind
// spaces, and between wide characters.
func breakable(plain string) map[int]bool {
	offsets := map[int]bool{}
	state, offset := -1, 0
	for rest := plain; rest != ""; {
		var segment string
		segment, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		offset += len(segment)
		if rest != "" && (strings.HasSuffix(segment, " ") || WideAt(segment, rest)) {
			offsets[offset] = true
		}
	}
	return offsets
}

// WideAt says whether one of the characters at a cut is a wide one: no space
// belongs between them.
func WideAt(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return width(string(last)) > 1 || width(string(first)) > 1
}

// breaker fills lines with pieces.
type breaker struct {
	limit int
	hang  string
	whole bool // words that are wider than a line stay whole
	lines []string
	line  strings.Builder
	cells int
	style string // the escape sequences in force
}

func (b *breaker) add(p piece) {
	if b.cells+p.cells > b.limit {
		if p.space {
			b.leaveOut(p)
			b.newLine()
			return
		}
		if b.cells > len(b.hang) {
			b.newLine()
		}
	}
	if p.space && len(b.lines) > 0 && b.cells <= len(b.hang) {
		b.leaveOut(p) // a line that goes on does not begin with the space of the break
		return
	}
	if b.cells+p.cells > b.limit && !b.whole {
		b.cut(p.text)
		return
	}
	b.write(p.text, p.cells)
}

// leaveOut writes nothing of a space but the styles that begin or end in it.
func (b *breaker) leaveOut(p piece) { b.write(strings.ReplaceAll(p.text, " ", ""), 0) }

// cut writes a word that is wider than a line, as much of it on each as fits.
func (b *breaker) cut(word string) {
	var state byte
	for len(word) > 0 {
		seq, cells, n, next := ansi.DecodeSequence(word, state, nil)
		state, word = next, word[n:]
		if cells > 0 && b.cells+cells > b.limit && b.cells > len(b.hang) {
			b.newLine()
		}
		b.write(seq, cells)
	}
}

func (b *breaker) write(text string, cells int) {
	b.line.WriteString(text)
	b.cells += cells
	b.follow(text)
}

// follow keeps the styles that are in force behind text.
func (b *breaker) follow(text string) {
	var state byte
	for len(text) > 0 {
		seq, cw, n, next := ansi.DecodeSequence(text, state, nil)
		state, text = next, text[n:]
		if cw > 0 || !strings.HasSuffix(seq, "m") {
			continue
		}
		if seq == "\x1b[0m" || seq == "\x1b[m" {
			b.style = ""
		} else if !strings.HasSuffix(b.style, seq) {
			b.style += seq
		}
	}
}

func (b *breaker) newLine() {
	style := b.style
	b.end()
	b.line.WriteString(b.hang + style)
	b.cells, b.style = len(b.hang), style
}

func (b *breaker) end() {
	if b.style != "" {
		b.line.WriteString("\x1b[0m")
	}
	b.lines = append(b.lines, strings.TrimRight(b.line.String(), " "))
	b.line.Reset()
	b.cells = 0
}
