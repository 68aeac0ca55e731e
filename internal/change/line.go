package change

import (
	"bytes"
	"context"
	"os/exec"
	"strings"

	"nstutor/internal/say"
)

// Line is a line that only a shell can run, or a program that nothing here stands
// in for. Typed makes one where it has to.
type Line struct{ Netns, Text string }

// Typed is what a person types in a namespace: a change, where the line is its
// command word by word, or else the line as it stands.
func Typed(netns, line string) Change {
	if c, err := Parse(netns, strings.Fields(line)...); err == nil && c.Command().String() == line {
		return c
	}
	return Line{netns, line}
}

// Command is the line.
func (l Line) Command() Command { return Command{Netns: l.Netns, Shell: l.Text} }

// Apply has a shell run it.
func (l Line) Apply(ctx context.Context, s Space) error {
	return inNetns(s, l.Netns, func() error {
		if out, err := exec.CommandContext(ctx, "sh", "-c", l.Text).CombinedOutput(); err != nil {
			return say.Err("%s: %v: %s", "%s：%v：%s", l.Text, err, bytes.TrimSpace(out))
		}
		return nil
	})
}

// Undo fails: what a line does is not known.
func (l Line) Undo(context.Context, Space, Before) error {
	return say.Err("%s: it cannot be undone", "%s：无法撤销", l.Text)
}
