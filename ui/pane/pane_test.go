package pane

import (
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui/screen"
)

// A pane fills the room it was given, whatever there is to show: nothing yet, as
// here, or more than fits.
func TestAPaneIsExactlyAsLargeAsItWasTold(t *testing.T) {
	s := session.New(chapters.All(), "zh", "")
	s.Network.Names = []string{"host", "ns1"}
	s.Network.Watch, s.Network.Log.Netns, s.Network.Log.To = "ns1", "ns1", "192.168.6.160"
	s.Scene.Broken = []steps.Seen{{Promised: say.Quote(strings.Repeat("不符 ", 100)), Seen: say.Quote(strings.Repeat("这里 ", 100))}}
	p := New(s, screen.NewLook("zh", false))
	p.Console.Begin()
	p.Outline.Begin("")
	p.Summary.Begin()
	p.Summary.Fill(session.Remembered{})
	whole := func(view func() []string) func(bool) []string { return func(bool) []string { return view() } }
	for name, pane := range map[string]struct {
		setSize func(w, h int)
		view    func(focused bool) []string
	}{
		"lesson":   {p.Lesson.SetSize, p.Lesson.View},
		"why":      {p.Why.SetSize, p.Why.View},
		"live":     {p.Live.SetSize, p.Live.View},
		"wire":     {p.Wire.SetSize, p.Wire.View},
		"topology": {p.Topology.SetSize, p.Topology.View},
		"console":  {p.Console.SetSize, whole(p.Console.View)},
		"outline":  {p.Outline.SetSize, whole(p.Outline.View)},
		"summary":  {p.Summary.SetSize, whole(p.Summary.View)},
	} {
		for _, size := range [][2]int{{40, 5}, {48, 9}, {80, 12}, {131, 40}} {
			w, h := size[0], size[1]
			pane.setSize(w, h)
			for _, focused := range []bool{false, true} {
				lines := pane.view(focused)
				if len(lines) != h {
					t.Errorf("%s, %dx%d: %d lines", name, w, h, len(lines))
				}
				for _, line := range lines {
					if got := screen.Width(line); got != w {
						t.Errorf("%s, %dx%d: a line of %d cells: %q", name, w, h, got, line)
					}
				}
			}
		}
	}
}
