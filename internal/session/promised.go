package session

import (
	"cmp"
	"context"
	"maps"

	"nstutor/internal/progress"
	"nstutor/steps"
)

// applied: the step's action was tried.
func (l *Lesson) applied(msg Applied) Work {
	s := l.s
	if msg.Err != nil {
		s.Scene.Phase, s.Scene.Err = PhaseLook, msg.Err
		s.aimPing(true)
		return l.check()
	}
	s.Scene.Changes = msg.changes
	return all(l.finish(), s.altered())
}

// checked: somebody looked whether the step is done.
func (l *Lesson) checked(msg Checked) Work {
	s, c := l.s, &l.s.Scene
	l.checking = false
	if c.Phase == PhaseAfter {
		return l.stillDone(msg)
	}
	if c.Phase != PhaseLook || msg.after {
		return nil
	}
	if msg.Done {
		c.Elsewhere, c.Changes = true, msg.changes
		s.Network.Log.Restart(true)
		s.aimPing(false)
		return all(l.finish(), s.altered())
	}
	if msg.Looked {
		c.Broken = msg.Broken
	}
	if msg.err == nil {
		c.Judged = msg.Judged
		c.Hints = min(c.Hints, len(c.HintTexts(s.tongue)))
	}
	return l.checkAgain()
}

// finish: the kernel's state says that the step's change is made. It counts once
// what was promised is seen.
func (l *Lesson) finish() Work {
	s, c := l.s, &l.s.Scene
	c.Diverged = len(c.Broken) > 0
	c.Phase, c.Broken, c.Err, c.Rebuilt, c.Judged = PhaseAfter, nil, nil, false, Judged{}
	s.Cue.Page++
	l.how = progress.Way{Hand: c.Elsewhere, Shown: c.Shown || c.explained, Seconds: int(s.Now().Sub(c.since).Seconds()), When: s.Now()}
	return l.keep()
}

// count remembers that the step is done, and the one before it too where that only
// waited for this one: they were made in another order.
func (l *Lesson) count() {
	s := l.s
	id, how := s.Scene.Step.ID, l.how
	if parent := s.Course.Parent(id); parent != "" {
		if waited, ok := s.owed[parent]; ok {
			delete(s.owed, parent)
			s.know(parent, func(r *Known) { r.Done = true })
			s.note(func(p Progress) { p.MarkDone(parent, waited) })
		}
	}
	s.remember(func(r *Known) { r.Done = true })
	s.note(func(p Progress) { p.MarkDone(id, how) })
}

// kept: the promise of what is seen after the step was tried. The ping goes on.
func (l *Lesson) kept(msg Kept) {
	s, c := l.s, &l.s.Scene
	c.Keeping = false
	s.aimPing(true)
	if msg.Err != nil {
		c.Err = msg.Err
		l.count() // the change is made, and nothing speaks against it
		return
	}
	if msg.Report.OK() {
		l.count()
	}
	l.tried = msg.state
	c.Report, c.Output = &msg.Report, msg.output
	results := msg.Report.Results()
	for i, try := range c.Step.After.Tries() {
		if i < len(results) && s.Network.Log.Trying(try.Tried) {
			s.Network.Log.add(results[i])
		}
	}
}

// stillDone: somebody looked again at a step that was done. What was taken back
// by hand is to be done again.
func (l *Lesson) stillDone(msg Checked) Work {
	s, c := l.s, &l.s.Scene
	if msg.state != nil && len(steps.DiffState(l.tried, *msg.state, false)) > 0 && !c.Keeping {
		return all(l.keep(), l.checkAgain())
	}
	if !msg.after || msg.Done || msg.err != nil || c.Keeping {
		return l.checkAgain()
	}
	c.Phase, c.Shown, c.Elsewhere, c.Changes, c.Untouched = PhaseLook, false, false, nil, nil
	c.Report, c.Output, c.Err = nil, nil, nil
	s.Cue.Page++
	s.Network.Log.Restart(true)
	s.aimPing(true)
	l.lookedAt = -1
	return all(s.altered(), l.checkAgain())
}

// checkAgain looks at the step again after a while.
func (l *Lesson) checkAgain() Work {
	s := l.s
	if l.ticking {
		return nil
	}
	l.ticking = true
	return after(checkTurn, checkTick{s.Scene.Gen})
}

// apply makes the step's change.
func (l *Lesson) apply() Work {
	s := l.s
	s.Scene.Phase = phaseApply
	s.Scene.Untouched = maps.Clone(s.Network.Snaps)
	s.Scene.Err = nil
	gen := s.busy(JobApply)
	s.Network.Log.Restart(true)
	s.aimPing(false) // its echoes would be among those that the promise looks at
	failed := func(err error) any { return Applied{Gen: gen, Err: err} }
	return s.desk.ask(applyTimeout, func(ctx context.Context, p *steps.Player) any {
		if err := p.Apply(ctx); err != nil {
			return failed(err)
		}
		changes, err := p.Changed(ctx)
		return Applied{Gen: gen, changes: unwatched(changes), Err: err}
	}, failed)
}

// keep tries the promise of what is seen after the step.
func (l *Lesson) keep() Work {
	s := l.s
	s.Scene.Keeping = true
	gen, after := s.Scene.Gen, s.Scene.Step.After
	failed := func(err error) any { return Kept{Gen: gen, Err: err} }
	return s.desk.meanwhile(keepTimeout, func(ctx context.Context, p *steps.Player) any {
		report, err := after.Keep(ctx, p.Lab())
		if err == nil && !report.OK() {
			// The running ping may have left the kernel in the middle of asking for
			// a neighbour, and then ours shared the fate of what it had asked before.
			rest(ctx, p.Lab().NeighbourTimeout())
			report, err = after.Keep(ctx, p.Lab())
		}
		state, failed := steps.ReadState(ctx, p.Lab())
		return Kept{Gen: gen, Report: report, output: observe(ctx, p), state: state, Err: cmp.Or(err, failed)}
	}, failed)
}

// check looks whether somebody else did the step, or spoilt what it begins
// with. One check runs at a time.
func (l *Lesson) check() Work {
	s := l.s
	after := s.Scene.Phase == PhaseAfter && !s.Scene.Keeping
	if s.desk == nil || s.Scene.Phase != PhaseLook && !after || l.checking {
		return nil // the next look comes with the next tick at the latest
	}
	l.checking = true
	gen, before, begin, last := s.Scene.Gen, s.Scene.Step.Before, s.Scene.begin, s.Scene.Judged
	fresh := s.Network.version != l.lookedAt // else nothing that it could be about has changed
	l.lookedAt = s.Network.version
	unkept := fresh && len(s.Scene.Unkept()) > 0
	failed := func(err error) any { return Checked{Gen: gen, after: after, err: err} }
	return s.desk.meanwhile(checkTimeout, func(ctx context.Context, p *steps.Player) any {
		done, err := p.Done(ctx)
		switch {
		case err != nil:
			return failed(err)
		case after && done && unkept:
			state, err := steps.ReadState(ctx, p.Lab())
			return Checked{Gen: gen, after: true, Done: true, state: &state, err: err}
		case after:
			return Checked{Gen: gen, after: true, Done: done}
		case done:
			changes, err := p.Changed(ctx)
			return Checked{Gen: gen, Done: true, changes: unwatched(changes), err: err}
		}
		if !fresh {
			return Checked{Gen: gen, Judged: judge(ctx, p, begin, last, false)}
		}
		return Checked{Gen: gen, Looked: true, Broken: broken(ctx, p, before), Judged: judge(ctx, p, begin, last, true)}
	}, failed)
}
