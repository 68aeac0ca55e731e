package exercises_test

import (
	"slices"
	"testing"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
)

// TestEveryExerciseBelongsToOneChapter: and every chapter has some.
func TestEveryExerciseBelongsToOneChapter(t *testing.T) {
	all := func(string) bool { return true }
	var offered []string
	for _, chapter := range chapters.All() {
		own := exercises.After(chapter.ID, all)
		if len(own) == 0 {
			t.Errorf("chapter %s has no exercise", chapter.ID)
		}
		offered = append(offered, own...)
	}
	for _, e := range exercises.All() {
		if n := len(slices.DeleteFunc(slices.Clone(offered), func(name string) bool { return name != e.Name })); n != 1 {
			t.Errorf("%s belongs to %d chapters", e.Name, n)
		}
	}
	if len(offered) != len(exercises.All()) {
		t.Errorf("%d exercises are offered, there are %d", len(offered), len(exercises.All()))
	}
}

// TestAFewFromBeforeAreMixedIn: those that were not solved.
func TestAFewFromBeforeAreMixedIn(t *testing.T) {
	none, some := func(string) bool { return false }, func(name string) bool { return name == "dead-veth" }
	own := exercises.After("3", func(string) bool { return true })
	if got := exercises.After("3", none); !slices.Equal(got[len(own):], []string{"dead-veth", "nobody-is-the-gateway"}) {
		t.Errorf("mixed in: %q", got[len(own):])
	}
	if got := exercises.After("3", some); slices.Contains(got, "dead-veth") || len(got) != len(own)+2 {
		t.Errorf("mixed in: %q", got[len(own):])
	}
}
