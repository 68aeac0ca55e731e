package cli

import (
	"nstutor/chapters/exercises"
	"nstutor/steps/exercise"
)

// allExercises lists every exercise, with its title in that language, or its
// name where it has none.
func allExercises(lang string) []exerciseSummary {
	var all []exerciseSummary
	for _, e := range exercises.All() {
		title := e.Name
		variation := e.Make(exercise.NewSeed(0, e.Name))
		if prose, err := exercises.Text(lang, e, variation.Vars); err == nil {
			title = prose.Title
		}
		all = append(all, exerciseSummary{Name: e.Name, Title: title, Level: e.Level, Group: e.Group})
	}
	return all
}

func exerciseNames() []string {
	var names []string
	for _, e := range exercises.All() {
		names = append(names, e.Name)
	}
	return names
}
