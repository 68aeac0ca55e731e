package session

import (
	"time"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/steps"
)

// checkTurn is how often the state of a lesson is looked at.
const checkTurn = 1000 * time.Millisecond

// Lesson is a step of the course. Its command is the learner's to find: enter
// shows it and then runs it, and whoever brings the same about in another way has
// done the step as well.
type Lesson struct {
	s        *Session
	checking bool // a check of the step runs
	lookedAt int  // the version of the world at the last check
	ticking  bool // the next check is due

	how   progress.Way // the step was done
	tried steps.State  // when the promise was tried last
}

// Entered implements Stage: here is where the learner left off.
func (l *Lesson) Entered() Work {
	id := l.s.Scene.Step.ID
	l.s.note(func(p Progress) { p.SetPosition(id) })
	return l.s.altered()
}

// Translate implements Stage.
func (l *Lesson) Translate() {
	s, c := l.s, &l.s.Scene
	c.Prose, c.ProseErr = ProseOf(s.tongue, c.Step.ID)
	if chapter, ok := s.Course.Chapter(c.Step.ID); ok {
		c.Chapter = chapter.ID
		title, intro, _ := chapters.ChapterText(s.tongue, chapter.ID)
		c.ChapterTitle, c.Intro = title, ""
		c.NewWords = chapters.NewWords(s.Course, s.tongue, c.Step.ID)
		if chapter.Steps[0].ID == c.Step.ID {
			c.Intro = intro
		}
	}
}

// Next implements Stage: the next step of the course.
func (l *Lesson) Next() (string, bool) {
	_, after := l.s.Beside()
	return after, after != ""
}

// GoOn implements Stage: the question comes before the command, and the command is
// seen before it runs. From the end of the step it is the next one.
func (l *Lesson) GoOn() Work {
	switch c := &l.s.Scene; {
	case c.Opening():
		c.Opened = true
		l.s.Cue.Page++
		return nil
	case c.Asks():
		c.Passed = true
		return nil
	case c.Hidden():
		l.show()
		return nil
	case c.Phase != PhaseAfter:
		return l.apply()
	}
	if id, ok := l.Next(); ok {
		return l.s.goNext(id)
	}
	return nil
}

// GoBack undoes the step, or from its beginning goes to the one before.
func (l *Lesson) GoBack() Work {
	if l.s.Scene.Phase == PhaseAfter {
		return l.s.undo()
	}
	if before, _ := l.s.Beside(); before != "" {
		return l.s.Enter(before)
	}
	return nil
}

// show shows the command, from now on.
func (l *Lesson) show() {
	l.s.Scene.Shown = true
	l.s.Cue.Hint++ // the text stays at its end, though there is less room for it
}

// Hint implements Stage. The last one is the command.
func (l *Lesson) Hint() Work {
	c := &l.s.Scene
	c.Hints++
	l.s.Cue.Hint++
	if c.Hints == len(c.HintTexts(l.s.tongue)) && !c.Judged.Lost {
		l.show()
	}
	id, n := c.Step.ID, c.Hints
	l.s.note(func(p Progress) { p.UseHint(id, n) })
	return nil
}

// MayHint implements Stage. Before the question is answered no hint gives the
// command away, unless the learner has begun by hand.
func (l *Lesson) MayHint() bool {
	c := &l.s.Scene
	left := len(c.HintTexts(l.s.tongue)) - c.Hints
	return c.Phase == PhaseLook && !c.Opening() && (left > 1 || left == 1 && (!c.Asks() || len(c.Judged.Hints) > 0))
}

// MayAsk implements Stage: why costs nothing in a lesson.
func (l *Lesson) MayAsk() bool { return true }

// Again implements Stage.
func (l *Lesson) Again() (Page, bool) {
	c := &l.s.Scene
	id := c.Step.ID
	if c.Phase == PhaseAfter {
		return Page{id + "  " + c.Prose.Title, c.Prose.Look}, true
	}
	if !l.s.Memory[id].Done {
		id, _ = l.s.Beside()
	}
	prose, err := ProseOf(l.s.tongue, id)
	if err != nil || !l.s.Memory[id].Done {
		return Page{}, false
	}
	return Page{id + "  " + prose.TitleOnce(true), prose.After}, true
}

// moves implements Stage: who goes on before the promise was tried to its end has
// made the change all the same, and one that was not kept may be once the next step
// is done.
func (l *Lesson) moves() {
	c := &l.s.Scene
	switch {
	case c.Phase != PhaseAfter:
	case c.Keeping:
		l.count()
	case len(c.Unkept()) > 0:
		l.s.owed[c.Step.ID] = l.how
	}
}

// The price of an answer and the clock are nothing to a lesson.

func (l *Lesson) leave()         { l.moves() }
func (l *Lesson) Anew() Work     { return l.s.Rebuild() }
func (l *Lesson) Other()         {}
func (l *Lesson) rereads()       {}
func (l *Lesson) Look() Work     { return l.check() }
func (l *Lesson) Occupied() bool { return false }
func (l *Lesson) Tick(bool) Work { return nil }

func (l *Lesson) did(string, string) Work { return nil }

// Take implements Stage.
func (l *Lesson) Take(msg any) Work {
	gen := l.s.Scene.Gen
	switch msg := msg.(type) {
	case Applied:
		if msg.Gen == gen {
			return l.applied(msg)
		}
	case Checked:
		if msg.Gen == gen {
			return l.checked(msg)
		}
	case Kept:
		if msg.Gen == gen {
			l.kept(msg)
			return l.check()
		}
	case checkTick:
		if msg.gen == gen {
			l.ticking = false
			return l.check()
		}
	}
	return nil
}
