package ui

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/explain"
	"nstutor/diag/probe"
	"nstutor/ui/screen"
)

// whyTimeout is how long an answer may take. It takes some milliseconds, but a
// name server that is asked first may be silent.
const whyTimeout = 5 * time.Second

// whyPause is the shortest time from an answer to the next question.
const whyPause = 250 * time.Millisecond

// why is the answer to the question that the live ping puts, and what keeps it
// up with the lab.
type why struct {
	open     bool
	gen      int    // counts the questions: the answer to an older one is dropped
	asking   bool   // one is under way
	resting  bool   // the last answer is too new for the next question
	lookedAt int    // the version of the world that was asked about
	lookedOn string // what was seen then
	about    question

	answer *explain.Answer // nil: there is none yet, or err says why not
	err    error
	lines  []explain.ReportLine // the answer, in the learner's language
	since  time.Time            // frames from before do not speak for this answer
	seen   string               // what the frames say of each stage
	odd    bool                 // that is other than predicted
	odds   int                  // how many results in succession said otherwise

	scroll screen.Scroll
}

// question is what is asked: what becomes of the ping to an address, or to a
// name, from a namespace?
type question struct {
	netns, to string
	size      int
	df        bool
}

// partner is the pane that goes with what stands in the lesson's place.
func (m *Model) partner() pane {
	if m.why.open {
		return paneTopology
	}
	return paneLive
}

// toggleWhy shows the answer in the lesson's place, or the lesson again.
func (m *Model) toggleWhy() tea.Cmd {
	if m.why.open {
		m.closeWhy()
		return nil
	}
	m.why = why{open: true, gen: m.why.gen, lookedAt: -1}
	m.focus = paneLesson
	return m.askWhy()
}

// closeWhy forgets the answer: the next one is to be of its own time.
func (m *Model) closeWhy() { m.why = why{gen: m.why.gen + 1} }

// dropQuestion gives up the question that is under way.
func (m *Model) dropQuestion() {
	m.why.gen++
	m.why.asking = false
	m.why.lookedAt = -1
}

// askWhy asks anew when the lab is not what it was at the last question. One
// question is under way at a time, and none while the lab is rebuilt.
func (m *Model) askWhy() tea.Cmd {
	w, log := &m.why, &m.world.log
	if !w.open {
		return nil
	}
	if about := (question{log.netns, log.to, log.size, log.df}); about != w.about {
		*w = why{open: true, gen: w.gen + 1, lookedAt: -1, resting: w.resting, about: about}
	}
	rebuilding := m.stage.phase == phaseEnter && m.working > 0
	if m.desk == nil || rebuilding || w.about.to == "" || w.asking || w.resting || w.lookedAt == m.world.version {
		return nil
	}
	w.gen++
	w.asking, w.lookedAt, w.lookedOn = true, m.world.version, w.seen
	ask, gen, changed, known := w.about, w.gen, m.world.changed, log.last.Dst
	program := m.desk.ctx
	return func() (msg tea.Msg) {
		defer func() {
			if p := recover(); p != nil {
				msg = whyMsg{gen: gen, err: fmt.Errorf("panic: %v", p)}
			}
		}()
		ctx, cancel := context.WithTimeout(program, whyTimeout)
		defer cancel()
		answer, err := ask.answer(ctx, known)
		return whyMsg{gen: gen, answer: answer, since: changed, err: err}
	}
}

// answer asks the kernel. The address that a name last had is known to the
// ping already.
func (q question) answer(ctx context.Context, known netip.Addr) (explain.Answer, error) {
	world := explain.NewWorld()
	defer world.Close()
	from, err := world.Open(q.netns)
	if err != nil {
		return explain.Answer{}, err
	}
	dest := known
	if !dest.IsValid() {
		if dest, err = probe.Resolve(ctx, from.NS, q.to); err != nil {
			return explain.Answer{}, err
		}
	}
	if !dest.Is4() {
		return explain.Answer{}, fmt.Errorf("%s: only IPv4 is explained", dest)
	}
	return explain.Explain(ctx, world, explain.Request{From: from, Dest: dest, Size: q.size, DF: q.df})
}

// takeWhy takes an answer, or that it is time for the next question.
func (m *Model) takeWhy(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case whyMsg:
		return m.answered(msg)
	case whyTickMsg:
		m.why.resting = false
		return m.askWhy()
	}
	return nil
}

// answered takes an answer. What was seen on the wires so far speaks for it as
// well when it says the same as the one before.
func (m *Model) answered(msg whyMsg) tea.Cmd {
	w := &m.why
	if !w.open || msg.gen != w.gen {
		return nil
	}
	if msg.err != nil || w.answer == nil || !samePrediction(*w.answer, msg.answer) {
		w.since, w.odds = msg.since, 0
	}
	w.asking, w.resting = false, true
	w.answer, w.err, w.lines = nil, msg.err, nil
	if msg.err == nil {
		w.answer = &msg.answer
	}
	m.witness()
	return tea.Tick(whyPause, func(time.Time) tea.Msg { return whyTickMsg{} })
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
