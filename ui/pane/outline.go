package pane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// Outline is the list of chapters and steps to go to, filtered by what is
// typed.
type Outline struct {
	base
	only   []string // the steps that are shown; nil: all
	Slash  bool     // a filter was asked for, of any letters
	input  textinput.Model
	rows   []outlineRow // those that match
	cursor int          // index into rows, always at a step
	top    int
}

// outlineRow is a chapter's heading, or a step.
type outlineRow struct {
	step    string // empty: a heading
	text    string
	chapter string
}

// Offer shows some exercises only.
func (v *Outline) Offer(names []string) tea.Cmd {
	cmd := v.Begin(names[0])
	v.only = names
	v.filter()
	return cmd
}

// Begin shows the list with the cursor at a step.
func (v *Outline) Begin(step string) tea.Cmd {
	input := textinput.New()
	input.Prompt = "/ "
	input.Placeholder = v.Say(words.Filter)
	input.Cursor.SetMode(0)
	*v = Outline{base: v.base, input: input}
	cmd := v.input.Focus()
	v.filter()
	for i, r := range v.rows {
		if r.step != "" && r.step == step {
			v.cursor = i
		}
	}
	return cmd
}

// filter keeps the steps whose number or title, or whose chapter's
// title, contains every word that was typed.
func (v *Outline) filter() {
	typed := strings.Fields(strings.ToLower(v.input.Value()))
	v.rows = nil
	for _, chapter := range v.Course {
		title, _, _ := chapters.ChapterText(v.Lang, chapter.ID)
		heading := strings.TrimSpace(chapter.ID + "  " + title)
		if level, ok := v.levelHead(chapter); ok {
			heading = level
		}
		added := false
		for _, step := range chapter.Steps {
			if v.only != nil && !slices.Contains(v.only, step.ID) {
				continue
			}
			text := fmt.Sprintf("%-*s %s", v.outlineColumn(chapter), step.ID, v.titleOf(step))
			if !containsAll(strings.ToLower(heading+" "+text), typed) {
				continue
			}
			if !added {
				v.rows = append(v.rows, outlineRow{text: heading, chapter: chapter.ID})
				added = true
			}
			v.rows = append(v.rows, outlineRow{step: step.ID, text: text, chapter: chapter.ID})
		}
	}
	v.cursor = 0
	v.Move(0)
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Move moves the cursor by steps, past the headings.
func (v *Outline) Move(by int) {
	dir := 1
	if by < 0 {
		dir = -1
	}
	for left := max(by, -by); ; {
		at := v.cursor
		if left > 0 {
			at += dir
			left--
		}
		for at >= 0 && at < len(v.rows) && v.rows[at].step == "" {
			at += dir
		}
		if at < 0 || at >= len(v.rows) {
			return
		}
		v.cursor = at
		if left == 0 {
			return
		}
	}
}

// Filtering says whether a filter is being typed.
func (v *Outline) Filtering() bool { return v.Slash || v.input.Value() != "" }

// Chosen is the step under the cursor.
func (v *Outline) Chosen() (string, bool) {
	if v.cursor >= len(v.rows) || v.rows[v.cursor].step == "" {
		return "", false
	}
	return v.rows[v.cursor].step, true
}

// View draws the list over the whole body.
func (v *Outline) View() []string {
	o, t := v, v.Theme
	done, all := v.tally()
	o.input.Width = max(v.w-8, 1)
	room := v.h - 3
	if o.cursor < o.top+1 {
		o.top = max(0, o.cursor-1)
	}
	if o.cursor >= o.top+room {
		o.top = o.cursor - room + 1
	}
	// The input pads what it shows of wide letters with NULs.
	lines := []string{strings.ReplaceAll(o.input.View(), "\x00", ""), ""}
	if len(o.rows) == 0 {
		lines = append(lines, t.Faint.Render(v.Say(words.NothingFound)))
	}
	for i := o.top; i < min(len(o.rows), o.top+room); i++ {
		lines = append(lines, v.outlineLine(o.rows[i], i == o.cursor, v.w-2))
	}
	return v.frame(true, v.Say(v.outlineTitle()), v.Say(words.Done, done, all), lines)
}

// tally is how many of the steps that are shown are done.
func (v *Outline) tally() (done, all int) {
	if v.only == nil {
		return v.Tally()
	}
	for _, id := range v.only {
		if v.Memory[id].Done {
			done++
		}
	}
	return done, len(v.only)
}

func (v *Outline) outlineLine(r outlineRow, here bool, w int) string {
	t := v.Theme
	if r.step == "" {
		return t.Strong.Render(r.text)
	}
	sign := " "
	if v.Memory[r.step].Done {
		sign = t.Good.Render(t.G.Ok)
	}
	text := r.text
	if r.step == v.Scene.Step.ID {
		text += "  " + t.G.In
	}
	if here {
		return t.G.Cursor + " " + sign + " " + t.Selected.Render(screen.Fit(text, w-6, t.G.Ellipsis))
	}
	return "  " + sign + " " + text
}

// titleOf is the title of a step, in the learner's language.
func (v *base) titleOf(step steps.Step) string {
	if task, ok := exercise.Of(step); ok {
		prose, err := exercises.Text(v.Lang, task.Exercise, task.Case().Vars)
		if err != nil {
			return step.ID
		}
		return prose.Title
	}
	prose, _ := session.ProseOf(v.Lang, step.ID)
	return prose.TitleOnce(v.Memory[step.ID].Done)
}

// outlineColumn is how wide the names of steps are in the list.
func (v *Outline) outlineColumn(chapter steps.Chapter) int {
	column := 5
	for step := range v.Course.Kind(chapter.Steps[0].ByHand).Steps() {
		if step.ByHand {
			column = max(column, len(step.ID)+1)
		}
	}
	return column
}

// outlineTitle says what the list is of.
func (v *Outline) outlineTitle() say.Form {
	if v.exercising() || v.only != nil {
		return words.Exercises
	}
	return words.Outline
}

// exercising says whether the course is one of exercises.
func (v *base) exercising() bool {
	if len(v.Course) == 0 || len(v.Course[0].Steps) == 0 {
		return false
	}
	_, ok := exercise.Of(v.Course[0].Steps[0])
	return ok
}

// Typed takes a key for the filter.
func (v *Outline) Typed(msg tea.Msg) tea.Cmd {
	before := v.input.Value()
	var cmd tea.Cmd
	v.input, cmd = v.input.Update(msg)
	if v.input.Value() != before {
		v.filter()
	}
	return cmd
}
