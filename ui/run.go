package ui

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/steps"
)

// Options are the ways in which the course can be shown.
type Options struct {
	Lang  string // "en" or "zh"
	ASCII bool   // draw with ASCII characters only
	Start string // the step to begin with; empty or unknown: the first one
	List  bool   // show the list of steps first
	Open  bool   // the lab's root is the machine's: say so until a key is pressed
}

// Run shows the course on the terminal until the learner quits or ctx ends,
// neither of which is an error. The terminal is then as it was, also after a
// panic, which is returned as an error.
func Run(ctx context.Context, player *steps.Player, course steps.Course, progress Progress, opts Options) error {
	return run(ctx, player, course, progress, opts, os.Stdin, os.Stdout)
}

// run is Run on any terminal.
func run(ctx context.Context, player *steps.Player, course steps.Course, progress Progress, opts Options, in, out *os.File) error {
	m := newModel(course, opts)
	m.world.neighTimeout = player.Lab().NeighbourTimeout()
	canvas := newPainter(out)
	shell := &handover{painter: canvas, in: in, out: out}
	follow := func(model tea.Model, msg tea.Msg) tea.Msg {
		if _, quits := msg.(tea.QuitMsg); quits {
			shell.takeBack()
		}
		return canvas.follow(model, msg)
	}
	program := tea.NewProgram(painted{m, canvas}, tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithFPS(1), tea.WithFilter(follow), tea.WithoutSignalHandler())
	shell.program = program
	defer context.AfterFunc(ctx, func() {
		canvas.leave()
		end(program)
	})()

	working, cancel := context.WithCancel(context.Background())
	m.desk = newDesk(working, player)
	m.hands = newHands(working, player.Lab())
	m.hands.terminal = shell
	m.ledger = newLedger(progress, program.Send)
	m.feed = newFeed(player.Lab(), program.Send)
	var following sync.WaitGroup
	following.Go(func() { guard(program.Send, func() { m.feed.run(working) }) })
	following.Go(func() { guard(program.Send, func() { canvas.run(working) }) })

	_, err := program.Run()
	cancel()
	m.leaveDrill()
	hung := func() { os.Exit(hungStatus) }
	within(saveTimeout, m.ledger.close, hung)
	within(restTimeout, func() {
		following.Wait()
		m.desk.rest()
		m.hands.rest()
	}, hung)
	switch {
	case m.exit != nil:
		return m.exit
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

// When the learner leaves, what was learned is written first: saveTimeout is how
// long a disk has that another program keeps busy. Then the lab comes to rest. One
// that hangs is not waited for longer than restTimeout, since it dies with the
// program. The exit status is then hungStatus.
const (
	saveTimeout = 5 * time.Second
	restTimeout = 3 * time.Second
	hungStatus  = 2
)

// within does an act, and calls hung when that has not ended in time.
func within(timeout time.Duration, act, hung func()) {
	defer time.AfterFunc(timeout, hung).Stop()
	act()
}

// endTimeout is how long the program has to end by itself.
const endTimeout = 2 * time.Second

// end asks the program to end, and makes it.
func end(program *tea.Program) {
	time.AfterFunc(endTimeout, program.Kill)
	program.Quit()
}
