package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/probe"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

const (
	// drillTurn is how often the clock of an exercise is looked at.
	drillTurn = 500 * time.Millisecond
	// drillLook is how often the lab is looked at.
	drillLook = time.Second
	// drillQuiet is how long the lab has to stay as it is before it is checked
	// without being asked: whoever repairs it may not have finished.
	drillQuiet = 2 * time.Second
	// drillTimeout is how long a check may take, which is a little more than a
	// ping's time.
	drillTimeout = 30 * time.Second
)

type (
	// drillCheckedMsg: all conditions of the exercise were tried.
	drillCheckedMsg struct {
		gen        int
		state      steps.State // when that began
		conditions []steps.Condition
		err        error
	}
	// drillSeenMsg: somebody looked how the lab is.
	drillSeenMsg struct {
		gen   int
		state steps.State
		err   error
	}
	// drillHintMsg: the kernel was asked for hints about the fault that there is.
	drillHintMsg struct {
		gen   int
		fault string
		hints []say.Text
		err   error
	}
	// drillTickMsg: the clock goes on.
	drillTickMsg struct{}
)

func (m *Model) takeDrill(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case drillKnownMsg:
		m.takeKnown(msg)
	case drillCheckedMsg:
		if msg.gen == m.stage.gen && m.drill != nil {
			return m.drillChecked(msg)
		}
	case drillSeenMsg:
		if msg.gen == m.stage.gen && m.drill != nil {
			return m.drillSeen(msg)
		}
	case drillHintMsg:
		if msg.gen == m.stage.gen && m.drill != nil {
			m.takeHint(msg)
		}
	case drillTickMsg:
		if m.drill != nil {
			m.drill.ticking = false
			return m.watchDrill()
		}
	}
	return nil
}

// tickDrill keeps the clock of the exercise going, from the moment when the
// symptom can be read.
func (m *Model) tickDrill() tea.Cmd {
	d := m.drill
	if d == nil || d.solved || m.stage.step.ID == "" {
		return nil
	}
	if d.since.IsZero() && m.stage.phase == phaseLook && m.overlay == overlayNone {
		d.since = m.now()
	}
	if d.ticking || m.desk == nil {
		return nil
	}
	d.ticking = true
	return tea.Tick(drillTurn, func(time.Time) tea.Msg { return drillTickMsg{} })
}

// watchDrill looks at the lab, once in drillLook: what was changed is checked
// without being asked, once it is left alone.
func (m *Model) watchDrill() tea.Cmd {
	d := m.drill
	if m.desk == nil || m.stage.phase != phaseLook || m.working > 0 || d.checking || d.looking || m.now().Sub(d.looked) < drillLook {
		return nil
	}
	d.looking, d.looked = true, m.now()
	gen := m.stage.gen
	failed := func(err error) tea.Msg { return drillSeenMsg{gen: gen, err: err} }
	return m.desk.meanwhile(checkTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		now, err := steps.ReadState(ctx, p.Lab())
		return drillSeenMsg{gen: gen, state: now, err: err}
	}, failed)
}

// drillSeen takes how the lab is now. It is checked when that is not how it was
// at the last check, and was so the last times too; or when the ping is answered
// that was not.
func (m *Model) drillSeen(msg drillSeenMsg) tea.Cmd {
	d := m.drill
	d.looking = false
	if msg.err != nil || m.stage.phase != phaseLook || d.checking {
		return nil
	}
	if len(steps.DiffState(d.seen, msg.state, false)) > 0 {
		d.seen, d.same = msg.state, 0
	} else {
		d.same++
	}
	outcome, settled := m.world.log.outcome()
	answered := settled && outcome == probe.Replied
	other := len(steps.DiffState(d.checked, msg.state, false)) > 0 || answered && !d.answered
	if !other || d.same < int(drillQuiet/drillLook) {
		return nil
	}
	return m.tryDrill(false)
}

// checkNow is the enter key.
func (m *Model) checkNow() tea.Cmd {
	d := m.drill
	m.stage.err = nil
	if d.checking {
		d.again = !d.counts // the one that is under way may have looked too early
		return nil
	}
	return m.tryDrill(true)
}

// tryDrill tries all conditions of the exercise. One check runs at a time.
func (m *Model) tryDrill(counts bool) tea.Cmd {
	d := m.drill
	if m.desk == nil {
		return nil
	}
	d.checking, d.counts = true, counts
	gen := m.stage.gen
	failed := func(err error) tea.Msg { return drillCheckedMsg{gen: gen, err: err} }
	return m.desk.meanwhile(drillTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		state, err := steps.ReadState(ctx, p.Lab())
		if err != nil {
			return failed(err)
		}
		conditions := steps.Conditions(ctx, p.Lab(), p.Step())
		if ctx.Err() != nil {
			return failed(ctx.Err())
		}
		return drillCheckedMsg{gen: gen, state: state, conditions: conditions}
	}, failed)
}

// drillChecked takes what came of a check. It is a try only where it says for
// certain that something is not as it should be.
func (m *Model) drillChecked(msg drillCheckedMsg) tea.Cmd {
	d := m.drill
	counts, again := d.counts, d.again
	d.checking, d.counts, d.again = false, false, false
	if m.stage.phase != phaseLook {
		return nil
	}
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			m.stage.err = msg.err
		}
		return nil
	}
	d.conditions, d.checked = msg.conditions, msg.state
	outcome, settled := m.world.log.outcome()
	d.answered = settled && outcome == probe.Replied
	if !slices.ContainsFunc(msg.conditions, func(c steps.Condition) bool { return !c.Met || c.Err != nil }) {
		m.solveDrill()
		return nil
	}
	if again {
		return m.tryDrill(true)
	}
	d.reveal = counts || brokenGuard(d.task, msg.conditions)
	if counts {
		if slices.ContainsFunc(msg.conditions, unmet) {
			d.tries++
			m.saveDrill()
		}
	}
	return nil
}

func unmet(c steps.Condition) bool { return !c.Met && c.Err == nil }

// drillBusy says whether the learner sees that something is looked at.
func (m *Model) drillBusy() bool { return m.drill != nil && (m.drill.checking || m.drill.hinting) }

// brokenGuard reports whether something that is to stay as it was does not: the
// learner has to see that, whoever checked.
func brokenGuard(task *exercise.Task, conditions []steps.Condition) bool {
	goals := min(len(task.Case.Goals), len(conditions))
	return slices.ContainsFunc(conditions[goals:], unmet)
}
