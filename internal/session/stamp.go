package session

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/diag/verify"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// stampTimeout is how long a trial may take: mostly it is less than a second.
const stampTimeout = 20 * time.Second

// Stamped is what came of trying the fix of an answer in a copy of the lab.
type Stamped struct {
	gen      int
	of       explain.Answer
	Verified *verify.Verified
	Err      error
}

// stamp is the trial of the fix of an answer. The answer does not wait for it.
type stamp struct {
	gen  int // counts the trials: what comes of an older one is dropped
	stop context.CancelFunc
	of   *Stamped // nil: there is none yet
}

// under reports whether a trial is under way.
func (t *stamp) under() bool { return t.stop != nil }

// drop gives up the trial that is under way, and forgets what came of the last.
func (t *stamp) drop() {
	if t.stop != nil {
		t.stop()
	}
	t.gen, t.stop, t.of = t.gen+1, nil, nil
}

// tryFix tries the fix of the answer, once.
func (s *Session) tryFix() Work {
	w, t := &s.Why, &s.stamp
	if s.desk == nil || w.Answer == nil || w.Answer.Verdict != explain.Broken || len(w.Answer.Fix) == 0 || t.under() || t.of != nil {
		return nil
	}
	ctx, stop := context.WithTimeout(s.desk.ctx, stampTimeout)
	t.gen++
	t.stop = stop
	ask, gen, of, known := w.About, t.gen, *w.Answer, s.Network.Log.Last.Dst
	return one(func() (msg any) {
		defer stop()
		defer func() {
			if p := recover(); p != nil {
				msg = Stamped{gen: gen, of: of, Err: say.Err("panic: %v", "程序出错（panic）：%v", p)}
			}
		}()
		v, err := ask.tried(ctx, known, of)
		return Stamped{gen: gen, of: of, Verified: v, Err: err}
	})
}

// tried tries the fix of an answer, which is asked for once more: it holds the
// namespaces that are to be copied. Where that says something else by now there is
// nothing to tell.
func (q Question) tried(ctx context.Context, known netip.Addr, of explain.Answer) (*verify.Verified, error) {
	world := machine.New()
	defer world.Close()
	req, err := q.request(ctx, world, known)
	if err != nil {
		return nil, err
	}
	a, err := q.explained(ctx, world, req)
	if err != nil || !samePrediction(a, of) || !slices.EqualFunc(a.Fix, of.Fix, change.Command.Equal) {
		return nil, err
	}
	return verify.Try(ctx, world, req, a)
}

// stamped takes what came of a trial. What the copy did not need is no part of the
// fix any more.
func (s *Session) stamped(msg Stamped) {
	w, t := &s.Why, &s.stamp
	if msg.gen != t.gen {
		return
	}
	t.stop = nil
	if !w.Open || w.Answer == nil || msg.Verified == nil && msg.Err == nil {
		return
	}
	t.of = &msg
	s.witness()
}

// shorten leaves out of the fix that is told what the copy did not need.
func (t *stamp) shorten(a *explain.Answer) {
	if t.of == nil || t.of.Verified == nil || !t.of.Verified.Passed || !slices.EqualFunc(a.Fix, t.of.of.Fix, change.Command.Equal) {
		return
	}
	a.Fix = slices.Concat(t.of.Verified.Fix, t.of.of.Onward)
}

var (
	stampTrying = say.F("trying the fix in a copy of this network", "正在网络的副本里试这个修复")
	stampFailed = say.F("the fix was not tried in a copy: %v", "没有在副本里试过这个修复：%v")
)

// lines are what came of the trial, or that it is under way.
func (t *stamp) lines(lang string) []report.Line {
	switch {
	case t.under():
		return []report.Line{{Kind: report.Blank}, {Kind: report.Trial, Text: stampTrying.In(lang)}}
	case t.of == nil, t.of.Err == nil && t.of.Verified == nil:
		return nil
	case t.of.Err != nil:
		return []report.Line{{Kind: report.Blank}, {Kind: report.Trial, Predicted: hop.Unknown, Text: say.Clean(stampFailed.In(lang, t.of.Err))}}
	}
	return t.of.Verified.Lines(lang)
}
