package pane

import "nstutor/internal/session"

// sheet is what the lesson's pane shows of a stage, in w cells.
type sheet interface {
	text(w, h int) []string       // what scrolls, in a pane of h lines
	below(w, h int) []string      // what is always to be seen below it
	next(turning string) []string // what is going on, or what the keys do
}

// sheet is that of the stage there is.
func (v *Lesson) sheet() sheet {
	c := chooser{of: v}
	v.Stage.Show(&c)
	return c.sheet
}

// chooser takes the sheet for a stage.
type chooser struct {
	of    *Lesson
	sheet sheet
}

func (c *chooser) ViewLesson(*session.Lesson) { c.sheet = stepSheet{c.of} }
func (c *chooser) ViewDrill(d *session.Drill) { c.sheet = drillSheet{c.of, d} }
