package session

import (
	"context"
	"net/netip"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/diag/resolve"
	"nstutor/internal/say"
	"nstutor/steps"
)

// whyTimeout is how long an answer may take. It takes some milliseconds, but a
// name server that is asked first may be silent.
const whyTimeout = 5 * time.Second

// whyWatch is how long a connection of the pane's may take to show what only one can: it
// makes one a second.
const whyWatch = 1200 * time.Millisecond

// whyPause is the shortest time from an answer to the next question.
const whyPause = 250 * time.Millisecond

// Why is the answer to the question that the live ping puts, and what keeps it
// up with the lab.
type Why struct {
	Open     bool
	Gen      int    // counts the questions: the answer to an older one is dropped
	asking   bool   // one is under way
	resting  bool   // the last answer is too new for the next question
	lookedAt int    // the version of the world that was asked about
	lookedOn string // what was seen then
	About    Question

	Answer *explain.Answer // nil: there is none yet, or err says why not
	Err    error
	Lines  []report.Line // the answer, in the learner's language
	Stamp  []report.Line // what came of trying its fix, below it
	since  time.Time     // frames from before do not speak for this answer
	seen   string        // what the frames say of each stage
	odd    bool          // that is other than predicted
	Odds   int           // how many results in succession said otherwise
}

// Question is what is asked: what becomes of the ping to an address, or to a
// name, from a namespace, or of what the step tries instead?
type Question struct{ steps.Tried }

// OpenWhy asks why, unless the learner has to think about the price first.
func (s *Session) OpenWhy() Work {
	if !s.Stage.MayAsk() {
		return nil
	}
	s.Why = Why{Open: true, Gen: s.Why.Gen, lookedAt: -1}
	s.stamp.drop()
	s.Scene.explained = true
	s.Cue.Why++
	return s.AskWhy()
}

// CloseWhy forgets the answer: the next one is to be of its own time.
func (s *Session) CloseWhy() {
	s.Why = Why{Gen: s.Why.Gen + 1}
	s.stamp.drop()
	s.Cue.Why++
}

// DropQuestion gives up the question that is under way.
func (s *Session) DropQuestion() {
	s.Why.Gen++
	s.Why.asking = false
	s.stamp.drop()
	s.Why.lookedAt = -1
}

// AskWhy asks anew when the lab is not what it was at the last question. One
// question is under way at a time, and none while the lab is rebuilt.
func (s *Session) AskWhy() Work {
	w, log := &s.Why, &s.Network.Log
	if !w.Open {
		return nil
	}
	if about := (Question{log.Tried}); about != w.About {
		*w = Why{Open: true, Gen: w.Gen + 1, lookedAt: -1, resting: w.resting, About: about}
		s.stamp.drop()
		s.Cue.Why++
	}
	rebuilding := s.Scene.Phase == phaseEnter && s.Working > 0
	if s.desk == nil || rebuilding || w.About.To == "" || w.asking || w.resting || w.lookedAt == s.Network.version {
		return nil
	}
	w.Gen++
	w.asking, w.lookedAt, w.lookedOn = true, s.Network.version, w.seen
	ask, gen, changed, known := w.About, w.Gen, s.Network.changed, log.Last.Dst
	program := s.desk.ctx
	return one(func() (msg any) {
		defer func() {
			if p := recover(); p != nil {
				msg = Answered{Gen: gen, Err: say.Err("panic: %v", "程序出错（panic）：%v", p)}
			}
		}()
		ctx, cancel := context.WithTimeout(program, whyTimeout)
		defer cancel()
		answer, err := ask.answer(ctx, known)
		return Answered{Gen: gen, Answer: answer, Since: changed, Err: err}
	})
}

// answer asks the kernel.
func (q Question) answer(ctx context.Context, known netip.Addr) (explain.Answer, error) {
	world := machine.New()
	defer world.Close()
	req, err := q.request(ctx, world, known)
	if failed, ok := resolve.Unresolved(err); ok {
		return explain.ExplainName(ctx, world, req, failed)
	}
	if err != nil {
		return explain.Answer{}, err
	}
	return q.explained(ctx, world, req)
}

// request is the question as explain is asked it. The address that a name last had
// is known to the ping already; with a name that has none the request has where it
// starts alone.
func (q Question) request(ctx context.Context, world *machine.Machine, known netip.Addr) (explain.Request, error) {
	from, err := world.Open(q.Netns)
	if err != nil {
		return explain.Request{}, err
	}
	to, proto, port, page := q.Flow()
	dest := known
	if !dest.IsValid() {
		if dest, err = resolve.Address(ctx, from.NS, to); err != nil {
			return explain.Request{From: from}, err
		}
	}
	return explain.Request{
		From: from, Dest: dest, Size: q.Size, DF: q.DF, Proto: proto, Port: port, SrcPort: q.SrcPort, URL: page, Watch: whyWatch,
	}, nil
}

func (q Question) explained(ctx context.Context, world *machine.Machine, req explain.Request) (explain.Answer, error) {
	answer, err := explain.Explain(ctx, world, req)
	if q.SrcPort == 0 {
		answer.OfAnyClient()
	}
	return answer, err
}

// takeWhy takes an answer, or that it is time for the next question.
func (s *Session) takeWhy(msg any) Work {
	switch msg := msg.(type) {
	case Answered:
		return s.answered(msg)
	case whyTick:
		s.Why.resting = false
		return s.AskWhy()
	}
	return nil
}

// answered takes an answer. What was seen on the wires so far speaks for it as
// well when it says the same as the one before.
func (s *Session) answered(msg Answered) Work {
	w := &s.Why
	if !w.Open || msg.Gen != w.Gen {
		return nil
	}
	if msg.Err != nil || w.Answer == nil || !samePrediction(*w.Answer, msg.Answer) {
		w.since, w.Odds = msg.Since, 0
		s.stamp.drop()
		s.Cue.Why++
	}
	w.asking, w.resting = false, true
	w.Answer, w.Err, w.Lines, w.Stamp = nil, msg.Err, nil, nil
	if msg.Err == nil {
		w.Answer = &msg.Answer
	}
	try := s.tryFix()
	s.witness()
	return all(after(whyPause, whyTick{}), try)
}

// samePrediction says whether two answers say the same of the same stages.
func samePrediction(a, b explain.Answer) bool {
	if a.Verdict != b.Verdict || a.Cause.Code != b.Cause.Code || a.Cause.Netns != b.Cause.Netns || len(a.Hops) != len(b.Hops) {
		return false
	}
	for i, h := range a.Hops {
		o := b.Hops[i]
		if h.Leg != o.Leg || h.Netns != o.Netns || h.Device != o.Device || h.Stage != o.Stage || h.Predicted != o.Predicted {
			return false
		}
	}
	return true
}
