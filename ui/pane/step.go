package pane

import (
	"fmt"
	"strings"

	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/steps"
	"nstutor/ui/words"
)

// roomyLesson is the height of a lesson pane that has room for the other ways
// to say the command.
const roomyLesson = 16

// stepSheet shows a step of the course.
type stepSheet struct{ *Lesson }

// text is the prose with its question, or what came of the step.
func (v stepSheet) text(w, h int) []string {
	s := &v.Scene
	var lines []string
	switch {
	case s.Opening():
		return v.Prose(s.Intro, w)
	case s.Phase == session.PhaseAfter:
		lines = v.afterLines(w)
	default:
		lines = v.lookLines(w)
	}
	if same := v.sameLines(w); h < roomyLesson && len(same) > 0 && !s.Hidden() {
		lines = append(append(lines, ""), same...)
	}
	return lines
}

// lookLines is what there is to read before the action.
func (v stepSheet) lookLines(w int) []string {
	s := &v.Scene
	lines := v.Prose(s.Prose.Look, w)
	if len(s.NewWords) > 0 {
		comma := v.Say(words.Comma)
		lines = append(append(lines, ""), wrap.Text(v.Theme.Faint.Render(v.Say(words.NewWords, strings.Join(s.NewWords, comma))), w)...)
	}
	lines = append(lines, v.symptomLines(w)...)
	lines = append(lines, v.predictLines(w)...)
	v.Lesson.predictEnd = len(lines)
	return append(lines, v.hintLines(w)...)
}

// symptomLines say what the ping of this step is promised to say before the
// action, and whether the live one says it already.
func (v stepSheet) symptomLines(w int) []string {
	s := &v.Scene
	var lines []string
	for _, try := range s.Step.Before.Tries() {
		if !v.Network.Log.Trying(try.Tried) {
			continue // nobody sends it now
		}
		sign := v.Theme.G.Wait
		if outcome, settled := v.Network.Log.Outcome(); settled {
			sign = v.Theme.Verdict(outcome == try.Want)
		}
		lines = append(lines, wrap.Behind(sign+" ", v.Say(words.Now, try.Netns, try.Command(), try.Want.Say()), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// ChoiceKeys are the keys that answer the question: "1-3".
func (v *Lesson) ChoiceKeys() string {
	return fmt.Sprintf("1-%d", max(1, len(v.Scene.Prose.Predict.Choices)))
}

// predictLines is the question with its answers.
func (v stepSheet) predictLines(w int) []string {
	p := v.Scene.Prose.Predict
	if len(p.Choices) == 0 {
		return nil
	}
	lines := append([]string{""}, wrap.Behind(v.Theme.Strong.Render("?")+" ", v.Inline(p.Question), w)...)
	for i, choice := range p.Choices {
		lead := fmt.Sprintf("  %d  ", i+1)
		if v.Scene.Guessed && v.Scene.Choice == i {
			lead = v.Theme.Strong.Render(fmt.Sprintf("%s %d  ", v.Theme.G.Cursor, i+1))
		}
		lines = append(lines, wrap.Behind(lead, v.Inline(choice), w)...)
	}
	return lines
}

// hintLines are the hints that were asked for.
func (v stepSheet) hintLines(w int) []string {
	s := &v.Scene
	var lines []string
	hints := s.HintTexts(v.Lang)
	for i, hint := range hints[:min(s.Hints, len(hints))] {
		lead := v.Theme.Note.Render(v.Say(words.Hint, i+1, len(hints)))
		lines = append(lines, wrap.Behind(lead+"  ", v.Inline(hint), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// afterLines: what became of the prediction, what happened, what the command
// printed, and what was promised beside what was seen.
func (v stepSheet) afterLines(w int) []string {
	s := &v.Scene
	var lines []string
	if unkept := s.Unkept(); len(unkept) > 0 {
		lines = append(lines, v.unkeptLines(unkept, w)...)
	}
	if s.Graded() {
		lines = append(lines, v.verdictLines(w)...)
	}
	lines = append(lines, v.Prose(s.Prose.After, w)...)
	if len(s.Output) > 0 {
		lines = append(lines, "")
	}
	for _, line := range s.Output {
		lines = append(lines, wrap.Text(v.Theme.Note.Render(line), w)...)
	}
	if s.Report == nil {
		return lines
	}
	lines = append(lines, "")
	for _, seen := range s.Report.Lines {
		if seen.OK {
			lines = append(lines, wrap.Behind(v.Theme.Verdict(true)+" ", v.Tell(seen.Promised), w)...)
		}
	}
	return lines
}

// unkeptLines are what is not as it should be after the step, which comes before the
// text that takes it for granted.
func (v stepSheet) unkeptLines(unkept []steps.Seen, w int) []string {
	t := v.Theme
	lines := wrap.Text(t.Bad.Render(v.Say(words.NotYet)), w)
	for _, seen := range unkept {
		lines = append(lines, wrap.Behind(t.Verdict(false)+" ", v.Tell(seen.Promised), w)...)
		lines = append(lines, wrap.Behind("  ", t.Note.Render(v.Say(words.ThereIs, whatIsThere(seen))), w)...)
	}
	lines = append(lines, wrap.Text(v.Say(words.NotCounted), w)...)
	if v.Scene.Guessed {
		lines = append(lines, wrap.Text(v.Say(words.NotGraded), w)...)
	}
	return append(lines, "", t.Strong.Render(v.Say(words.HadItHeld)), "")
}

func (v stepSheet) verdictLines(w int) []string {
	s := &v.Scene
	p := s.Prose.Predict
	said, right := v.Inline(p.Choices[s.Choice]), v.Inline(p.Choices[p.Right])
	if s.Choice == p.Right {
		return append(wrap.Behind(v.Theme.Verdict(true)+" ", v.Say(words.Right, right), w), "")
	}
	lines := wrap.Behind(v.Theme.Verdict(false)+" ", v.Say(words.YouSaid, said), w)
	return append(append(lines, wrap.Behind("  ", v.Say(words.Wrong, right), w)...), "")
}
