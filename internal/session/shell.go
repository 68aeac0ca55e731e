package session

import "nstutor/internal/session/rescue"

// ShellEnded: the shell has ended, or there was none.
type ShellEnded struct{ err error }

// OpenShell opens the learner's shell in the namespace that a command would go
// to, with a line of welcome.
func (s *Session) OpenShell(hello string) Work {
	h, netns := s.Hands, s.TypingNetns()
	if s.Network.Gone(netns) {
		s.Scene.Err = errGone(netns)
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
		s.Scene.Err = &NoShell{msg.err}
	}
	return s.altered()
}

// NoShell says that there is no shell, and why.
type NoShell struct{ Err error }

func (e *NoShell) Error() string { return "no shell: " + e.Err.Error() }
func (e *NoShell) Unwrap() error { return e.Err }

// errGone is what ip says of a namespace that is not there.
type errGone string

func (e errGone) Error() string {
	return `Cannot open network namespace "` + string(e) + `": No such file or directory`
}
