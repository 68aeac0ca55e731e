package ui

import (
	"context"
	"fmt"
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
}

// framesPerSecond is how often the screen may change: a change in the kernel is
// to be seen at once. Drawing nothing new costs next to nothing.
const framesPerSecond = 60

// Run shows the course on the terminal until the learner quits or ctx ends,
// neither of which is an error. The terminal is then as it was, also after a
// panic, which is returned as an error.
func Run(ctx context.Context, player *steps.Player, course steps.Course, progress Progress, opts Options) error {
	return run(ctx, player, course, progress, opts)
}

// run is Run with further options of Bubble Tea's.
func run(ctx context.Context, player *steps.Player, course steps.Course, progress Progress, opts Options, more ...tea.ProgramOption) error {
	m := newModel(course, opts)
	m.world.neighTimeout = player.Lab().NeighbourTimeout()
	program := tea.NewProgram(m, append([]tea.ProgramOption{
		tea.WithAltScreen(), tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler(),
	}, more...)...)
	defer context.AfterFunc(ctx, func() { end(program) })()

	working, cancel := context.WithCancel(context.Background())
	m.desk = newDesk(working, player)
	m.ledger = newLedger(progress, program.Send)
	m.feed = newFeed(player.Lab(), program.Send)
	var following sync.WaitGroup
	following.Go(func() { guard(program.Send, func() { m.feed.run(working) }) })

	_, err := program.Run()
	cancel()
	following.Wait()
	m.desk.rest()
	m.ledger.close()
	switch {
	case m.exit != nil:
		return m.exit
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

// endTimeout is how long the program has to end by itself.
const endTimeout = 2 * time.Second

// end asks the program to end, and makes it.
func end(program *tea.Program) {
	time.AfterFunc(endTimeout, program.Kill)
	program.Quit()
}
