package played_test

import (
	"testing"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/steps/exercise"
)

// TestAChapterEndsWithItsExercises: they are offered, played in the same lab, and lead
// back to where the learner was.
func TestAChapterEndsWithItsExercises(t *testing.T) {
	p := playIn(t, append(chapters.All(), exercise.Course(exercises.All(), 1)...), "0.6")
	p.see("0/38 done")
	p.apply()
	p.enterUntil("x: exercises")
	p.press("x")
	p.see("exercises", "wrong-number")
	p.miss("be-the-cni")
	p.press("enter")
	p.see("▸ wrong-number  ", "repair it with : or s")
	p.see("0/28 done") // of the exercises
	p.press("x")
	p.see("▸ 0.6  ", "to do  ", "1/38 done")
}

// TestTheCourseEndsWithItsExercises: behind its last step there is no other.
func TestTheCourseEndsWithItsExercises(t *testing.T) {
	p := playIn(t, append(chapters.All(), exercise.Course(exercises.All(), 1)...), "3.4")
	p.apply()
	p.enterUntil("The course is done.  x: exercises")
	p.press("x")
	p.see("two-sizes", "dead-veth")
}
