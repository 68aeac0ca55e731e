package process

import (
	"context"
	"strconv"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// Observe changes nothing in the kernel: the learner runs a command that only
// looks, and the step's After says what there is to see.
type Observe struct {
	Netns string
	Argv  []string // the word {PID} stands for the process ID of Process
	// Process is a program started by Run.
	Process string
}

// Change implements Action. Applying it remembers that the learner has looked;
// the promise After does the looking.
func (a Observe) Change(l *lab.Lab) change.Change {
	return steps.Remembered(l, a.key(), a.command(l), func(context.Context) error { return nil })
}

func (a Observe) command(l *lab.Lab) change.Command {
	pid := "PID"
	if l != nil {
		if running, _, ok := running(l, a.Process); ok {
			pid = strconv.Itoa(running)
		}
	}
	argv := make([]string, len(a.Argv))
	for i, word := range a.Argv {
		argv[i] = strings.ReplaceAll(word, "{PID}", pid)
	}
	return change.Command{Netns: a.Netns, Argv: argv}
}

func (a Observe) key() string { return a.Netns + " " + strings.Join(a.Argv, " ") }

// Conditions implements Action: the learner has looked.
func (a Observe) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, l.Noted(a.key()))
}
