package service

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Attempt is a rule that the kernel refuses: the learner tries it, and reads why not.
type Attempt struct {
	Netns string
	Line  string   // the words behind nft
	Same  []string // how iptables says it
	Why   unix.Errno
	Like  []string // words that a line has which tries the same, in any spelling
}

// Change implements steps.Action. Making it is trying: that the kernel takes it is the
// error.
func (a Attempt) Change(l *lab.Lab) change.Change {
	line := change.NFTLine(a.Netns, a.Line, a.Same...)
	return steps.Remembered(l, a.key(), line.Command(), func(ctx context.Context) error {
		err := line.Apply(ctx, l)
		switch {
		case err == nil:
			return say.Join(say.Err("the kernel has taken it", "内核接受了这条规则"), line.Undo(ctx, l, change.Before{}))
		case !errors.Is(err, a.Why):
			return err
		}
		return nil
	})
}

func (a Attempt) key() string { return a.Netns + " nft " + a.Line }

// Conditions implements steps.Action: it was tried.
func (a Attempt) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, l.Noted(a.key()))
}

// Typed takes it that the learner typed a line in a namespace, and remembers it if that
// was such an attempt. It says whether it was.
func (a Attempt) Typed(l *lab.Lab, netns, line string) bool {
	words := strings.Fields(strings.ToLower(line))
	here := netns == a.Netns || slices.Contains(words, a.Netns)
	for _, word := range a.Like {
		here = here && slices.ContainsFunc(words, func(w string) bool { return strings.Trim(w, `'"`) == word })
	}
	if here {
		l.Note(a.key())
	}
	return here
}
