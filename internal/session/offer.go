package session

// Move is what one of the learner's keys does with the step.
type Move int

// What there is to do. Nothing is the zero value.
const (
	Nothing      Move = iota
	MoveBegin         // read the step's own text
	MovePass          // pass over the question
	MoveShow          // show the command
	MoveApply         // run it
	MoveNext          // go on to the next step
	MoveCheck         // look whether the exercise is solved
	MoveUnsolved      // go on to an exercise that was never solved
	MoveUndo          // take back what was run
	MoveBack          // go to the step before
	MoveRebuild       // make the lab anew
	MoveAnew          // begin the exercise anew
)

// Offer is what GoOn, GoBack and Anew would do now.
type Offer struct{ GoOn, GoBack, Anew Move }

// Offer implements Stage.
func (l *Lesson) Offer() Offer {
	o := Offer{Anew: MoveRebuild}
	before, after := l.s.Beside()
	switch c := &l.s.Scene; {
	case c.Phase == PhaseAfter:
		o.GoBack = MoveUndo
		if after != "" {
			o.GoOn = MoveNext
		}
		return o
	case c.Phase != PhaseLook:
		return o
	case c.Opening():
		o.GoOn = MoveBegin
	case c.Asks():
		o.GoOn = MovePass
	case c.Hidden():
		o.GoOn = MoveShow
	default:
		o.GoOn = MoveApply
	}
	if before != "" {
		o.GoBack = MoveBack
	}
	return o
}

// Offer implements Stage.
func (d *Drill) Offer() (o Offer) {
	c := &d.s.Scene
	if c.Step.ID == "" {
		return o
	}
	o.GoBack, o.Anew = MoveAnew, MoveAnew
	if d.mayTakeBack() {
		o.GoBack = MoveUndo
	}
	switch _, next := d.Next(); {
	case c.Phase == PhaseLook:
		o.GoOn = MoveCheck
	case c.Phase == PhaseAfter && next:
		o.GoOn = MoveUnsolved
	}
	return o
}
