package exercise

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
	"nstutor/steps/exercise/world"
)

// errByHand says that nothing is applied for the learner.
var errByHand = say.Err("an exercise is solved by the learner's own hands", "练习要由你亲手解决")

// errRebuild makes the player rebuild: whatever the learner did is gone then.
var errRebuild = say.Err("an exercise is begun anew", "练习会重新开始")

// Course makes a course of exercises: a chapter for each level, a step for each
// exercise, in the order of the list. The same seed makes the same faults.
func Course(list []Exercise, seed uint64) steps.Course {
	var course steps.Course
	for level := range Levels + 1 {
		chapter := steps.Chapter{ID: chapterID(level)}
		for _, e := range list {
			if e.Level == level {
				chapter.Steps = append(chapter.Steps, e.step(seed))
			}
		}
		if len(chapter.Steps) > 0 {
			course = append(course, chapter)
		}
	}
	return course
}

// chapterID is the chapter of a level.
func chapterID(level int) string { return fmt.Sprintf("level%d", level) }

func (e Exercise) step(seed uint64) steps.Step {
	task := &Task{Exercise: e, Seed: seed}
	task.made = sync.OnceValue(func() Case { return e.Make(NewSeed(seed, e.Name)) })
	return steps.Step{ID: e.Name, ByHand: true, Setup: []steps.Action{&setup{task}}, Action: task}
}

// setup builds and breaks the network of a task.
type setup struct{ task *Task }

// Change implements steps.Action. The player takes it back by rebuilding the lab.
func (a *setup) Change(l *lab.Lab) change.Change {
	return steps.Doing{
		Typed: change.In("", "nstutor", "exercise", a.task.Exercise.Name),
		Do:    func(ctx context.Context) error { return a.make(world.New(ctx, l)) },
		Back:  func() error { return errRebuild },
	}
}

func (a *setup) make(w *world.World) error {
	c := a.task.Case()
	if c.Build != nil {
		c.Build(w)
	}
	w.Settle()
	if c.Break != nil {
		c.Break(w)
	}
	w.Settle()
	return w.Err()
}

// Conditions implements steps.Action: it is made anew each time.
func (a *setup) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, false)
}

// Task is the action of an exercise's step: to bring about what the checks ask
// for, by any means.
type Task struct {
	Exercise Exercise
	Seed     uint64
	made     func() Case
}

// Case is the exercise with its seed's names and faults. It is made when it is first
// asked for, since a learner sees few of the exercises that a course has.
func (t *Task) Case() Case { return t.made() }

// Watched implements steps.Watcher.
func (t *Task) Watched() steps.Watch { return t.Case().Watch }

// Of is the task of a step, where the step is an exercise.
func Of(step steps.Step) (*Task, bool) {
	t, ok := step.Action.(*Task)
	return t, ok
}

// Change implements steps.Action. It has no command, so that nobody shows the
// solution by mistake (see Hints and Case.Fix), and does nothing: see errByHand.
// The player takes back what was done by rebuilding the lab.
func (t *Task) Change(*lab.Lab) change.Change {
	return steps.Doing{
		Do:   func(context.Context) error { return errByHand },
		Back: func() error { return errRebuild },
	}
}

// Done tries all goals and guards, which takes up to the lab's PingTimeout.
func (t *Task) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return check.Hold(ctx, l, t.checks())
}

func (t *Task) checks() []check.Check {
	c := t.Case()
	return slices.Concat(c.Goals, c.Guards)
}

// Conditions tries all goals and guards: one condition for each, goals first.
func (t *Task) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	var conditions []steps.Condition
	for _, v := range check.Try(ctx, l, t.checks()) {
		conditions = append(conditions, v.Condition())
	}
	return conditions
}

// LevelTitle is the name of a level.
func LevelTitle(level int) say.Text {
	titles := []say.Text{
		say.T("One thing is off", "一处故障"),
		say.T("One thing, further away", "一处故障，离症状较远"),
		say.T("It works, for some", "时通时不通"),
		say.T("Two faults, one behind the other", "两处故障，一前一后"),
		say.T("The challenge: be the CNI", "终极挑战：你就是 CNI"),
	}
	switch {
	case level == Given:
		return say.T("Somebody's own", "自带的练习")
	case level < 1 || level > len(titles):
		return say.Quote(chapterID(level))
	}
	return titles[level-1]
}
