package steps

import (
	"context"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Player walks through a course in a lab: it knows which step the lab stands
// at, and can bring the lab to any other. It is not safe for concurrent use.
type Player struct {
	lab    *lab.Lab
	course Course
	step   Step
	was    State // before the current step
	unused bool  // the lab is as New made it
}

// NewPlayer returns a player that stands nowhere yet: Goto a step first.
func NewPlayer(l *lab.Lab, course Course) *Player {
	return &Player{lab: l, course: course}
}

// InNewLab says that nobody has touched the player's lab since it was made: where the
// first step begins is then not built a second time.
func (p *Player) InNewLab() *Player {
	p.unused = true
	return p
}

// Lab is the lab that the player plays in.
func (p *Player) Lab() *lab.Lab { return p.lab }

// Step is the current step.
func (p *Player) Step() Step { return p.step }

// Was is the lab's state before the current step's action.
func (p *Player) Was() State { return p.was }

// Goto rebuilds the lab to the beginning of the step called id: reset, then
// everything that leads there, silently.
func (p *Player) Goto(ctx context.Context, id string) error {
	step, ok := p.course.Step(id)
	if !ok {
		return say.Err("no step %q", "没有步骤 %q", id)
	}
	actions, err := p.course.Path(id)
	if err != nil {
		return err
	}
	if !p.unused {
		if err := p.lab.Reset(ctx); err != nil {
			return err
		}
	}
	p.unused = false
	for _, a := range actions {
		leading := a.Change(p.lab)
		if err := leading.Apply(ctx, p.lab); err != nil {
			return say.Err("rebuild the lab to step %s: %s: %v", "把实验网络重建到步骤 %s：%s：%v", id, Typed(leading.Command()), err)
		}
	}
	return p.enter(ctx, step)
}

// Next goes on to the step called id without a rebuild when the lab stands
// where it begins, which is where the current step ended.
func (p *Player) Next(ctx context.Context, id string) error {
	step, ok := p.course.Step(id)
	if !ok {
		return say.Err("no step %q", "没有步骤 %q", id)
	}
	if p.step.ID == "" || p.course.Parent(id) != p.step.ID {
		return p.Goto(ctx, id)
	}
	if done, err := p.Done(ctx); err != nil || !done {
		return p.Goto(ctx, id)
	}
	for _, a := range step.Setup {
		if err := a.Change(p.lab).Apply(ctx, p.lab); err != nil {
			return p.Goto(ctx, id)
		}
	}
	return p.enter(ctx, step)
}

// enter stands at a step and remembers the state before it, as soon as links
// have settled: Undo would otherwise compare with what was on its way.
func (p *Player) enter(ctx context.Context, step Step) (err error) {
	p.step = step
	for deadline := time.Now().Add(settle); ; pause(ctx, 5*time.Millisecond) {
		p.was, err = ReadState(ctx, p.lab)
		if err != nil || ctx.Err() != nil || p.was.settled() || time.Now().After(deadline) {
			return err
		}
	}
}

// Done says whether the current step's action is in the kernel, by whatever
// hand.
func (p *Player) Done(ctx context.Context) (bool, error) {
	return Done(ctx, p.lab, p.step.Action)
}

// Apply applies the current step's action.
func (p *Player) Apply(ctx context.Context) error {
	return p.step.Action.Change(p.lab).Apply(ctx, p.lab)
}

// Undo takes the current step's action back and makes sure that the kernel's
// state is what it was. Where the action alone does not bring that about,
// because something else was changed too, the lab is rebuilt; rebuilt says so.
func (p *Player) Undo(ctx context.Context) (rebuilt bool, err error) {
	if err := forgetNeighbours(p.lab); err != nil {
		return false, err
	}
	if err := p.step.Action.Change(p.lab).Undo(ctx, p.lab, p.was.Before); err == nil && p.restored(ctx) {
		return false, nil
	}
	return true, p.Goto(ctx, p.step.ID)
}

// restored says whether the lab is what it was, as soon as links have settled.
func (p *Player) restored(ctx context.Context) bool {
	deadline := time.Now().Add(settle)
	for {
		now, err := ReadState(ctx, p.lab)
		switch {
		case err == nil && len(DiffState(p.was, now, false)) == 0:
			return true
		case time.Now().After(deadline) || ctx.Err() != nil:
			return false
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// Changed lists what is different from the beginning of the step.
func (p *Player) Changed(ctx context.Context) ([]Change, error) {
	now, err := ReadState(ctx, p.lab)
	if err != nil {
		return nil, err
	}
	return DiffState(p.was, now, true), nil
}
