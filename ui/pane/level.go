package pane

import (
	"strings"

	"nstutor/steps"
	"nstutor/steps/exercise"
)

// LevelSigns are as many full dots as the level, out of four: ●●○○.
func (v *base) LevelSigns(level int) string {
	full, empty := "●", "○"
	if v.Theme.ASCII {
		full, empty = "*", "."
	}
	level = min(level, exercise.Challenge-1)
	return strings.Repeat(full, level) + strings.Repeat(empty, exercise.Challenge-1-level)
}

// levelHead is the signs of a level and its title, where the chapter is one.
func (v *base) levelHead(chapter steps.Chapter) (string, bool) {
	task, ok := exercise.Of(chapter.Steps[0])
	if !ok {
		return "", false
	}
	level := task.Exercise.Level
	if level == exercise.Given {
		return v.Tell(exercise.LevelTitle(level)), true
	}
	return v.LevelSigns(level) + "  " + v.Tell(exercise.LevelTitle(level)), true
}
