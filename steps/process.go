package steps

import (
	"context"
	"strconv"
	"strings"

	"nstutor/internal/lab"
)

// Run starts a program as a process of its own inside a namespace, and keeps
// it running in the background.
type Run struct {
	Netns, Name string
	Argv        []string
	Same        []string // how Docker says it
}

func (a Run) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: a.Argv, Background: true, Same: a.Same}
}

func (a Run) Apply(ctx context.Context, l *lab.Lab) error {
	p, err := l.Spawn(a.Netns, a.Name, a.Argv...)
	if err != nil {
		return err
	}
	return l.Ready(ctx, p)
}

func (a Run) Done(_ context.Context, l *lab.Lab) (bool, error) {
	p, ok := l.Process(a.Name)
	return ok && p.Netns == a.Netns, nil
}

func (a Run) Undo(_ context.Context, l *lab.Lab, _ State) error {
	l.Kill(a.Name)
	return nil
}

// Observe changes nothing in the kernel: the learner runs a command that only
// looks, and the step's After says what there is to see.
type Observe struct {
	Netns string
	Argv  []string // the word {PID} stands for the process ID of Process
	// Process is a program started by Run.
	Process string
}

func (a Observe) Command(l *lab.Lab) Command {
	pid := "PID"
	if l != nil {
		if p, ok := l.Process(a.Process); ok {
			pid = strconv.Itoa(p.PID())
		}
	}
	argv := make([]string, len(a.Argv))
	for i, word := range a.Argv {
		argv[i] = strings.ReplaceAll(word, "{PID}", pid)
	}
	return Command{Netns: a.Netns, Argv: argv}
}

// Apply remembers that the learner has looked; the promise After does the
// looking.
func (a Observe) Apply(_ context.Context, l *lab.Lab) error {
	l.Note(a.key())
	return nil
}

func (a Observe) key() string { return a.Netns + " " + strings.Join(a.Argv, " ") }

// Done says whether the learner has looked.
func (a Observe) Done(_ context.Context, l *lab.Lab) (bool, error) { return l.Noted(a.key()), nil }

// Undo forgets that.
func (a Observe) Undo(_ context.Context, l *lab.Lab, _ State) error {
	l.Unnote(a.key())
	return nil
}
