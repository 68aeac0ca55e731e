package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/progress"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// summary is the page that tells what the learner has done, chapter by chapter
// and exercise by exercise, and lets a part of it be forgotten.
type summary struct {
	course    steps.Course
	exercises []exercise.Exercise
	known     map[string]progress.Known    // by step
	tried     map[string]progress.Exercise // by exercise
	cursor    int                          // index into the items
	top       int                          // the first line that is shown
	asking    bool                         // whether what is under the cursor shall be forgotten
}

// summaryItem is what the cursor of the summary can stand at: a chapter, all
// of them, the exercises, or one of these.
type summaryItem struct {
	kind     summaryKind
	chapter  steps.Chapter
	exercise exercise.Exercise
}

type summaryKind int

const (
	summaryChapter summaryKind = iota
	summaryAll
	summaryExercises
	summaryExercise
)

// items are in the order in which they are drawn.
func (s *summary) items() []summaryItem {
	var items []summaryItem
	for _, chapter := range s.course {
		items = append(items, summaryItem{kind: summaryChapter, chapter: chapter})
	}
	items = append(items, summaryItem{kind: summaryAll})
	if len(s.exercises) > 0 {
		items = append(items, summaryItem{kind: summaryExercises})
	}
	for _, e := range s.exercises {
		items = append(items, summaryItem{kind: summaryExercise, exercise: e})
	}
	return items
}

// openSummary shows the page with the cursor at the current chapter or exercise. While the
// learner is at the exercises, the chapters are those of the course all the
// same.
func (m *Model) openSummary() tea.Cmd {
	s := summary{course: m.Course, exercises: exercises.All()}
	if len(m.Course) > 0 && len(m.Course[0].Steps) > 0 {
		if _, ok := exercise.Of(m.Course[0].Steps[0]); ok {
			s.course = chapters.All()
		}
	}
	for i, item := range s.items() {
		if item.kind == summaryChapter && item.chapter.ID == m.Scene.Chapter ||
			item.kind == summaryExercise && item.exercise.Name == m.Scene.Step.ID {
			s.cursor = i
		}
	}
	m.summary = s
	m.overlay = overlaySummary
	return m.readSummary()
}

func (m *Model) readSummary() tea.Cmd {
	return do(m.Session.ReadSummary(m.summary.course, m.summary.exercises))
}

func (m *Model) takeSummary(msg session.Remembered) {
	m.summary.known, m.summary.tried = msg.Known, msg.Tried
}

// pressSummary takes the keys of the page that no other page has.
func (m *Model) pressSummary(msg tea.KeyMsg) tea.Cmd {
	s := &m.summary
	last := len(s.items()) - 1
	switch msg.String() {
	case "p":
		m.overlay = overlayNone
	case "r":
		s.asking = true
	case "up", "k":
		s.cursor--
	case "down", "j":
		s.cursor++
	case "pgup", "b":
		s.cursor -= 10
	case "pgdown", " ":
		s.cursor += 10
	case "home":
		s.cursor = 0
	case "end":
		s.cursor = last
	}
	s.cursor = min(max(s.cursor, 0), last)
	return nil
}

// answerSummary takes the answer to the question whether to forget. Every key
// but y says no.
func (m *Model) answerSummary(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	}
	m.summary.asking = false
	if key := msg.String(); key == "y" || key == "Y" {
		return m.forget(m.summary.items()[m.summary.cursor])
	}
	return nil
}

// forget forgets a chapter, everything, or, at whichever exercise the cursor
// stands, all of the exercises.
func (m *Model) forget(item summaryItem) tea.Cmd {
	var ids []string
	switch item.kind {
	case summaryChapter:
		for _, step := range item.chapter.Steps {
			ids = append(ids, step.ID)
		}
		m.ForgetSteps(ids...)
	case summaryAll:
		m.ForgetAll()
	default:
		for _, e := range m.summary.exercises {
			ids = append(ids, e.Name)
		}
		m.ForgetExercises(ids...)
	}
	return m.readSummary()
}
