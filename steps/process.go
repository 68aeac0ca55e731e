package steps

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Run starts a program as a process of its own inside a namespace, and keeps
// it running in the background.
type Run struct {
	Netns, Name string
	Argv        []string
	Same        []string // how Docker says it
}

// Change implements Action.
func (a Run) Change(l *lab.Lab) change.Change {
	return Doing{
		Typed: change.Command{Netns: a.Netns, Argv: a.Argv, Background: true, Same: a.Same},
		Do: func(ctx context.Context) error {
			p, err := l.Spawn(a.Netns, a.Name, a.Argv...)
			if err != nil {
				return err
			}
			return l.Ready(ctx, p)
		},
		Back: func() error { return a.end(l) },
	}
}

// Conditions implements Action. A program that somebody else started in the
// namespace counts as well: by its name or, where it is to serve pages, by its
// port.
func (a Run) Conditions(_ context.Context, l *lab.Lab) []Condition {
	port := a.port()
	c := Condition{
		Table: change.In("", "ip", "netns", "pids", a.Netns),
		Want:  say.T("the program %s runs in %s", "程序 %s 在 %s 中运行", a.Argv[0], a.Netns),
	}
	if port != 0 {
		c.Table = change.In(a.Netns, "ss", "-ltnp")
		c.Want = say.T("a program in %s listens on TCP port %d", "%s 中有程序监听 TCP 端口 %d", a.Netns, port)
	}
	if p, ok := l.Process(a.Name); ok && p.Netns == a.Netns {
		c.Met = true
		return []Condition{c}
	}
	all, err := programs(l, a.Netns)
	if isAbsent(err) {
		return []Condition{namespaceThere(a.Netns)}
	}
	c.Err = err
	var others []string
	for _, p := range all {
		switch {
		case c.Met || l.Noted(p.note(a.Name)) && a.isIt(p):
			c.Met = true
		case a.isIt(p) && !a.another(l, p):
			l.Note(p.note(a.Name))
			c.Met = true
		default:
			others = append(others, p.String())
		}
	}
	c.Seen = Unless(c.Met, seen(others))
	return []Condition{c}
}

// another says whether the process is one that the lab keeps for another step.
func (a Run) another(l *lab.Lab, p program) bool {
	return slices.ContainsFunc(l.Processes(), func(own *lab.Process) bool { return own.PID() == p.pid })
}

// isIt says whether a process does what the program is for.
func (a Run) isIt(p program) bool {
	if port := a.port(); port != 0 {
		return slices.Contains(p.ports, port)
	}
	return p.name == filepath.Base(a.Argv[0])
}

// port is where the program listens, or 0 where it does not.
func (a Run) port() int {
	if a.Argv[0] != "web" {
		return 0
	}
	if len(a.Argv) > 1 {
		if port, err := strconv.Atoi(a.Argv[1]); err == nil {
			return port
		}
	}
	return 80
}

// end ends the program, whoever started it.
func (a Run) end(l *lab.Lab) error {
	if _, ok := l.Process(a.Name); ok {
		l.Kill(a.Name)
		return nil
	}
	all, err := programs(l, a.Netns)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !l.Noted(p.note(a.Name)) {
			continue
		}
		l.Unnote(p.note(a.Name))
		if err := p.end(); err != nil {
			return say.Err("%s: end %s: %v", "%s：结束 %s：%v", a.Netns, p, err)
		}
	}
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

// Change implements Action. Applying it remembers that the learner has looked;
// the promise After does the looking.
func (a Observe) Change(l *lab.Lab) change.Change {
	return Remembered(l, a.key(), a.command(l), func(context.Context) error { return nil })
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
func (a Observe) Conditions(_ context.Context, l *lab.Lab) []Condition {
	return Effect(l, a, l.Noted(a.key()))
}
