package process

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
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
	return steps.Doing{
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
func (a Run) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	port := a.port()
	c := steps.Condition{
		Table: change.In("", "ip", "netns", "pids", a.Netns),
		Want:  say.T("the program %s runs in %s", "程序 %s 在 %s 中运行", a.Argv[0], a.Netns),
	}
	if port != 0 {
		c.Table = change.In(a.Netns, "ss", "-ltnp")
		c.Want = say.T("a program in %s listens on TCP port %d", "%s 中有程序监听 TCP 端口 %d", a.Netns, port)
	}
	if p, ok := l.Process(a.Name); ok && p.Netns == a.Netns {
		c.Met = true
		return []steps.Condition{c}
	}
	all, err := programs(l, a.Netns)
	if steps.IsAbsent(err) {
		return []steps.Condition{steps.NamespaceThere(a.Netns)}
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
	c.Seen = steps.Unless(c.Met, steps.InOneLine(others))
	return []steps.Condition{c}
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
