package ui

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// judged is what was found about the conditions of the step's action, once the
// learner has changed something.
type judged struct {
	conditions []steps.Condition
	hints      []say.Text // from the first one that is not met
}

// judge looks how far the learner is. As long as the lab is as the step found
// it there is nothing to say: the lesson does. Unless something is fresh, only
// the conditions themselves are looked at.
func judge(ctx context.Context, p *steps.Player, begin []steps.Condition, last judged, fresh bool) judged {
	if p.Step().ByHand {
		return judged{} // its conditions are looked at when the learner asks
	}
	conditions := steps.Conditions(ctx, p.Lab(), p.Step())
	if told(conditions) == told(last.conditions) && !fresh {
		return last
	}
	if told(conditions) == told(begin) {
		if !fresh {
			return judged{}
		}
		now, err := steps.ReadState(ctx, p.Lab())
		if err != nil || len(steps.DiffState(p.Was(), now, false)) == 0 {
			return judged{}
		}
	}
	return judged{conditions, steps.Hints(ctx, p.Lab(), p.Step())}
}

// conditionsAt are the conditions at the beginning of a step.
func conditionsAt(ctx context.Context, p *steps.Player) []steps.Condition {
	if p.Step().ByHand {
		return nil
	}
	return steps.Conditions(ctx, p.Lab(), p.Step())
}

// told is what conditions say, to compare them.
func told(conditions []steps.Condition) string {
	var b strings.Builder
	for _, c := range conditions {
		fmt.Fprintln(&b, c.Want, c.Seen, c.Met, c.Err)
	}
	return b.String()
}

// told is what of the stage a check may have changed.
func (s *stage) told() string {
	return fmt.Sprint(s.phase, s.banner) + told(s.judged.conditions)
}

// conditionLines are the conditions below the command: whether each is met, and
// what is there instead. Without room it is the first that is not met.
func (m *Model) conditionLines(w, h int) []string {
	s, t := &m.stage, m.Theme
	if s.phase != phaseLook {
		return nil
	}
	var lines, next []string
	for _, c := range s.judged.conditions {
		sign := t.Verdict(c.Met)
		if c.Err != nil {
			sign = t.Warn.Render("?")
		}
		one := screen.WrapBehind(sign+" ", m.Inline(c.Want.In(m.Lang)), w)
		switch {
		case c.Err != nil:
			one = append(one, screen.WrapBehind("  ", t.Warn.Render(m.Say(words.NotChecked, screen.OneLine(c.Err.Error()))), w)...)
		case !c.Met && c.Seen != "":
			one = append(one, screen.WrapBehind("  ", t.Note.Render(m.Say(words.ThereIs, c.Seen)), w)...)
		}
		if lines = append(lines, one...); next == nil && (!c.Met || c.Err != nil) {
			next = one
		}
	}
	if h >= roomyLesson && len(lines) <= h/3 {
		return lines
	}
	return next[:min(len(next), 3)]
}

// hints are those about what the learner has changed, or else the text's, which
// are about the beginning of the step.
func (s *stage) hintTexts(lang string) []string {
	if len(s.judged.hints) == 0 {
		return s.prose.Hints
	}
	var texts []string
	for _, hint := range s.judged.hints {
		texts = append(texts, hint.In(lang))
	}
	return texts
}

// stillDone: somebody looked again at a step that was done. What was taken back
// by hand is to be done again.
func (m *Model) stillDone(msg checkedMsg) tea.Cmd {
	s := &m.stage
	if !msg.after || msg.done || msg.err != nil || s.keeping {
		return m.checkAgain()
	}
	s.phase, s.elsewhere, s.changes, s.untouched = phaseLook, false, nil, nil
	s.report, s.output, s.err = nil, nil, nil
	m.scroll[paneLesson] = screen.Scroll{}
	m.world.log.restart(true)
	m.aimPing(true)
	m.lookedAt = -1
	return tea.Batch(m.altered(), m.checkAgain())
}

// checkAgain looks at the step again after a while.
func (m *Model) checkAgain() tea.Cmd {
	if m.checkTicking {
		return nil
	}
	m.checkTicking = true
	return m.checkLater(checkTurn)
}

// looked: a command of the learner's is over. If the step is to look at
// something, that may have been it.
func (m *Model) looked(r *typedRun) {
	if look, ok := m.stage.step.Action.(steps.Observe); ok && m.hands != nil && m.stage.phase == phaseLook {
		look.Typed(m.hands.lab, r.netns, r.line)
	}
}
