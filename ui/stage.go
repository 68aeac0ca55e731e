package ui

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/chapters"
	"nstutor/diag/table"
	"nstutor/steps"
	"nstutor/ui/screen"
)

// phase is where the learner is within a step.
type phase int

const (
	phaseEnter phase = iota // the lab is being brought to the step
	phaseLook               // reading, predicting; the action is still to come
	phaseApply              // the action is under way
	phaseAfter              // the kernel's state says that it is done
)

// stage is the current step, in the learner's language, and what came of it.
type stage struct {
	gen          int // counts the entries into steps: answers to older ones are dropped
	step         steps.Step
	chapter      string
	chapterTitle string
	intro        string // of the chapter, at its first step
	prose        chapters.Prose
	proseErr     error
	command      steps.Command
	was          steps.State                // when the step began
	untouched    map[string]*table.Snapshot // just before the action
	phase        phase
	begin        []steps.Condition // how the action's were when the step began
	judged       judged

	elsewhere bool // done by another hand than ours
	changes   []steps.Change
	output    []string // what the command printed, if it only looks
	report    *steps.Report
	keeping   bool // the promise of what comes after is being tried
	hints     int
	choice    int // what the learner predicted, from 0
	guessed   bool
	banner    string // what does not hold that the step begins with
	rebuilt   bool
	err       error

	predictEnd int // the line of the lesson where the prediction ends
}

// begin makes the stage that of a step whose beginning the lab stands at.
func (m *Model) begin(msg enteredMsg) {
	known := m.memory[msg.step.ID]
	m.stage = stage{
		gen: m.stage.gen, step: msg.step, command: msg.command, was: msg.was,
		phase: phaseLook, rebuilt: msg.rebuilt, begin: msg.begin,
		hints: 0, choice: known.choice, guessed: known.guessed,
	}
	m.beginDrill()
	m.translate()
	m.scroll[paneLesson] = screen.Scroll{}
}

// translate reads the texts of the step in the learner's language.
func (m *Model) translate() {
	s := &m.stage
	if s.step.ID == "" {
		return
	}
	if m.drill != nil {
		m.translateDrill()
		return
	}
	s.prose, s.proseErr = proseOf(m.Lang, s.step.ID)
	if chapter, ok := m.course.Chapter(s.step.ID); ok {
		s.chapter = chapter.ID
		title, intro, _ := chapters.ChapterText(m.Lang, chapter.ID)
		s.chapterTitle, s.intro = title, ""
		if chapter.Steps[0].ID == s.step.ID {
			s.intro = intro
		}
	}
}

// neighbourStep is the step before or after this one in the course.
func (m *Model) neighbourStep(by int) (string, bool) {
	if m.drill != nil && by > 0 {
		return m.nextUnsolved()
	}
	all := m.course.Steps()
	for i, step := range all {
		if next := i + by; step.ID == m.stage.step.ID && next >= 0 && next < len(all) {
			return all[next].ID, true
		}
	}
	return "", false
}

// mustReadOn says that enter shows more of the lesson instead of running the
// command: the question was not on the screen yet. Who has done the step
// before, or has answered, is not held up, nor who asks why instead of reading.
func (m *Model) mustReadOn() bool {
	s, view := &m.stage, m.scroll[paneLesson]
	return !m.why.open && s.phase == phaseLook && !s.guessed && !m.memory[s.step.ID].done &&
		s.predictEnd > view.Top+view.Height
}

// choiceKeys is the range of keys that answer the question: "1-3".
func (s *stage) choiceKeys() string { return fmt.Sprintf("1-%d", max(1, len(s.prose.Predict.Choices))) }

// setting names a sysctl of a namespace.
type setting struct{ Netns, Key string }

// settings are the sysctls that the step's action sets or its promises are
// about, each once.
func (s *stage) settings() []setting {
	var all []setting
	add := func(netns, key string) {
		if one := (setting{netns, key}); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	if action, ok := s.step.Action.(steps.Sysctl); ok {
		add(action.Netns, action.Key)
	}
	for _, c := range slices.Concat(s.step.Before.Claims, s.step.After.Claims) {
		if claim, ok := c.(steps.SysctlIs); ok {
			add(claim.Netns, claim.Key)
		}
	}
	return all
}

// speaksOf says whether the step is about the sysctl of a line "KEY = VALUE" of
// a namespace.
func (s *stage) speaksOf(netns, line string) bool {
	key, _, _ := strings.Cut(line, " ")
	return slices.Contains(s.settings(), setting{netns, key})
}

// kept counts the lines of the report that are as promised.
func (s *stage) kept() (ok, all int) {
	for _, line := range s.report.Lines {
		all++
		if line.OK {
			ok++
		}
	}
	return ok, all
}
