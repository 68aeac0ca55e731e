package ui

import (
	"context"
	"os"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/console"
	"nstutor/internal/session/rescue"
	"nstutor/steps"
)

// Options are the ways in which the course can be shown.
type Options struct {
	Lang    string // "en" or "zh"
	ASCII   bool   // draw with ASCII characters only
	Welcome bool   // show the page for those who are here for the first time
	Start   string // the step to begin with; empty or unknown: the first one
	List    bool   // show the list of steps first
	Open    bool   // the lab's root is the machine's: say so until a key is pressed
}

// Run shows the course on the terminal until the learner quits or ctx ends,
// neither of which is an error. The terminal is then as it was, also after a
// panic, which is returned as an error.
func Run(ctx context.Context, player *steps.Player, course steps.Course, progress session.Progress, opts Options) error {
	return RunOn(ctx, player, course, progress, opts, os.Stdin, os.Stdout)
}

// RunOn is Run on any terminal.
func RunOn(ctx context.Context, player *steps.Player, course steps.Course, progress session.Progress, opts Options, in, out *os.File) error {
	m := New(course, opts)
	canvas := newPainter(out)
	shell := &console.Handover{Canvas: canvas, In: in, Out: out}
	follow := func(model tea.Model, msg tea.Msg) tea.Msg {
		if _, quits := msg.(tea.QuitMsg); quits {
			shell.TakeBack()
		}
		return canvas.follow(model, msg)
	}
	program := tea.NewProgram(painted{m, canvas}, tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithFPS(1), tea.WithFilter(follow), tea.WithoutSignalHandler())
	shell.Program = program
	defer context.AfterFunc(ctx, func() {
		canvas.Leave()
		end(program)
	})()

	send := func(msg any) { program.Send(msg) }
	working, cancel := context.WithCancel(context.Background())
	m.Connect(working, player, progress, send)
	m.Hands.Terminal = shell
	var painting sync.WaitGroup
	painting.Go(func() { rescue.Guard(send, func() { canvas.run(working) }) })

	_, err := program.Run()
	cancel()
	hung := func() { os.Exit(hungStatus) }
	within(saveTimeout, m.Save, hung)
	within(restTimeout, func() {
		painting.Wait()
		m.Rest()
	}, hung)
	switch {
	case m.exit != nil:
		return m.exit
	case err != nil && ctx.Err() == nil:
		return say.Err("terminal: %v", "终端：%v", err)
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
