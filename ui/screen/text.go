package screen

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Width is the number of cells that s takes; Chinese takes two a character.
func Width(s string) int { return ansi.StringWidth(s) }

// Fit makes s exactly w cells wide: it is cut, with the mark at its end, or
// filled up with spaces.
func Fit(s string, w int, mark string) string {
	if w <= 0 {
		return ""
	}
	got := Width(s)
	if got > w {
		s = ansi.Truncate(s, w, mark)
		got = Width(s)
	}
	return s + strings.Repeat(" ", max(0, w-got))
}

// FitEnds is Fit for what says the most at its end: where it is cut, that is in the
// middle, and its last words stay.
func FitEnds(s string, w int, mark string) string {
	if Width(s) <= w || w <= 0 {
		return Fit(s, w, mark)
	}
	words, kept := strings.Fields(s), ""
	for _, word := range slices.Backward(words) {
		if Width(word)+1+Width(kept) > w*2/5 {
			break
		}
		kept = " " + word + kept
	}
	return Fit(ansi.Truncate(s, w-Width(kept), mark)+kept, w, mark)
}

// Ends puts one text at the left edge and another at the right; the right one
// goes first when both do not fit.
func Ends(left, right string, w int, mark string) string {
	gap := w - Width(left) - Width(right)
	if right == "" || gap < 1 {
		return Fit(left, w, mark)
	}
	return left + strings.Repeat(" ", gap) + right
}

// Block makes lines exactly w by h cells.
func Block(lines []string, w, h int, mark string) []string {
	out := make([]string, max(h, 0))
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = Fit(line, w, mark)
	}
	return out
}

// Beside joins two columns of the same height with a bar between them.
func Beside(left, right []string, bar string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + bar + right[i]
	}
	return out
}

// Window is the part of lines that a pane of h lines shows, moved by top.
func Window(lines []string, top, h int) []string {
	top = min(max(top, 0), max(0, len(lines)-h))
	return lines[top:min(len(lines), top+h)]
}

// Indent puts the margin in front of a pane's lines.
func Indent(lines []string) []string {
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

// OneLine is text without its line breaks.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Hardwrap breaks a line at w cells, wherever that is.
func Hardwrap(line string, w int) []string {
	return strings.Split(ansi.Hardwrap(line, max(w, 2), true), "\n")
}
