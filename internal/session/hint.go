package session

import (
	"context"
	"errors"

	"nstutor/chapters/exercises"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// HintsPerFault is how many hints there are: the table, the line, the command.
const HintsPerFault = 3

// Hint shows one hint more: of the exercise's own, where it has some, or
// else about the fault that the kernel has now.
func (d *Drill) Hint() Work {
	s := d.s
	if s.desk == nil || d.Hinting {
		return nil
	}
	d.Hinting = true
	gen, task := s.Scene.Gen, d.Task
	failed := func(err error) any { return DrillHint{Gen: gen, err: err} }
	return s.desk.meanwhile(drillTimeout, func(ctx context.Context, p *steps.Player) any {
		guide := written(task)
		if guide.Hints == nil {
			guide = steps.GuideTo(ctx, p.Lab(), p.Step())
		}
		if ctx.Err() != nil {
			return failed(ctx.Err())
		}
		return DrillHint{Gen: gen, Guide: guide}
	}, failed)
}

// takeHint shows the first of the hints that was not shown. About another fault
// than before they begin anew.
func (d *Drill) takeHint(msg DrillHint) {
	s := d.s
	d.Hinting = false
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			s.Scene.Err = msg.err
		}
		return
	}
	if msg.About != d.Fault {
		d.Fault, d.Hints = msg.About, nil
	}
	s.Cue.Hint++
	if len(d.Hints) < len(msg.Hints) {
		d.Hints = append(d.Hints, msg.Hints[len(d.Hints)])
		d.hinted++
		d.save()
	}
}

// written is the guide that the exercise's text gives, in all languages.
func written(task *exercise.Task) (guide steps.Guide) {
	vars := task.Case().Vars
	en, err := exercises.Text(say.Langs[0], task.Exercise, vars)
	zh, err2 := exercises.Text(say.Langs[1], task.Exercise, vars)
	if err != nil || err2 != nil || len(en.Hints) == 0 || len(en.Hints) != len(zh.Hints) {
		return guide
	}
	for i := range en.Hints {
		guide.Hints = append(guide.Hints, say.Both(en.Hints[i], zh.Hints[i]))
	}
	guide.About = "written"
	return guide
}
