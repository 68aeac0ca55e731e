package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// width is the number of cells that s takes; Chinese takes two a character.
func width(s string) int { return ansi.StringWidth(s) }

// fit makes s exactly w cells wide: it is cut, with the mark at its end, or
// filled up with spaces.
func fit(s string, w int, mark string) string {
	if w <= 0 {
		return ""
	}
	got := width(s)
	if got > w {
		s = ansi.Truncate(s, w, mark)
		got = width(s)
	}
	return s + strings.Repeat(" ", max(0, w-got))
}

// ends puts one text at the left edge and another at the right; the right one
// goes first when both do not fit.
func ends(left, right string, w int, mark string) string {
	gap := w - width(left) - width(right)
	if right == "" || gap < 1 {
		return fit(left, w, mark)
	}
	return left + strings.Repeat(" ", gap) + right
}

// block makes lines exactly w by h cells.
func block(lines []string, w, h int, mark string) []string {
	out := make([]string, max(h, 0))
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = fit(line, w, mark)
	}
	return out
}

// beside joins two columns of the same height with a bar between them.
func beside(left, right []string, bar string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + bar + right[i]
	}
	return out
}

// window is the part of lines that a pane of h lines shows, moved by top.
func window(lines []string, top, h int) []string {
	top = min(max(top, 0), max(0, len(lines)-h))
	return lines[top:min(len(lines), top+h)]
}
