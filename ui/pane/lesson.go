package pane

import (
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// Lesson is what there is to read in a step, and to do.
type Lesson struct {
	base
	Typed      bool // the command line is open
	OpenLab    bool // it is said that the lab's root is the machine's
	reveal     bool // the conditions are to be scrolled to
	predictEnd int  // the line where the prediction ends
}

// Follow moves the text where another has come.
func (v *Lesson) Follow(from, to session.Cue) {
	if from.Page != to.Page {
		v.Scroll, v.reveal = screen.Scroll{}, false
	}
	if from.Hint != to.Hint {
		v.Scroll.Top = 1 << 20 // its end, once it is drawn
	}
	if from.Verdict != to.Verdict {
		v.reveal = true
	}
}

// MustReadOn says that there is more to read before the command is run: the
// question was not on the screen yet. Who has done the step before, or has
// answered, is not held up, nor who asks why instead of reading.
func (v *Lesson) MustReadOn() bool {
	c, view := &v.Scene, v.Scroll
	return !v.Why.Open && c.Phase == session.PhaseLook && !c.Guessed && !v.Memory[c.Step.ID].Done &&
		v.predictEnd > view.Top+view.Height
}

// ReadOn shows more of the text, up to the question.
func (v *Lesson) ReadOn() {
	v.Scroll.Top = min(v.predictEnd-v.Scroll.Height, v.Scroll.Top+v.Scroll.Height-1)
}

// ShowQuestion lets all of the question be seen.
func (v *Lesson) ShowQuestion() { v.Scroll.Show(v.predictEnd - 1) }

// View draws the lesson: what scrolls, and below it the command with
// what the next key does, which are always to be seen.
func (v *Lesson) View(focused bool) []string {
	pinned := v.pinned(v.w-2, v.h)
	room := max(0, v.h-1-len(pinned))
	lines := v.lessonLines(v.w-2, v.h)
	v.Scroll.Extent(len(lines), room)
	body := screen.Block(screen.Window(lines, v.Scroll.Top, room), v.w-2, room, v.Theme.G.Ellipsis)
	return v.frame(focused, v.lessonTitle(), v.ScrollHint(v.Scroll), append(body, pinned...))
}

func (v *Lesson) lessonTitle() string {
	s := &v.Scene
	if s.Step.ID == "" {
		return v.Say(words.Lesson)
	}
	return s.Step.ID + "  " + s.Prose.Title
}

// lessonLines is the text that scrolls, w cells wide, in a pane of h lines.
func (v *Lesson) lessonLines(w, h int) []string {
	s := &v.Scene
	v.predictEnd = 0
	switch {
	case s.Step.ID == "":
		return nil
	case s.ProseErr != nil:
		return wrap.Text(v.Theme.Bad.Render(v.Theme.G.Bad+" "+v.Tell(say.Quote(s.ProseErr))), w)
	}
	return v.sheet().text(w, h)
}
