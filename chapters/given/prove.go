package given

import (
	"context"
	"errors"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/steps/exercise/world"
)

// Proof is one promise of an exercise, and whether it is kept.
type Proof struct {
	Text say.Text
	Kept bool
	Seen []say.Text // what was there instead
}

// Prove plays an exercise in a lab, as those of the course are proven: it is broken as
// stated, while what must stay is there; no wrong idea solves it; its fix does.
func Prove(ctx context.Context, l *lab.Lab, e exercise.Exercise) ([]Proof, error) {
	course := exercise.Course([]exercise.Exercise{e}, 1)
	step, _ := course.Step(e.Name)
	task, _ := exercise.Of(step)
	p := prover{l: l, player: steps.NewPlayer(l, course), step: step, Case: task.Case()}
	if err := p.player.Goto(ctx, step.ID); err != nil {
		if misdeed, ok := errors.AsType[*world.Misdeed](err); ok {
			err = misdeed.Unwrap() // it says which line of whose
		}
		return nil, err
	}
	proofs := p.broken(ctx)
	for i, wrong := range task.Case().Wrong {
		refused, err := p.typed(ctx, wrong.Lines, say.T("wrong idea %d does not solve it", "错误的办法 %d 解决不了它", i+1), false)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, refused)
	}
	mended, err := p.typed(ctx, task.Case().Fix, say.T("the fix solves it", "修复解决了它"), true)
	return append(proofs, mended), err
}

type prover struct {
	exercise.Case
	l      *lab.Lab
	player *steps.Player
	step   steps.Step
}

// broken sees that a goal does not hold, and that all guards do.
func (p prover) broken(ctx context.Context) []Proof {
	broken := Proof{Text: say.T("it is broken", "它是坏的")}
	kept := Proof{Text: say.T("while it is broken, what must stay is there", "坏着的时候，必须保持的都在"), Kept: true}
	for i, c := range p.step.Action.Conditions(ctx, p.l) {
		switch {
		case i < len(p.Goals) && !c.Met && c.Err == nil:
			broken.Kept = true
		case i < len(p.Goals):
			broken.Seen = append(broken.Seen, seen(c))
		case !c.Met:
			kept.Kept, kept.Seen = false, append(kept.Seen, seen(c))
		}
	}
	return []Proof{broken, kept}
}

// seen is what was seen of a condition.
func seen(c steps.Condition) say.Text {
	if c.Err != nil {
		return say.T("%s: %v", "%s：%v", c.Want, c.Err)
	}
	return say.T("%s: %s", "%s：%s", c.Want, c.Seen)
}

// typed types lines into the network as it begins, and sees whether it is solved.
func (p prover) typed(ctx context.Context, lines []change.Change, what say.Text, solves bool) (Proof, error) {
	proof := Proof{Text: what}
	if err := p.player.Goto(ctx, p.step.ID); err != nil {
		return proof, err
	}
	for _, c := range lines {
		if err := c.Apply(ctx, p.l); err != nil {
			proof.Seen = append(proof.Seen, say.Quote(err))
			return proof, ctx.Err()
		}
	}
	met := true
	for _, c := range p.step.Action.Conditions(ctx, p.l) {
		if !c.Met {
			met = false
			if solves {
				proof.Seen = append(proof.Seen, seen(c))
			}
		}
	}
	proof.Kept = met == solves
	return proof, ctx.Err()
}
