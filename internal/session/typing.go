package session

import (
	"slices"
	"strings"

	"nstutor/internal/lab"
	"nstutor/internal/session/console"
	"nstutor/steps/process"
)

// Typing is the learner's own commands in the lab: where they go, the one that
// runs, and what came of those before.
type Typing struct {
	step   string           // the step that netns was chosen in
	netns  string           // where commands go; empty: where the step's command goes
	Worked int              // the scene in which a command was typed last, or a shell opened
	Gen    int              // counts the commands
	Run    *console.Command // the one that runs, or nil
	Tape   console.Tape
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
	case !c.Command.Empty():
		return lab.Host
	case c.Step.Watched().Netns != "":
		return c.Step.Watched().Netns
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
	t.Run = s.Hands.Run(&console.Command{Gen: t.Gen, Netns: s.TypingNetns(), Line: line, Columns: columns, Began: s.Now()})
	return one(t.Run.Next)
}

// takeTyped takes more of a command's output, or its end. What it changed may
// be nothing that anybody reports, such as a rule of iptables.
func (s *Session) takeTyped(msg console.Output) Work {
	t := &s.Typing
	if t.Run == nil || msg.Gen != t.Run.Gen {
		return nil
	}
	if msg.Lost {
		t.Tape.Clear()
		t.Tape.Cut = true
	}
	lines := make([]console.Line, len(msg.Lines))
	for i, line := range msg.Lines {
		lines[i] = console.Line{Text: line}
	}
	t.Tape.Add(lines...)
	t.Tape.Open = msg.Open
	if !msg.Ended {
		return one(t.Run.Next)
	}
	if end := t.Run.LastWords(msg, s.Hands.Limit); end.WorthSaying() {
		t.Tape.Add(console.Line{Kind: console.LineEnd, Last: end})
	}
	if process.Endless(t.Run.Line) || msg.Err == nil && msg.Why != console.EndedByKey {
		s.looked(t.Run)
	}
	ran := t.Run
	t.Run = nil
	return all(s.altered(), s.Stage.did(ran.Netns, ran.Line))
}

// ToItself does what a line means for the command line itself: clear, and the shell of
// another namespace, which is this very line from then on. It says whether the line was
// one of these, and whether it closes the command line.
func (s *Session) ToItself(line string) (closes, itself bool) {
	words := strings.Fields(line)
	switch {
	case line == "exit" || line == "logout":
		return true, true
	case line == "clear":
		s.Typing.Tape.Clear()
		return false, true
	case len(words) == 5 && slices.Equal(words[:3], []string{"ip", "netns", "exec"}) && slices.Contains([]string{"sh", "bash"}, words[4]) && !s.Network.Gone(words[3]):
		s.ChooseNetns(words[3])
		return false, true
	}
	return false, false
}

// looked: a command of the learner's is over. If the step is to look at
// something, that may have been it.
func (s *Session) looked(r *console.Command) {
	if look, ok := s.Scene.Step.Action.(process.Typing); ok && s.Hands != nil && s.Scene.Phase == PhaseLook {
		look.Typed(s.Hands.Lab, r.Netns, r.Line)
	}
}

// Lexicon has the words that fit where a command goes to.
func (s *Session) Lexicon() console.Lexicon {
	x := console.Lexicon{Here: s.TypingNetns(), Names: s.Network.Names, Snaps: s.Network.Snaps}
	if to, _, _, _ := s.Network.Log.Flow(); to != "" {
		x.Hosts = []string{to}
	}
	for _, setting := range s.Scene.Settings() {
		x.Keys = append(x.Keys, setting.Key)
	}
	return x
}
