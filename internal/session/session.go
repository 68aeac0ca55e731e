package session

import (
	"context"
	"sync"
	"time"

	"nstutor/diag/table"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/internal/session/console"
	"nstutor/internal/session/feed"
	"nstutor/internal/session/rescue"
	"nstutor/steps"
)

// Job is what the learner waits for.
type Job int

const (
	JobEnter Job = iota // the lab is built
	JobApply            // the step's action is made
	JobUndo             // it is taken back
)

// Session is the course as it is played: what is known of the lab, where the
// learner is in it, and what is under way. It never waits and never reads the
// kernel itself: that is the work it asks for.
//
// Only one goroutine may use it at a time. Before Connect there is nothing to
// play with, but it can be looked at.
type Session struct {
	Course steps.Course
	kinds  map[bool]steps.Course // its lessons (false), and what is done by hand
	Now    func() time.Time
	Hands  *console.Hands // nil: nothing can be typed
	desk   *desk
	feed   *feed.Feed
	ledger *ledger

	following sync.WaitGroup // the feed

	tongue   string // the learner's language
	start    string // where to begin
	lesson   string // the last that the learner was in
	Memory   map[string]Known
	Scene    Scene
	Stage    Stage
	drills   map[string]*Drill       // all tries since the program began
	owed     map[string]progress.Way // steps that were made, and not seen to keep their promise
	Network  Network
	Why      Why
	stamp    stamp // of the answer to why
	Typing   Typing
	Commands int // how many commands the learner has typed

	Warning say.Text // of the memory
	Working int      // how many jobs of the player keep the learner waiting
	Job     Job      // the last of them
	Cue     Cue
}

// Cue counts what moves the text of the lesson, for whoever shows it.
type Cue struct {
	Page    int // another text: it begins at its top
	Hint    int // one hint more, at its end
	Verdict int // the conditions are to be seen
	Why     int // another answer to why, from its top
}

// New makes a session that has not begun. A start that is no step stands
// for the first one.
func New(course steps.Course, lang, start string) *Session {
	s := &Session{
		Course:  course,
		kinds:   map[bool]steps.Course{false: course.Kind(false), true: course.Kind(true)},
		Now:     time.Now,
		tongue:  lang,
		start:   start,
		Memory:  map[string]Known{},
		owed:    map[string]progress.Way{},
		Network: Network{Snaps: map[string]*table.Snapshot{}},
	}
	s.Stage = &Lesson{s: s}
	return s
}

// Connect gives the session a lab to play in, and a memory, until ctx ends. What
// happens there, and what the memory has to say, is sent as messages for Take.
func (s *Session) Connect(ctx context.Context, player *steps.Player, memory Progress, send func(any)) {
	s.Network.NeighTimeout = player.Lab().NeighbourTimeout()
	s.desk = newDesk(ctx, player)
	s.Hands = console.NewHands(ctx, player.Lab())
	s.ledger = newLedger(memory, send)
	s.feed = feed.New(player.Lab(), neighbourSettings(s.Course), send)
	s.following.Go(func() { rescue.Guard(send, func() { s.feed.Run(ctx) }) })
}

// Save returns when what was learned is written. Nothing more is.
func (s *Session) Save() {
	s.Stage.leave()
	s.ledger.close()
}

// Rest returns when nothing of the session runs any more. The context has to be
// over.
func (s *Session) Rest() {
	s.following.Wait()
	s.desk.rest()
	s.Hands.Rest()
}

// Open reads the memory and brings the lab to the first step.
func (s *Session) Open() Work { return all(s.recall(), s.Enter(s.FirstStep())) }

// FirstStep is where to begin: where the learner left off, if that is still a
// step.
func (s *Session) FirstStep() string {
	if _, ok := s.Course.Step(s.start); ok {
		return s.start
	}
	for step := range s.Course.Steps() {
		return step.ID
	}
	return ""
}

// Speak goes on in another language.
func (s *Session) Speak(lang string) {
	s.tongue = lang
	s.translate()
	s.witness() // tells the answer anew
	s.note(func(p Progress) { p.SetLang(lang) })
}

// Take takes a message: of work that was done, of the feed, of the ledger.
func (s *Session) Take(msg any) Work {
	switch msg := msg.(type) {
	case Memory:
		s.takeMemory(msg)
	case Warning:
		s.Warning = msg.Text
	case Stamped:
		s.stamped(msg)
	case Answered, whyTick:
		return s.takeWhy(msg)
	case console.Output:
		return s.takeTyped(msg)
	case ShellEnded:
		return s.takeShell(msg)
	case Entered:
		s.Working--
		if msg.Gen == s.Scene.Gen {
			return s.entered(msg)
		}
	case Applied:
		s.Working--
		return s.Stage.Take(msg)
	case drillKnown:
		s.takeKnown(msg)
	case feed.Names, feed.Snapshot, feed.Ping, feed.Frames, feed.Tally, feed.Trouble:
		return s.takeWorld(msg)
	default:
		return s.Stage.Take(msg)
	}
	return nil
}

// takeWorld takes what the feed reports.
func (s *Session) takeWorld(msg any) Work {
	w := &s.Network
	switch msg := msg.(type) {
	case feed.Names:
		w.rename(msg)
		w.Trouble = nil
		return s.altered()
	case feed.Snapshot:
		w.Snaps[msg.Name] = msg.Snapshot
		w.Trouble = nil
		return s.altered()
	case feed.Ping:
		if msg.Aim == w.Aim {
			w.Log.Take(msg.Event, s.Now())
			return s.compareWhy(msg.Event)
		}
	case feed.Frames:
		w.hear(msg)
		s.witness()
	case feed.Tally:
		if msg.Aim == w.Aim {
			w.Tally = msg
		}
	case feed.Trouble:
		w.Trouble = msg.Err
	}
	return nil
}

// altered takes it that the lab is not what it was.
func (s *Session) altered() Work {
	s.Network.touch(s.Now())
	return all(s.Stage.Look(), s.AskWhy())
}

// Idle says whether a message is only about asking again: there is nothing new
// to draw, unless it altered what told says.
func Idle(msg any) bool {
	switch msg := msg.(type) {
	case checkTick, whyTick, nil:
		return true
	case Checked:
		return !msg.Done || msg.after
	}
	return false
}

// busy notes that the learner waits for a job of the current generation.
func (s *Session) busy(j Job) int {
	s.Working++
	s.Job = j
	return s.Scene.Gen
}
