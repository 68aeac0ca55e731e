package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"nstutor/diag/probe"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

const (
	// drillTurn is how often the clock of an exercise is looked at.
	drillTurn = 500 * time.Millisecond
	// drillLook is how often the lab is looked at.
	drillLook = time.Second
	// drillQuiet is how long the lab has to stay as it is before it is checked
	// without being asked: whoever repairs it may not have finished.
	drillQuiet = 2 * time.Second
	// drillTimeout is how long a check may take, which is a little more than a
	// ping's time.
	drillTimeout = 30 * time.Second
)

type (
	// DrillChecked: all conditions of the exercise were tried.
	DrillChecked struct {
		Gen        int
		state      steps.State // when that began
		Conditions []steps.Condition
		err        error
	}
	// drillSeen: somebody looked how the lab is.
	drillSeen struct {
		gen   int
		state steps.State
		err   error
	}
	// DrillHint: the kernel was asked for hints about the fault that there is.
	DrillHint struct {
		Gen int
		steps.Guide
		err error
	}
	// drillTick: the clock goes on.
	drillTick struct{}
)

// Tick keeps the clock of the exercise going, from the moment when the
// symptom can be read.
func (d *Drill) Tick(reading bool) Work {
	s := d.s
	if d.Solved || s.Scene.Step.ID == "" {
		return nil
	}
	if d.since.IsZero() && s.Scene.Phase == PhaseLook && reading {
		d.since = s.Now()
	}
	if d.ticking || s.desk == nil {
		return nil
	}
	d.ticking = true
	return after(drillTurn, drillTick{})
}

// watch looks at the lab, once in drillLook: what was changed is checked
// without being asked, once it is left alone.
func (d *Drill) watch() Work {
	s := d.s
	if s.desk == nil || s.Scene.Phase != PhaseLook || s.Working > 0 || d.Checking || d.looking || s.Now().Sub(d.looked) < drillLook {
		return nil
	}
	d.looking, d.looked = true, s.Now()
	gen := s.Scene.Gen
	failed := func(err error) any { return drillSeen{gen: gen, err: err} }
	return s.desk.meanwhile(checkTimeout, func(ctx context.Context, p *steps.Player) any {
		now, err := steps.ReadState(ctx, p.Lab())
		return drillSeen{gen: gen, state: now, err: err}
	}, failed)
}

// sawLab takes how the lab is now. It is checked when that is not how it was
// at the last check, and was so the last times too; or when the ping is answered
// that was not.
func (d *Drill) sawLab(msg drillSeen) Work {
	s := d.s
	d.looking = false
	if msg.err != nil || s.Scene.Phase != PhaseLook || d.Checking {
		return nil
	}
	if len(steps.DiffState(d.seen, msg.state, false)) > 0 {
		d.seen, d.same = msg.state, 0
	} else {
		d.same++
	}
	outcome, settled := s.Network.Log.Outcome()
	answered := settled && outcome == probe.Replied
	other := len(steps.DiffState(d.checked, msg.state, false)) > 0 || answered && !d.answered
	if !other || d.same < int(drillQuiet/drillLook) {
		return nil
	}
	return d.try(false)
}

// checkNow is the enter key.
func (d *Drill) checkNow() Work {
	s := d.s
	s.Scene.Err = nil
	if d.Checking {
		d.again = !d.Counts // the one that is under way may have looked too early
		return nil
	}
	return d.try(true)
}

// try tries all conditions of the exercise. One check runs at a time.
func (d *Drill) try(counts bool) Work {
	s := d.s
	if s.desk == nil {
		return nil
	}
	d.Checking, d.Counts = true, counts
	gen := s.Scene.Gen
	failed := func(err error) any { return DrillChecked{Gen: gen, err: err} }
	return s.desk.meanwhile(drillTimeout, func(ctx context.Context, p *steps.Player) any {
		state, err := steps.ReadState(ctx, p.Lab())
		if err != nil {
			return failed(err)
		}
		conditions := p.Step().Action.Conditions(ctx, p.Lab())
		if ctx.Err() != nil {
			return failed(ctx.Err())
		}
		return DrillChecked{Gen: gen, state: state, Conditions: conditions}
	}, failed)
}

// checkedAll takes what came of a check. It is a try only where it says for
// certain that something is not as it should be.
func (d *Drill) checkedAll(msg DrillChecked) Work {
	s := d.s
	counts, again := d.Counts, d.again
	d.Checking, d.Counts, d.again = false, false, false
	if s.Scene.Phase != PhaseLook {
		return nil
	}
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			s.Scene.Err = msg.err
		}
		return nil
	}
	d.Conditions, d.checked = msg.Conditions, msg.state
	outcome, settled := s.Network.Log.Outcome()
	d.answered = settled && outcome == probe.Replied
	if !slices.ContainsFunc(msg.Conditions, func(c steps.Condition) bool { return !c.Met || c.Err != nil }) {
		d.solve()
		return nil
	}
	if again {
		return d.try(true)
	}
	if counts || brokenGuard(d.Task, msg.Conditions) {
		s.Cue.Verdict++
	}
	if counts {
		if slices.ContainsFunc(msg.Conditions, unmet) {
			d.Tries++
			d.save()
		}
	}
	return nil
}

func unmet(c steps.Condition) bool { return !c.Met && c.Err == nil }

// brokenGuard reports whether something that is to stay as it was does not: the
// learner has to see that, whoever checked.
func brokenGuard(task *exercise.Task, conditions []steps.Condition) bool {
	goals := min(len(task.Case().Goals), len(conditions))
	return slices.ContainsFunc(conditions[goals:], unmet)
}
