package ui

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/explain"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
)

// whySlack is how much later than its frames an echo may be reported as sent.
const whySlack = 100 * time.Millisecond

// oddsToTell is how many results in succession must contradict the prediction
// before that is said: one may have been under way when the lab changed.
const oddsToTell = 2

// witness compares the answer with the frames of the newest echoes, and tells
// it anew. That a frame is missing counts once there was time for it to come.
func (m *Model) witness() {
	w := &m.why
	if w.answer == nil {
		return
	}
	from, settled := m.trial()
	for i := range w.answer.Hops {
		w.answer.Hops[i].Observed = explain.Unknown
	}
	w.answer.Witness(m.world.names, m.framesSince(from))
	w.seen, w.odd = "", false
	for i := range w.answer.Hops {
		h := &w.answer.Hops[i]
		if h.Observed == explain.Fail && !settled {
			h.Observed = explain.Unknown
		}
		w.seen += h.Observed + " "
		w.odd = w.odd || h.Observed != explain.Unknown && h.Observed != h.Predicted
	}
	w.lines = w.answer.Report(m.Lang)
}

// trial is the time from which frames count: that of the last echo but one,
// whose frames have all come when the next is sent. It is not settled as long
// as there were not two since the lab changed.
func (m *Model) trial() (from time.Time, settled bool) {
	since := m.why.since
	var sent []time.Time
	for _, e := range m.world.log.echoes {
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
func (m *Model) framesSince(from time.Time) []wire.Frame {
	return slices.DeleteFunc(slices.Clone(m.world.frames), func(f wire.Frame) bool { return f.At.Before(from) })
}

// compareWhy sets the answer against what the ping says. Where they disagree
// something may have changed that nobody reports, such as a rule of iptables:
// it is asked anew, at every result that contradicts, and when the frames that
// do are others than before.
func (m *Model) compareWhy(e probe.Event) tea.Cmd {
	w := &m.why
	if !w.open {
		return nil
	}
	m.witness()
	again := w.err != nil || w.odd && w.seen != w.lookedOn
	if !e.Sent {
		again = m.against(e)
	}
	if !again {
		return nil
	}
	w.lookedAt = -1
	return m.askWhy()
}

// against says whether a result contradicts the prediction, and counts it.
func (m *Model) against(e probe.Event) bool {
	w := &m.why
	if w.answer == nil || w.answer.Verdict == explain.Undecided || e.Result.Outcome == probe.OutcomeUnknown || !m.sentSince(e.Seq) {
		return false
	}
	replied := e.Result.Outcome == probe.Replied
	if replied == (w.answer.Verdict == explain.Delivered) {
		w.odds = 0
		return false
	}
	w.odds++
	return true
}

// sentSince says whether an echo is younger than what the answer is about.
func (m *Model) sentSince(seq int) bool {
	return slices.ContainsFunc(m.world.log.echoes, func(e echo) bool { return e.seq == seq && e.at.After(m.why.since) })
}
