package played_test

import (
	"fmt"
	"testing"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/steps/exercise"
)

// TestAChapterEndsWithItsExercises: they are offered, played in the same lab, and lead
// back to where the learner was.
func TestAChapterEndsWithItsExercises(t *testing.T) {
	p := playIn(t, append(chapters.All(), exercise.Course(exercises.All(), 1)...), "0.B1")
	p.see(done(0))
	p.apply()
	p.enterUntil("x: exercises")
	p.press("x")
	p.see("exercises", "wrong-number")
	p.miss("be-the-cni")
	p.press("enter")
	p.see("▸ wrong-number  ", "repair it with : or s")
	p.see("0/28 done") // of the exercises
	p.press("x")
	p.see("▸ 0.B1  ", "to do  ", done(1))
}

// done is how the header counts the steps of the course.
func done(steps int) string { return fmt.Sprintf("%d/%d done", steps, len(chapters.All().Steps())) }

// TestTheCourseEndsWithItsExercises: behind its last step there is no other.
func TestTheCourseEndsWithItsExercises(t *testing.T) {
	p := playIn(t, append(chapters.All(), exercise.Course(exercises.All(), 1)...), "3.4")
	p.apply()
	p.enterUntil("The course is done.  x: exercises")
	p.press("x")
	p.see("two-sizes", "dead-veth")
}
