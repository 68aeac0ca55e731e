package screen

// Glyphs are the signs that tell a state without colour.
type Glyphs struct {
	Ok, Bad, Warn, Wait, Silent string
	Pending                     string
	Added, Removed, Changed     string
	Out, In, Both               string // direction of a frame, a cable
	Rule, heavy, Bar            string // title of a pane, of the one with focus, between columns
	Cursor, More, Ellipsis      string
	Caret                       string // stands before the character under the cursor, where there is no colour
	Full, Empty                 string // progress
	Dot                         string
	Packet                      string // on the picture: here it was seen last
	Box                         BoxGlyphs
	Spinner                     []string
}

// BoxGlyphs draw the boxes and cables of the topology.
type BoxGlyphs struct {
	TopLeft, TopRight, BottomLeft, BottomRight string
	Horizontal, Vertical                       string
	PlugLeft, PlugRight                        string // a cable leaves the box
}

var unicodeGlyphs = Glyphs{
	Ok: "✓", Bad: "✗", Warn: "!", Wait: "…", Silent: "○", Pending: "·",
	Added: "+", Removed: "−", Changed: "~",
	Out: "→", In: "←", Both: "──",
	Rule: "─", heavy: "━", Bar: "│",
	Cursor: "▸", More: "↓", Ellipsis: "…",
	Caret: "▏",
	Full:  "█", Empty: "░",
	Dot:     "·",
	Packet:  "●",
	Box:     BoxGlyphs{"╭", "╮", "╰", "╯", "─", "│", "┤", "├"},
	Spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
}

var asciiGlyphs = Glyphs{
	Ok: "v", Bad: "x", Warn: "!", Wait: "?", Silent: "o", Pending: ".",
	Added: "+", Removed: "-", Changed: "~",
	Out: ">", In: "<", Both: "--",
	Rule: "-", heavy: "=", Bar: "|",
	Cursor: ">", More: "v", Ellipsis: "~",
	Caret: "|",
	Full:  "#", Empty: ".",
	Dot:     "-",
	Packet:  "*",
	Box:     BoxGlyphs{"+", "+", "+", "+", "-", "|", "+", "+"},
	Spinner: []string{"|", "/", "-", "\\"},
}
