package cli

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/mattn/go-isatty"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/internal/say"
	"nstutor/internal/wrap"
)

// drawing is how an explanation is drawn for people.
type drawing struct {
	w     io.Writer
	lang  string
	width int // cells of a line
	signs explainSigns
	paint bool // in colours, which only repeat what the signs say
}

// explainSigns tell a state without colour.
type explainSigns struct {
	predicted map[hop.Disposition]string
	leg       map[flows.Leg]string
}

var unicodeSigns = explainSigns{
	map[hop.Disposition]string{hop.OK: "✓", hop.Fail: "✗", hop.Unknown: "?"},
	map[flows.Leg]string{flows.LegRequest: " →", flows.LegReply: " ←"},
}

var asciiSigns = explainSigns{
	map[hop.Disposition]string{hop.OK: "+", hop.Fail: "x", hop.Unknown: "?"},
	map[flows.Leg]string{flows.LegRequest: " ->", flows.LegReply: " <-"},
}

// observedWords say of a hop whether its frame was seen on the wire.
var observedWords = map[hop.Disposition]say.Text{
	hop.OK:   say.T("seen", "看到"),
	hop.Fail: say.T("not seen", "没看到"),
}

// The widths, in cells. A line of a pipe is as long as that of the classical
// terminal, and a longer name of a namespace pushes its line to the right.
const (
	pipeWidth  = 80
	leastWidth = 40
	netnsWidth = 16
)

// drawingOn suits what f is: a terminal has a width, and perhaps colours.
func (a *app) drawingOn(f *os.File) drawing {
	d := drawing{w: f, lang: a.lang, width: pipeWidth, signs: unicodeSigns}
	if a.ascii {
		d.signs = asciiSigns
	}
	if !isatty.IsTerminal(f.Fd()) {
		return d
	}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
		d.width = max(int(size.Col), leastWidth)
	}
	d.paint = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return d
}

// draw writes the report: the verdict, and below each heading its lines,
// indented.
func (d drawing) draw(lines []report.Line) error {
	netns, observed := d.columns(lines)
	var b strings.Builder
	for _, line := range lines {
		switch line.Kind {
		case report.Verdict:
			d.behind(&b, "", line.Text, ansi.Style{}.Bold())
		case report.Heading:
			d.behind(&b, "", line.Text+d.signs.leg[line.Leg], ansi.Style{}.Bold())
		case report.Hop, report.Behind:
			lead := d.sign(line) + " " + pad(line.Netns, netns) + "  "
			if observed > 0 {
				lead += pad(observedWords[line.Observed].In(d.lang), observed) + "  "
			}
			d.behind(&b, "  "+lead, line.Text, nil)
		case report.Fix: // one line, to be pasted
			b.WriteString("  " + line.Text + "\n")
		default:
			d.behind(&b, "  ", line.Text, nil)
		}
	}
	_, err := io.WriteString(d.w, b.String())
	return err
}

// columns are the widths of the names and of the observations.
func (d drawing) columns(lines []report.Line) (netns, observed int) {
	for _, line := range lines {
		netns = max(netns, min(ansi.StringWidth(line.Netns), netnsWidth))
		observed = max(observed, ansi.StringWidth(observedWords[line.Observed].In(d.lang)))
	}
	return netns, observed
}

// sign is the state of a hop. What is not reached has none of its own: the
// fault before it has.
func (d drawing) sign(line report.Line) string {
	if line.Kind == report.Behind {
		return " "
	}
	sign := d.signs.predicted[line.Predicted]
	colour := map[hop.Disposition]ansi.BasicColor{hop.OK: ansi.Green, hop.Fail: ansi.Red, hop.Unknown: ansi.Yellow}
	return d.painted(ansi.Style{}.ForegroundColor(colour[line.Predicted]), sign)
}

func (d drawing) painted(style ansi.Style, text string) string {
	if !d.paint || len(style) == 0 {
		return text
	}
	return style.Styled(text)
}

// behind writes text behind a lead; the lines that go on hang below its start,
// or two cells in where there is no lead.
func (d drawing) behind(b *strings.Builder, lead, text string, style ansi.Style) {
	cells := ansi.StringWidth(lead)
	rule := wrap.Rule{Width: d.width - cells, Whole: true}
	if cells == 0 {
		rule.Hang = 2
	}
	for i, line := range rule.Line(text) {
		if i > 0 {
			lead = wrap.Blank(cells)
		}
		b.WriteString(strings.TrimRight(lead+d.painted(style, line), " ") + "\n")
	}
}

// pad fills text with spaces up to some cells.
func pad(text string, cells int) string {
	return text + strings.Repeat(" ", max(cells-ansi.StringWidth(text), 0))
}
