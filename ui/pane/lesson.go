package pane

import (
	"fmt"
	"strings"

	"nstutor/internal/session"
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
		return screen.Wrap(v.Theme.Bad.Render(v.Theme.G.Bad+" "+s.ProseErr.Error()), w)
	}
	if d, ok := v.Stage.(*session.Drill); ok {
		return v.drillLines(d, w)
	}
	var lines []string
	if s.Phase == session.PhaseAfter {
		lines = v.afterLines(w)
	} else {
		lines = v.lookLines(w, h)
	}
	if same := v.sameLines(w); h < roomyLesson && len(same) > 0 {
		lines = append(append(lines, ""), same...)
	}
	return lines
}

// lookLines is what there is to read before the action.
func (v *Lesson) lookLines(w, h int) []string {
	s := &v.Scene
	var lines []string
	if s.Intro != "" && h >= roomyLesson {
		lines = append(v.Prose(s.Intro, w), "", v.Theme.Rule.Render(strings.Repeat(v.Theme.G.Rule, w)), "")
	}
	lines = append(lines, v.Prose(s.Prose.Look, w)...)
	lines = append(lines, v.symptomLines(w)...)
	lines = append(lines, v.predictLines(w)...)
	v.predictEnd = len(lines)
	return append(lines, v.hintLines(w)...)
}

// symptomLines say what the ping of this step is promised to say before the
// action, and whether the live one says it already.
func (v *Lesson) symptomLines(w int) []string {
	s := &v.Scene
	var lines []string
	for _, ping := range s.Step.Before.Pings {
		sign := v.Theme.G.Wait
		outcome, settled := v.Network.Log.Outcome()
		if settled && ping.From == v.Network.Log.Netns && ping.To == v.Network.Log.To {
			sign = v.Theme.Verdict(outcome == ping.Want)
		}
		lines = append(lines, screen.WrapBehind(sign+" ", v.Say(words.Now, ping.From, ping.To, ping.Want), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// predictLines is the question with its answers.
func (v *Lesson) predictLines(w int) []string {
	p := v.Scene.Prose.Predict
	if len(p.Choices) == 0 {
		return nil
	}
	lines := append([]string{""}, screen.WrapBehind(v.Theme.Strong.Render("?")+" ", v.Inline(p.Question), w)...)
	for i, choice := range p.Choices {
		lead := fmt.Sprintf("  %d  ", i+1)
		if v.Scene.Guessed && v.Scene.Choice == i {
			lead = v.Theme.Strong.Render(fmt.Sprintf("%s %d  ", v.Theme.G.Cursor, i+1))
		}
		lines = append(lines, screen.WrapBehind(lead, v.Inline(choice), w)...)
	}
	return lines
}

// hintLines are the hints that were asked for.
func (v *Lesson) hintLines(w int) []string {
	s := &v.Scene
	var lines []string
	hints := s.HintTexts(v.Lang)
	for i, hint := range hints[:min(s.Hints, len(hints))] {
		lead := v.Theme.Note.Render(v.Say(words.Hint, i+1, len(hints)))
		lines = append(lines, screen.WrapBehind(lead+"  ", v.Inline(hint), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// afterLines: what became of the prediction, what happened, what the command
// printed, and what was promised beside what was seen.
func (v *Lesson) afterLines(w int) []string {
	s := &v.Scene
	var lines []string
	if p := s.Prose.Predict; s.Guessed && s.Choice < len(p.Choices) {
		lines = append(lines, v.verdictLines(w)...)
	}
	lines = append(lines, v.Prose(s.Prose.After, w)...)
	if len(s.Output) > 0 {
		lines = append(lines, "")
	}
	for _, line := range s.Output {
		lines = append(lines, screen.Wrap(v.Theme.Note.Render(line), w)...)
	}
	if s.Report == nil {
		return lines
	}
	lines = append(lines, "")
	for _, seen := range s.Report.Lines {
		lines = append(lines, screen.WrapBehind(v.Theme.Verdict(seen.OK)+" ", seen.Promised, w)...)
		switch {
		case seen.Err != nil:
			lines = append(lines, screen.WrapBehind("  ", v.Theme.Bad.Render(seen.Err.Error()), w)...)
		case !seen.OK:
			lines = append(lines, screen.WrapBehind("  "+v.Say(words.Seen)+": ", seen.Seen, w)...)
		}
	}
	return lines
}

func (v *Lesson) verdictLines(w int) []string {
	s := &v.Scene
	p := s.Prose.Predict
	said, right := v.Inline(p.Choices[s.Choice]), v.Inline(p.Choices[p.Right])
	if s.Choice == p.Right {
		return append(screen.WrapBehind(v.Theme.Verdict(true)+" ", v.Say(words.Right, right), w), "")
	}
	lines := screen.WrapBehind(v.Theme.Verdict(false)+" ", v.Say(words.YouSaid, said), w)
	return append(append(lines, screen.WrapBehind("  ", v.Say(words.Wrong, right), w)...), "")
}
