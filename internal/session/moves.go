package session

import (
	"context"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/session/feed"
	"nstutor/steps"
)

// How long a job may take. A rebuild makes a whole lab; a promise may wait for
// several pings that nobody answers.
const (
	enterTimeout = 60 * time.Second
	applyTimeout = 30 * time.Second
	checkTimeout = 10 * time.Second
	keepTimeout  = 90 * time.Second

	observeTimeout = 5 * time.Second
)

// Enter rebuilds the lab to the beginning of the step called id.
func (s *Session) Enter(id string) Work {
	return s.goTo(JobEnter, func(ctx context.Context, p *steps.Player) (bool, error) { return false, p.Goto(ctx, id) })
}

// goNext goes on to the step called id, with a rebuild only where it takes one.
func (s *Session) goNext(id string) Work {
	return s.goTo(JobEnter, func(ctx context.Context, p *steps.Player) (bool, error) { return false, p.Next(ctx, id) })
}

// undo takes the step's action back.
func (s *Session) undo() Work {
	return s.goTo(JobUndo, func(ctx context.Context, p *steps.Player) (bool, error) { return p.Undo(ctx) })
}

// goTo leaves the current step: whatever is still under way for it is stale.
func (s *Session) goTo(j Job, move func(context.Context, *steps.Player) (rebuilt bool, err error)) Work {
	if s.desk == nil {
		return nil
	}
	s.Stage.moves()
	s.Scene.Gen++
	s.Scene.Phase = phaseEnter
	s.Scene.Keeping = false
	gen := s.busy(j)
	s.aimPing(false)
	s.DropQuestion()
	failed := func(err error) any { return Entered{Gen: gen, err: err} }
	return s.desk.ask(enterTimeout, func(ctx context.Context, p *steps.Player) any {
		was, _ := p.Lab().NS(lab.Host)
		rebuilt, err := move(ctx, p)
		if err != nil {
			return failed(err)
		}
		now, _ := p.Lab().NS(lab.Host)
		step := p.Step()
		return Entered{Gen: gen, Step: step, Was: p.Was(), Command: step.Action.Change(p.Lab()).Command(), rebuilt: rebuilt, anew: was != now, begin: conditionsAt(ctx, p)}
	}, failed)
}

// entered: the lab stands at the beginning of a step.
func (s *Session) entered(msg Entered) Work {
	if msg.err != nil {
		s.Scene.Err = msg.err
		return nil
	}
	again := msg.Step.ID == s.Scene.Step.ID
	s.begin(msg)
	if msg.anew {
		s.Network.forget() // or the devices of before would be nobody's
	}
	if again {
		s.Network.Log.Restart(true)
	} else {
		if msg.anew {
			s.Typing.Tape.Clear() // it is about another network
		}
		watch := msg.Step.Watched()
		s.Network.Log = PingLog{Tried: watch.Tried()}
		s.Network.Watch = watch.Netns
		s.Network.Tally, s.Network.told = feed.Tally{}, watch.Told()
		s.watchTables()
	}
	s.aimPing(true)
	return s.Stage.Entered()
}

// begin makes the scene that of a step whose beginning the lab stands at.
func (s *Session) begin(msg Entered) {
	known := s.Memory[msg.Step.ID]
	opened := s.Scene.Opened && s.Scene.Step.ID == msg.Step.ID
	s.Scene = Scene{
		Gen: s.Scene.Gen, Step: msg.Step, Command: msg.Command, Was: msg.Was,
		Phase: PhaseLook, Rebuilt: msg.rebuilt, begin: msg.begin,
		Hints: 0, Choice: known.choice, Guessed: known.guessed, since: s.Now(), Opened: opened,
	}
	s.raise()
	s.translate()
	s.Cue.Page++
}

// Rebuild brings the lab to the beginning of the step again; if it never stood
// at one, to the first.
func (s *Session) Rebuild() Work {
	if s.Scene.Step.ID == "" {
		return s.Enter(s.FirstStep())
	}
	return s.Enter(s.Scene.Step.ID)
}

// Predict takes an answer to the question. The first one is remembered.
func (s *Session) Predict(choice int) {
	c := &s.Scene
	if choice < 0 || choice >= len(c.Prose.Predict.Choices) {
		return
	}
	id, right := c.Step.ID, choice == c.Prose.Predict.Right
	c.Choice, c.Guessed = choice, true
	s.remember(func(r *Known) {
		if !r.guessed {
			r.choice, r.guessed = choice, true
		}
	})
	if len(c.Broken) > 0 {
		return // it is about another network than the question
	}
	s.note(func(p Progress) { p.Predict(id, choice, right) })
}

// WatchNext shows the tables of the namespace by places further on.
func (s *Session) WatchNext(by int) {
	names := s.Network.Names
	at := 0
	for i, name := range names {
		if name == s.Network.Watch {
			at = i
		}
	}
	s.Network.Watch = names[(at+by+len(names))%len(names)]
	s.watchTables()
}
