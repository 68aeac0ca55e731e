package pane

import (
	"slices"
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/steps"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// pinned is the lower end of the lesson: trouble, the command, and what comes
// next.
func (v *Lesson) pinned(w, h int) []string {
	s := &v.Scene
	var lines []string
	if s.Step.ID == "" {
		return append(v.troubleLines(w, h), v.nextLines(h)...)
	}
	lines = append(lines, "")
	lines = append(lines, v.sheet().below(w, h)...)
	lines = append(lines, v.troubleLines(w, h)...)
	return append(lines, v.nextLines(h)...)
}

// brokenLines is how many of the things are named that are not as a step expects.
const brokenLines = 3

// whatIsThere is what was seen, or why it could not be.
func whatIsThere(s steps.Seen) say.Text {
	if s.Err != nil {
		return say.Quote(s.Err)
	}
	return s.Seen
}

// troubleLines are errors, a lab that is not as the step expects, and what the
// memory complains of.
func (v *Lesson) troubleLines(w, h int) []string {
	s, t := &v.Scene, v.Theme
	var lines []string
	add := func(text string) { lines = append(lines, screen.Fit(text, w, t.G.Ellipsis)) }
	switch {
	case s.Err != nil:
		add(t.Bad.Render(t.G.Bad + " " + v.Trouble(s.Err)))
	case len(s.Broken) > 0:
		add(t.Warn.Render(t.G.Warn + " " + v.Say(words.NotAsExpected)))
		for i, seen := range s.Broken {
			if i == 1 && h < roomyLesson || i == brokenLines {
				break
			}
			add("  " + v.Say(words.Expected, seen.Promised))
			add("  " + t.Note.Render(v.Say(words.ThereIs, whatIsThere(seen))))
		}
	case s.Rebuilt:
		add(t.Note.Render(t.G.Warn + " " + v.Say(words.Rebuilt)))
	}
	// The end of a complaint says why: it is not cut.
	complain := func(text string) {
		for _, line := range wrap.Line(t.G.Warn+" "+say.Clean(text), w) {
			add(t.Warn.Render(line))
		}
	}
	if !v.Warning.IsZero() {
		complain(v.Warning.In(v.Lang))
	}
	if v.OpenLab {
		complain(v.Say(words.OpenLab))
	}
	return lines
}

// nextLines say what is going on, or what enter does. How many they are does not hang
// on how far the text was read.
func (v *Lesson) nextLines(h int) []string {
	turning := v.Theme.G.Spinner[v.Turn%len(v.Theme.G.Spinner)] + " "
	if v.Working > 0 {
		return []string{turning + v.Say(jobWords[v.Job])}
	}
	parts := slices.DeleteFunc(v.sheet().next(turning), func(part string) bool { return part == "" })
	if h >= roomyLesson {
		return parts
	}
	return []string{strings.Join(parts, "  ")}
}

// readsOn says that enter shows more of the text.
func (v *Lesson) readsOn() string {
	return v.Theme.Faint.Render(v.Theme.G.More + " " + v.Say(words.EnterReads))
}

// jobWords say what the learner waits for.
var jobWords = map[session.Job]say.Form{session.JobEnter: words.WorkEnter, session.JobApply: words.WorkApply, session.JobUndo: words.WorkUndo}
