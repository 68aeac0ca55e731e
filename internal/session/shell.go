package session

import (
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/internal/session/rescue"
)

// ShellEnded: the shell has ended, or there was none.
type ShellEnded struct{ err error }

// OpenShell opens the learner's shell in the namespace that a command would go
// to, with a line of welcome.
func (s *Session) OpenShell(hello string) Work {
	h, netns := s.Hands, s.TypingNetns()
	if s.Network.Gone(netns) {
		s.Scene.Err = say.Err("%s", "%s", lab.NotThere(netns))
		return nil
	}
	s.Typing.Worked = s.Scene.Gen
	return one(func() (msg any) {
		defer func() {
			if p := recover(); p != nil {
				msg = rescue.Fatal{Err: rescue.Error(p)}
			}
		}()
		return ShellEnded{h.Shell(netns, hello)}
	})
}

// takeShell: the learner is back. What the shell changed may be nothing that
// anybody reports.
func (s *Session) takeShell(msg ShellEnded) Work {
	if msg.err != nil {
		s.Scene.Err = say.Err("no shell: %v", "无法打开 shell：%v", msg.err)
	}
	return s.altered()
}
