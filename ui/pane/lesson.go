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
	unread     bool // there is more below in the lesson's place, where enter reads on
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

// ShowQuestion lets all of the question be seen.
func (v *Lesson) ShowQuestion() { v.Scroll.Show(v.predictEnd - 1) }

// View draws the lesson: what scrolls, and below it the command with
// what the next key does, which are always to be seen.
func (v *Lesson) View(focused bool) []string {
	pinned := v.pinned(v.w-2, v.h)
	room := max(0, v.h-1-len(pinned))
	lines := v.lessonLines(v.w-2, v.h)
	v.Scroll.Extent(len(lines), room)
	v.unread = !v.Scroll.AtEnd()
	pinned = v.pinned(v.w-2, v.h) // as many lines, which say what enter does now
	body := screen.Block(screen.Window(lines, v.Scroll.Top, room), v.w-2, room, v.Theme.G.Ellipsis)
	return v.frame(focused, v.lessonTitle(), v.ScrollHint(v.Scroll), append(body, pinned...))
}

func (v *Lesson) lessonTitle() string {
	s := &v.Scene
	if s.Step.ID == "" {
		return v.Say(words.Lesson)
	}
	if s.Opening() {
		return s.Chapter + "  " + s.ChapterTitle
	}
	return s.Step.ID + "  " + s.Title()
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
