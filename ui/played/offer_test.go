package played_test

import (
	"fmt"
	"testing"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/lab/labtest"
	"nstutor/steps/exercise"
)

// TestAChapterEndsWithItsExercises: they are offered, played in the same lab, and lead
// back to where the learner was.
func TestAChapterEndsWithItsExercises(t *testing.T) {
	labtest.Slow(t)
	p := playIn(t, append(chapters.All(), exercise.Course(exercises.All(), 1)...), "0.B1")
	p.see(all(0))
	p.apply()
	p.enterUntil("x: exercises")
	p.press("x")
	p.see("exercises", "wrong-number", "0/1 done ━")
	p.miss("be-the-cni")
	p.press("enter")
	p.see("▸ wrong-number  ", "repair it with : or s")
	p.see(fmt.Sprintf("0/%d done", len(exercises.All())))
	p.press("x")
	p.see("▸ 0.B1  ", "to do  ", all(1))
}

// TestTheCourseEndsWithItsExercises: behind its last step there is no other.
func TestTheCourseEndsWithItsExercises(t *testing.T) {
	course := chapters.All()
	last := course[len(course)-1]
	p := playIn(t, append(course, exercise.Course(exercises.All(), 1)...), last.Steps[len(last.Steps)-1].ID)
	p.apply()
	p.enterUntil("The course is done.  x: exercises")
	p.press("x")
	offered := exercises.After(last.ID, func(string) bool { return false })
	p.see(offered[0], offered[len(offered)-1])
}
