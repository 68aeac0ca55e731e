package session

import (
	"slices"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
)

// whySlack is how much later than its frames an echo may be reported as sent.
const whySlack = 100 * time.Millisecond

// OddsToTell is how many results in succession must contradict the prediction
// before that is said: one may have been under way when the lab changed.
const OddsToTell = 2

// witness compares the answer with the frames of the newest echoes, and tells
// it anew. That a frame is missing counts once there was time for it to come.
func (s *Session) witness() {
	w := &s.Why
	if w.Answer == nil {
		return
	}
	from, settled := s.trial()
	for i := range w.Answer.Hops {
		w.Answer.Hops[i].Observed = hop.Unknown
	}
	w.Answer.Witness(s.Network.Names, s.framesSince(from))
	missed := settled && len(w.Answer.Backends) == 0 // by lot, the newest may have gone another way
	w.seen, w.odd = "", false
	for i := range w.Answer.Hops {
		h := &w.Answer.Hops[i]
		if h.Observed == hop.Fail && !missed {
			h.Observed = hop.Unknown
		}
		w.seen += string(h.Observed) + " "
		w.odd = w.odd || h.Observed != hop.Unknown && h.Observed != h.Predicted
	}
	told := *w.Answer
	s.stamp.shorten(&told)
	w.Lines, w.Stamp = report.Of(told, s.tongue), s.stamp.lines(s.tongue)
}

// trial is the time from which frames count: that of the last echo but one,
// whose frames have all come when the next is sent. It is not settled as long
// as there were not two since the lab changed.
func (s *Session) trial() (from time.Time, settled bool) {
	since := s.Why.since
	var sent []time.Time
	for _, e := range s.Network.Log.Echoes {
		if e.at.After(since) {
			sent = append(sent, e.at)
		}
	}
	if len(sent) < 2 {
		return since, false
	}
	from = sent[len(sent)-2].Add(-whySlack)
	if from.Before(since) {
		from = since
	}
	return from, true
}

// framesSince are the frames that passed at a time or later.
func (s *Session) framesSince(from time.Time) []wire.Frame {
	return slices.DeleteFunc(slices.Clone(s.Network.Frames), func(f wire.Frame) bool { return f.At.Before(from) })
}

// compareWhy sets the answer against what the ping says. Where they disagree
// something may have changed that nobody reports, such as a rule of iptables:
// it is asked anew, at every result that contradicts, and when the frames that
// do are others than before.
func (s *Session) compareWhy(e probe.Event) Work {
	w := &s.Why
	if !w.Open {
		return nil
	}
	s.witness()
	again := w.Err != nil || w.odd && w.seen != w.lookedOn
	if !e.Sent {
		again = s.against(e)
	}
	if !again {
		return nil
	}
	w.lookedAt = -1
	return s.AskWhy()
}

// against says whether a result contradicts the prediction, and counts it.
func (s *Session) against(e probe.Event) bool {
	w := &s.Why
	if w.Answer == nil || w.Answer.Verdict == explain.Undecided || e.Result.Outcome == probe.OutcomeUnknown || !s.sentSince(e.Seq) {
		return false
	}
	replied := e.Result.Outcome == probe.Replied
	if replied == (w.Answer.Verdict == explain.Delivered) {
		w.Odds = 0
		return false
	}
	w.Odds++
	return true
}

// sentSince says whether an echo is younger than what the answer is about.
func (s *Session) sentSince(seq int) bool {
	return slices.ContainsFunc(s.Network.Log.Echoes, func(e Echo) bool { return e.seq == seq && e.at.After(s.Why.since) })
}
