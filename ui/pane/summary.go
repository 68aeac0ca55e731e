package pane

import (
	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/progress"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// Summary is the page that tells what the learner has done, chapter by chapter
// and exercise by exercise, and lets a part of it be forgotten.
type Summary struct {
	base
	Chapters  steps.Course
	Exercises []exercise.Exercise
	known     map[string]progress.Known    // by step
	tried     map[string]progress.Exercise // by exercise
	Cursor    int                          // index into the items
	top       int                          // the first line that is shown
	Asking    bool                         // whether what is under the cursor shall be forgotten
}

// Item is what the cursor of the summary can stand at: all chapters, one
// of them, the exercises, or one of these.
type Item struct {
	Kind     ItemKind
	Chapter  steps.Chapter
	Exercise exercise.Exercise
}

// ItemKind is what an item is.
type ItemKind int

const (
	ItemAll ItemKind = iota
	ItemChapter
	ItemExercises
	ItemExercise
)

// Items are in the order in which they are drawn.
func (v *Summary) Items() []Item {
	items := []Item{{Kind: ItemAll}} // on the first screen, however many chapters there are
	for _, chapter := range v.Chapters {
		items = append(items, Item{Kind: ItemChapter, Chapter: chapter})
	}
	if len(v.Exercises) > 0 {
		items = append(items, Item{Kind: ItemExercises})
	}
	for _, e := range v.Exercises {
		items = append(items, Item{Kind: ItemExercise, Exercise: e})
	}
	return items
}

// Begin makes the page one of the course and its exercises, with the cursor at
// the current chapter or exercise. While the learner is at the exercises, the
// chapters are those of the course all the same.
func (v *Summary) Begin() {
	*v = Summary{base: v.base, Chapters: v.Course.Kind(false), Exercises: exercises.All()}
	if v.exercising() {
		v.Chapters = chapters.All()
	}
	for i, item := range v.Items() {
		if item.Kind == ItemChapter && item.Chapter.ID == v.Scene.Chapter ||
			item.Kind == ItemExercise && item.Exercise.Name == v.Scene.Step.ID {
			v.Cursor = i
		}
	}
}

// Fill tells what is remembered.
func (v *Summary) Fill(with session.Remembered) { v.known, v.tried = with.Known, with.Tried }

// Move moves the cursor.
func (v *Summary) Move(by int) { v.Cursor = min(max(v.Cursor+by, 0), len(v.Items())-1) }

// Chosen is the item under the cursor.
func (v *Summary) Chosen() Item { return v.Items()[v.Cursor] }
