package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// outline is the list of chapters and steps to go to, filtered by what is
// typed.
type outline struct {
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

// openOutline shows the list with the cursor at the current step.
func (m *Model) openOutline() tea.Cmd {
	input := textinput.New()
	input.Prompt = "/ "
	input.Placeholder = m.Say(words.Filter)
	input.Cursor.SetMode(0)
	m.outline = outline{input: input}
	m.overlay = overlayOutline
	cmd := m.outline.input.Focus()
	m.filterOutline()
	for i, r := range m.outline.rows {
		if r.step != "" && r.step == m.Scene.Step.ID {
			m.outline.cursor = i
		}
	}
	return cmd
}

// filterOutline keeps the steps whose number or title, or whose chapter's
// title, contains every word that was typed.
func (m *Model) filterOutline() {
	typed := strings.Fields(strings.ToLower(m.outline.input.Value()))
	m.outline.rows = nil
	for _, chapter := range m.Course {
		title, _, _ := chapters.ChapterText(m.Lang, chapter.ID)
		heading := strings.TrimSpace(chapter.ID + "  " + title)
		if level, ok := m.levelHead(chapter); ok {
			heading = level
		}
		added := false
		for _, step := range chapter.Steps {
			text := fmt.Sprintf("%-*s %s", m.outlineColumn(), step.ID, m.titleOf(step))
			if !containsAll(strings.ToLower(heading+" "+text), typed) {
				continue
			}
			if !added {
				m.outline.rows = append(m.outline.rows, outlineRow{text: heading, chapter: chapter.ID})
				added = true
			}
			m.outline.rows = append(m.outline.rows, outlineRow{step: step.ID, text: text, chapter: chapter.ID})
		}
	}
	m.outline.cursor = 0
	m.outline.move(0)
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// move moves the cursor by steps, past the headings.
func (o *outline) move(by int) {
	dir := 1
	if by < 0 {
		dir = -1
	}
	for left := max(by, -by); ; {
		at := o.cursor
		if left > 0 {
			at += dir
			left--
		}
		for at >= 0 && at < len(o.rows) && o.rows[at].step == "" {
			at += dir
		}
		if at < 0 || at >= len(o.rows) {
			return
		}
		o.cursor = at
		if left == 0 {
			return
		}
	}
}

// chosen is the step under the cursor.
func (o *outline) chosen() (string, bool) {
	if o.cursor >= len(o.rows) || o.rows[o.cursor].step == "" {
		return "", false
	}
	return o.rows[o.cursor].step, true
}

// typeOutline takes a key for the filter.
func (m *Model) typeOutline(msg tea.Msg) tea.Cmd {
	before := m.outline.input.Value()
	var cmd tea.Cmd
	m.outline.input, cmd = m.outline.input.Update(msg)
	if m.outline.input.Value() != before {
		m.filterOutline()
	}
	return cmd
}

// outlineView draws the list over the whole body.
func (m *Model) outlineView(r rect) []string {
	o, t := &m.outline, m.Theme
	done, all := m.tally()
	o.input.Width = max(r.w-8, 1)
	room := r.h - 3
	if o.cursor < o.top+1 {
		o.top = max(0, o.cursor-1)
	}
	if o.cursor >= o.top+room {
		o.top = o.cursor - room + 1
	}
	// The input pads what it shows of wide letters with NULs.
	lines := []string{strings.ReplaceAll(o.input.View(), "\x00", ""), ""}
	if len(o.rows) == 0 {
		lines = append(lines, t.Faint.Render(m.Say(words.NothingFound)))
	}
	for i := o.top; i < min(len(o.rows), o.top+room); i++ {
		lines = append(lines, m.outlineLine(o.rows[i], i == o.cursor, r.w-2))
	}
	return m.Frame(r.w, r.h, true, m.Say(m.outlineTitle()), m.Say(words.Done, done, all), screen.Indent(lines))
}

func (m *Model) outlineLine(r outlineRow, here bool, w int) string {
	t := m.Theme
	if r.step == "" {
		return t.Strong.Render(r.text)
	}
	sign := " "
	if m.Memory[r.step].Done {
		sign = t.Good.Render(t.G.Ok)
	}
	text := r.text
	if r.step == m.Scene.Step.ID {
		text += "  " + t.G.In
	}
	if here {
		return t.G.Cursor + " " + sign + " " + t.Selected.Render(screen.Fit(text, w-6, t.G.Ellipsis))
	}
	return "  " + sign + " " + text
}

// titleOf is the title of a step, in the learner's language.
func (m *Model) titleOf(step steps.Step) string {
	if task, ok := exercise.Of(step); ok {
		prose, err := exercises.Text(m.Lang, step.ID, task.Case.Vars)
		if err != nil {
			return step.ID
		}
		return prose.Title
	}
	prose, _ := session.ProseOf(m.Lang, step.ID)
	return prose.Title
}

// openList shows the list with the cursor where the program begins.
func (m *Model) openList() tea.Cmd {
	cmd := m.openOutline()
	first := m.FirstStep()
	if i := slices.IndexFunc(m.outline.rows, func(r outlineRow) bool { return r.step == first }); i >= 0 {
		m.outline.cursor = i
	}
	return cmd
}
