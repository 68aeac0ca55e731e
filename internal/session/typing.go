package session

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"time"

	"nstutor/internal/lab"
	"nstutor/steps"
)

// Typing is the learner's own commands in the lab: where they go, the one that
// runs, and what came of those before.
type Typing struct {
	step   string   // the step that netns was chosen in
	netns  string   // where commands go; empty: where the step's command goes
	Worked int      // the scene in which a command was typed last, or a shell opened
	Gen    int      // counts the commands
	Run    *Command // the one that runs, or nil
	Tape   Tape
}

// Output is more of a command's output, or its end.
type Output struct {
	Gen   int
	Lines []string
	Open  string // the line that is not finished
	lost  bool   // something before was thrown away
	Ended bool
	Why   Ending
	Err   error
}

// TypingNetns is the namespace that a command goes to: the learner's choice in
// this step, or else that of the step's command, or of its ping.
func (s *Session) TypingNetns() string {
	c, t := &s.Scene, &s.Typing
	if t.netns != "" && t.step == c.Step.ID {
		return t.netns
	}
	switch {
	case c.Command.Netns != "":
		return c.Command.Netns
	case len(c.Command.Argv) > 0 || c.Command.Shell != "":
		return lab.Host
	case c.Step.Watch.Netns != "":
		return c.Step.Watch.Netns
	case s.Network.Watch != "":
		return s.Network.Watch
	}
	return lab.Host
}

// ChooseNetns sends what follows to another namespace.
func (s *Session) ChooseNetns(name string) { s.Typing.netns, s.Typing.step = name, s.Scene.Step.ID }

// NextNetns chooses the namespace by places further on.
func (s *Session) NextNetns(by int) {
	names := s.Network.Names
	if len(names) == 0 {
		return
	}
	at := slices.Index(names, s.TypingNetns())
	if at < 0 && by < 0 {
		at = 0
	}
	s.ChooseNetns(names[(at+by+len(names))%len(names)])
}

// Run runs a line in a terminal that is as wide as asked.
func (s *Session) Run(line string, columns int) Work {
	t := &s.Typing
	s.Commands++
	t.Worked = s.Scene.Gen
	t.Gen++
	t.Run = s.Hands.run(&Command{gen: t.Gen, netns: s.TypingNetns(), line: line, columns: columns, Began: s.Now()})
	return one(t.Run.next)
}

// takeTyped takes more of a command's output, or its end. What it changed may
// be nothing that anybody reports, such as a rule of iptables.
func (s *Session) takeTyped(msg Output) Work {
	t := &s.Typing
	if t.Run == nil || msg.Gen != t.Run.gen {
		return nil
	}
	if msg.lost {
		t.Tape.Clear()
		t.Tape.Cut = true
	}
	lines := make([]Line, len(msg.Lines))
	for i, line := range msg.Lines {
		lines[i] = Line{Text: line}
	}
	t.Tape.Add(lines...)
	t.Tape.Open = msg.Open
	if !msg.Ended {
		return one(t.Run.next)
	}
	if end := s.endOf(msg); end.worthSaying() {
		t.Tape.Add(Line{Kind: LineEnd, Last: end})
	}
	if msg.Err == nil && msg.Why != EndedByKey {
		s.looked(t.Run)
	}
	t.Run = nil
	return s.altered()
}

// LastWords are how a command ended.
type LastWords struct {
	Why   Ending
	Limit time.Duration // how long it could have run
	Exit  int           // its status; -1: it has none
	Err   error
	Word  string // its first word, where what that does ends with the shell of its line
}

func (s *Session) endOf(msg Output) LastWords {
	e := LastWords{Why: msg.Why, Limit: s.Hands.Limit, Exit: -1, Err: msg.Err, Word: lastsNot(s.Typing.Run.line)}
	var exit *exec.ExitError
	if errors.As(msg.Err, &exit) {
		e.Exit = exit.ExitCode()
	}
	return e
}

// worthSaying says whether it ended in another way than it should, or does less
// than it seems to.
func (e LastWords) worthSaying() bool { return e.Why != endedItself || e.Err != nil || e.Word != "" }

// lastsNot is the first word of a line whose effect ends with its shell.
func lastsNot(line string) string {
	word, _, _ := strings.Cut(line, " ")
	if slices.Contains([]string{"cd", "export", "alias", "set", "umask"}, word) && !strings.ContainsAny(line, ";&|") {
		return word
	}
	return ""
}

// looked: a command of the learner's is over. If the step is to look at
// something, that may have been it.
func (s *Session) looked(r *Command) {
	if look, ok := s.Scene.Step.Action.(steps.Observe); ok && s.Hands != nil && s.Scene.Phase == PhaseLook {
		look.Typed(s.Hands.lab, r.netns, r.line)
	}
}
