package ui

import (
	"context"
	"maps"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"nstutor/steps"
	"nstutor/ui/words"
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

// busy notes that the learner waits for a job of the current generation.
func (m *Model) busy(w words.Word) int {
	m.working++
	m.workWord = w
	return m.stage.gen
}

// enter rebuilds the lab to the beginning of the step called id.
func (m *Model) enter(id string) tea.Cmd {
	return m.goTo(words.WorkEnter, func(ctx context.Context, p *steps.Player) (bool, error) { return false, p.Goto(ctx, id) })
}

// next goes on to the step called id, with a rebuild only where it takes one.
func (m *Model) next(id string) tea.Cmd {
	return m.goTo(words.WorkEnter, func(ctx context.Context, p *steps.Player) (bool, error) { return false, p.Next(ctx, id) })
}

// undo takes the step's action back.
func (m *Model) undo() tea.Cmd {
	return m.goTo(words.WorkUndo, func(ctx context.Context, p *steps.Player) (bool, error) { return p.Undo(ctx) })
}

// goTo leaves the current step: whatever is still under way for it is stale.
func (m *Model) goTo(w words.Word, move func(context.Context, *steps.Player) (rebuilt bool, err error)) tea.Cmd {
	if m.desk == nil {
		return nil
	}
	m.stage.gen++
	m.stage.phase = phaseEnter
	m.stage.keeping = false
	gen := m.busy(w)
	m.aimPing(false)
	m.dropQuestion()
	failed := func(err error) tea.Msg { return enteredMsg{gen: gen, err: err} }
	return m.desk.ask(enterTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		rebuilt, err := move(ctx, p)
		if err != nil {
			return failed(err)
		}
		step := p.Step()
		return enteredMsg{gen: gen, step: step, was: p.Was(), command: step.Action.Command(p.Lab()), rebuilt: rebuilt, begin: conditionsAt(ctx, p)}
	}, failed)
}

// apply makes the step's change.
func (m *Model) apply() tea.Cmd {
	m.stage.phase = phaseApply
	m.stage.untouched = maps.Clone(m.world.snaps)
	m.stage.err = nil
	gen := m.busy(words.WorkApply)
	m.world.log.restart(true)
	m.aimPing(false) // its echoes would be among those that the promise looks at
	failed := func(err error) tea.Msg { return appliedMsg{gen: gen, err: err} }
	return m.desk.ask(applyTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		if err := p.Apply(ctx); err != nil {
			return failed(err)
		}
		changes, err := p.Changed(ctx)
		return appliedMsg{gen: gen, changes: unwatched(changes), err: err}
	}, failed)
}

// unwatched are the changes that no watcher of a namespace reports.
func unwatched(changes []steps.Change) []steps.Change {
	var rest []steps.Change
	for _, c := range changes {
		switch c.Table {
		case "link", "addr", "route", "neigh", "sysctl", "netns":
		default:
			rest = append(rest, c)
		}
	}
	return rest
}

// keep tries the promise of what is seen after the step.
func (m *Model) keep() tea.Cmd {
	m.stage.keeping = true
	gen, after := m.stage.gen, m.stage.step.After
	failed := func(err error) tea.Msg { return keptMsg{gen: gen, err: err} }
	return m.desk.meanwhile(keepTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		report, err := after.Keep(ctx, p.Lab())
		if err == nil && !report.OK() {
			// The running ping may have left the kernel in the middle of asking for
			// a neighbour, and then ours shared the fate of what it had asked before.
			rest(ctx, p.Lab().NeighbourTimeout())
			report, err = after.Keep(ctx, p.Lab())
		}
		return keptMsg{gen: gen, report: report, output: observe(ctx, p), err: err}
	}, failed)
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// observe runs the command of a step that only looks, and returns its output:
// the step's point is to see it, as it is once the promise has been tried. Where
// the program is not installed, the promise has looked all the same.
func observe(ctx context.Context, p *steps.Player) []string {
	look, ok := p.Step().Action.(steps.Observe)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	command := look.Command(p.Lab())
	process, err := p.Lab().Command(ctx, command.Netns, command.Argv...)
	if err != nil {
		return nil
	}
	output, _ := process.CombinedOutput()
	text := strings.TrimRight(ansi.Strip(string(output)), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")
}

// check looks whether somebody else did the step, or spoilt what it begins
// with. One check runs at a time.
func (m *Model) check() tea.Cmd {
	if m.drill != nil {
		return nil // see watchDrill
	}
	after := m.stage.phase == phaseAfter && !m.stage.keeping
	if m.desk == nil || m.stage.phase != phaseLook && !after || m.checking {
		return nil // the next look comes with the next tick at the latest
	}
	m.checking = true
	gen, before, begin, last := m.stage.gen, m.stage.step.Before, m.stage.begin, m.stage.judged
	fresh := m.world.version != m.lookedAt // else nothing that it could be about has changed
	m.lookedAt = m.world.version
	failed := func(err error) tea.Msg { return checkedMsg{gen: gen, after: after, err: err} }
	return m.desk.meanwhile(checkTimeout, func(ctx context.Context, p *steps.Player) tea.Msg {
		done, err := p.Done(ctx)
		switch {
		case err != nil:
			return failed(err)
		case after:
			return checkedMsg{gen: gen, after: true, done: done}
		case done:
			changes, err := p.Changed(ctx)
			return checkedMsg{gen: gen, done: true, changes: unwatched(changes), err: err}
		}
		if !fresh {
			return checkedMsg{gen: gen, judged: judge(ctx, p, begin, last, false)}
		}
		return checkedMsg{gen: gen, looked: true, broken: broken(ctx, p, before), judged: judge(ctx, p, begin, last, true)}
	}, failed)
}

// broken lists what the step begins with and does not hold. Neighbours do not
// count, since the ping that makes them may not have begun; nor does anything
// as long as the lab is configured as it was.
func broken(ctx context.Context, p *steps.Player, before steps.Promise) []string {
	static := steps.Promise{}
	for _, claim := range before.Claims {
		if _, learned := claim.(steps.NeighIs); !learned {
			static.Claims = append(static.Claims, claim)
		}
	}
	for name := range p.Was().Netns {
		static.Claims = append(static.Claims, steps.NetnsIs{Name: name})
	}
	report := static.Holds(ctx, p.Lab())
	if report.OK() {
		return nil
	}
	now, err := steps.ReadState(ctx, p.Lab())
	if err == nil && len(steps.DiffState(p.Was(), now, false)) == 0 {
		return nil
	}
	var lines []string
	for _, seen := range report.Lines {
		if !seen.OK {
			lines = append(lines, seen.Promised)
		}
	}
	return lines
}

// checkLater looks again after a while.
func (m *Model) checkLater(after time.Duration) tea.Cmd {
	gen := m.stage.gen
	return tea.Tick(after, func(time.Time) tea.Msg { return checkTickMsg{gen} })
}
