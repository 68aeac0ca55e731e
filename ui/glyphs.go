package ui

// glyphs are the signs that tell a state without colour.
type glyphs struct {
	ok, bad, warn, wait, silent string
	pending                     string
	added, removed, changed     string
	out, in, both               string // direction of a frame, a cable
	rule, heavy, bar            string // title of a pane, of the one with focus, between columns
	cursor, more, ellipsis      string
	caret                       string // stands before the character under the cursor, where there is no colour
	full, empty                 string // progress
	dot                         string
	box                         boxGlyphs
	spinner                     []string
}

// boxGlyphs draw the boxes and cables of the topology.
type boxGlyphs struct {
	topLeft, topRight, bottomLeft, bottomRight string
	horizontal, vertical                       string
	plugLeft, plugRight                        string // a cable leaves the box
}

var unicodeGlyphs = glyphs{
	ok: "✓", bad: "✗", warn: "!", wait: "…", silent: "○", pending: "·",
	added: "+", removed: "−", changed: "~",
	out: "→", in: "←", both: "──",
	rule: "─", heavy: "━", bar: "│",
	cursor: "▸", more: "↓", ellipsis: "…",
	caret: "▏",
	full:  "█", empty: "░",
	dot:     "·",
	box:     boxGlyphs{"╭", "╮", "╰", "╯", "─", "│", "┤", "├"},
	spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
}

var asciiGlyphs = glyphs{
	ok: "v", bad: "x", warn: "!", wait: "?", silent: "o", pending: ".",
	added: "+", removed: "-", changed: "~",
	out: ">", in: "<", both: "--",
	rule: "-", heavy: "=", bar: "|",
	cursor: ">", more: "v", ellipsis: "~",
	caret: "|",
	full:  "#", empty: ".",
	dot:     "-",
	box:     boxGlyphs{"+", "+", "+", "+", "-", "|", "+", "+"},
	spinner: []string{"|", "/", "-", "\\"},
}
