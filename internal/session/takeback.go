package session

import (
	"context"
	"slices"
	"time"

	"nstutor/steps"
)

// replayTimeout is how long a command may take when it is run again.
const replayTimeout = 5 * time.Second

// act is a command that the learner typed in an exercise.
type act struct {
	netns, line string
	after       steps.State // the lab when it had ended
}

type (
	// drillDid: a command has ended, and the lab was read.
	drillDid struct {
		gen int
		act act
		err error
	}
	// drillLost: the last command cannot be taken back, since something else has
	// changed the lab as well.
	drillLost struct{ Gen int }
)

// did reads the lab after a command, to be able to take it back.
func (d *Drill) did(netns, line string) Work {
	s := d.s
	if s.desk == nil || d.Solved {
		return nil
	}
	gen := s.Scene.Gen
	failed := func(err error) any { return drillDid{gen: gen, err: err} }
	return s.desk.meanwhile(checkTimeout, func(ctx context.Context, p *steps.Player) any {
		state, err := steps.ReadState(ctx, p.Lab())
		return drillDid{gen, act{netns, line, state}, err}
	}, failed)
}

// takeDid remembers a command that has changed something. Without knowing what it
// did it cannot be taken back.
func (d *Drill) takeDid(msg drillDid) {
	switch {
	case msg.err != nil:
		d.acts, d.Asking = nil, false
	case len(steps.DiffState(d.last(), msg.act.after, false)) > 0:
		d.acts = append(d.acts, msg.act)
	}
}

// last is the lab as the last command left it, or as the exercise began.
func (d *Drill) last() steps.State {
	if n := len(d.acts); n > 0 {
		return d.acts[n-1].after
	}
	return d.s.Scene.Was
}

// mayTakeBack says whether there is a command to take back.
func (d *Drill) mayTakeBack() bool { return !d.Solved && len(d.acts) > 0 }

// takeBack brings the lab to where it was before the last command that changed it:
// it is built anew, and the commands before that one are run again. Where something
// else was changed meanwhile, in a shell, that would be lost too: the learner is asked.
func (d *Drill) takeBack() Work {
	return d.ifStill(d.last(), slices.Clone(d.acts[:len(d.acts)-1]))
}

// ifStill runs commands on the exercise built anew, if the lab is as it was last known.
func (d *Drill) ifStill(last steps.State, before []act) Work {
	s := d.s
	if s.desk == nil {
		return nil
	}
	gen, id := s.Scene.Gen, s.Scene.Step.ID
	failed := func(error) any { return drillLost{gen} }
	return s.desk.meanwhile(enterTimeout, func(ctx context.Context, p *steps.Player) any {
		now, err := steps.ReadState(ctx, p.Lab())
		if err != nil || len(steps.DiffState(last, now, false)) > 0 {
			return failed(err)
		}
		return takenBack{gen, id, before}
	}, failed)
}

// takenBack: nothing stands against taking the last command back.
type takenBack struct {
	gen    int
	id     string
	before []act
}

// replay builds the lab anew and runs the commands that are to stay.
func (d *Drill) replay(msg takenBack) Work {
	d.acts = msg.before
	return d.s.goTo(JobUndo, func(ctx context.Context, p *steps.Player) (bool, error) {
		if err := p.Goto(ctx, msg.id); err != nil {
			return false, err
		}
		for _, a := range msg.before {
			if err := runAgain(ctx, p, a); err != nil {
				return false, err
			}
		}
		return false, nil
	})
}

// runAgain runs a command once more. It may fail as it did before.
func runAgain(ctx context.Context, p *steps.Player, a act) error {
	ctx, cancel := context.WithTimeout(ctx, replayTimeout)
	defer cancel()
	command, err := p.Lab().Command(ctx, a.netns, "sh", "-c", a.line)
	if err != nil {
		return err
	}
	command.Run()
	return nil
}

// anewOrAsk begins the exercise anew. What the learner has built is not lost without
// being asked.
func (d *Drill) anewOrAsk() Work {
	switch {
	case d.Asking || d.Solved:
		d.acts, d.Asking = nil, false
		return d.s.Rebuild()
	case len(d.acts) > 0:
		d.Asking = true
		return nil
	}
	return d.ifStill(d.s.Scene.Was, nil)
}
