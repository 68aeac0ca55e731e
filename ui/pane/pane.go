package pane

import (
	"strings"

	"nstutor/internal/session"
	"nstutor/ui/screen"
)

// base is what every pane has: what there is to show, how that is said and
// drawn, and how much room there is.
type base struct {
	*session.Session
	*screen.Look
	Scroll screen.Scroll
	tabs   string // the panes that take turns in this one's place, or empty
	w, h   int
}

// Panes are all there are.
type Panes struct {
	Lesson   Lesson
	Why      Why
	Live     Live
	Wire     Wire
	Topology Topology
	Console  Console
	Outline  Outline
	Summary  Summary
	Page     Page
}

// New makes panes that show a session.
func New(s *session.Session, look *screen.Look) *Panes {
	all := base{Session: s, Look: look}
	p := &Panes{
		Lesson: Lesson{base: all}, Why: Why{base: all},
		Live: Live{all}, Wire: Wire{base: all}, Topology: Topology{all},
		Console: Console{base: all}, Outline: Outline{base: all}, Summary: Summary{base: all}, Page: Page{base: all},
	}
	p.Why.lesson = &p.Lesson
	return p
}

// SetSize tells a pane how large its view is to be, in cells.
func (v *base) SetSize(w, h int) { v.w, v.h = w, h }

// SetTabs names the panes that take turns in the place of this one, itself in
// brackets.
func (v *base) SetTabs(tabs string) { v.tabs = tabs }

// behind is what stands at the right of a title: what the pane has to say, and
// its tabs.
func (v *base) behind(say string) string {
	if v.tabs == "" {
		return say
	}
	return strings.TrimSpace(say + "  " + v.tabs)
}

// frame puts the title above a pane's body, and a margin in front of it.
func (v *base) frame(focused bool, title, right string, body []string) []string {
	return v.Frame(v.w, v.h, focused, title, right, screen.Indent(body))
}
