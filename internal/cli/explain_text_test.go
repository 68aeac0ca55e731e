package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
)

// reportLines have every kind of line, in two languages' widths.
var reportLines = []report.Line{
	{Kind: report.Verdict, Text: "10.0.1.2 cannot reach 10.0.2.2: forwarding is off for r0, through which it would have to pass (forwarding-off, in r)"},
	{Kind: report.Blank},
	{Kind: report.Heading, Leg: flows.LegRequest, Text: "request"},
	{Kind: report.Hop, Predicted: hop.OK, Observed: hop.OK, Netns: "a", Text: "default via 10.0.1.1 dev eth0; 10.0.1.1 dev eth0 lladdr 4a:07:e1:a7:1e:96 REACHABLE"},
	{Kind: report.Hop, Predicted: hop.Unknown, Observed: hop.Unknown, Netns: "容器", Text: "看不见"},
	{Kind: report.Hop, Predicted: hop.Fail, Observed: hop.Unknown, Netns: "r", Text: "forwarding is off for r0"},
	{Kind: report.Behind, Predicted: hop.Fail, Observed: hop.Fail, Text: "not reached: b; so there is no reply"},
	{Kind: report.Blank},
	{Kind: report.Heading, Text: "fix"},
	{Kind: report.Fix, Text: "ip netns exec r iptables -I FORWARD -s 10.0.1.2 -d 10.0.2.2 -p icmp --icmp-type echo-request -j ACCEPT"},
}

const drawn = `10.0.1.2 cannot reach 10.0.2.2: forwarding is off for r0, through which it would
  have to pass (forwarding-off, in r)

request →
  ✓ a     seen      default via 10.0.1.1 dev eth0; 10.0.1.1 dev eth0 lladdr
                    4a:07:e1:a7:1e:96 REACHABLE
  ? 容器            看不见
  ✗ r               forwarding is off for r0
          not seen  not reached: b; so there is no reply

fix
  ip netns exec r iptables -I FORWARD -s 10.0.1.2 -d 10.0.2.2 -p icmp --icmp-type echo-request -j ACCEPT
`

func TestAReportIsDrawn(t *testing.T) {
	draw := func(d drawing) string {
		var b bytes.Buffer
		d.w = &b
		if err := d.draw(reportLines); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	plain := draw(drawing{lang: "en", width: 80, signs: unicodeSigns})
	if plain != drawn {
		t.Errorf("drawn:\n%s\nwant:\n%s", plain, drawn)
	}
	painted := draw(drawing{lang: "en", width: 80, signs: unicodeSigns, paint: true})
	if ansi.Strip(painted) != plain || painted == plain {
		t.Errorf("colour changes more than the colour:\n%s", painted)
	}
	simple := draw(drawing{lang: "en", width: 80, signs: asciiSigns})
	if simple != strings.NewReplacer("→", "->", "✓", "+", "✗", "x").Replace(plain) {
		t.Errorf("in ASCII:\n%s", simple)
	}
	for width := leastWidth; width <= 120; width++ {
		for _, line := range strings.Split(draw(drawing{lang: "zh", width: width, signs: unicodeSigns}), "\n") {
			if ansi.StringWidth(line) > width && !strings.Contains(line, "iptables") {
				t.Errorf("a line of %d cells in %d: %q", ansi.StringWidth(line), width, line)
			}
		}
	}
}

// TestADrawingSuitsItsTerminal: its width, and colours where they are wanted.
func TestADrawingSuitsItsTerminal(t *testing.T) {
	control, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	defer terminal.Close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name          string
		f             *os.File
		cols          uint16
		noColor, term string
		width         int
		paint         bool
	}{
		{"a wide terminal", terminal, 120, "", "xterm", 120, true},
		{"a narrow one", terminal, 20, "", "xterm", leastWidth, true},
		{"one that does not know its size", terminal, 0, "", "xterm", pipeWidth, true},
		{"no colour", terminal, 80, "1", "xterm", 80, false},
		{"a dumb one", terminal, 80, "", "dumb", 80, false},
		{"a file", file, 120, "", "xterm", pipeWidth, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", c.noColor)
			t.Setenv("TERM", c.term)
			if err := pty.Setsize(control, &pty.Winsize{Rows: 24, Cols: c.cols}); err != nil {
				t.Fatal(err)
			}
			a := &app{lang: "en"}
			if d := a.drawingOn(c.f); d.width != c.width || d.paint != c.paint {
				t.Errorf("width %d, painted %t; want %d, %t", d.width, d.paint, c.width, c.paint)
			}
		})
	}
}
