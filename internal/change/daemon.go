package change

import (
	"context"
	"os/exec"
	"slices"
	"strings"

	"nstutor/internal/say"
)

// Daemon is what a program of the machine is asked to change, because it is that
// program's to change: what is written behind its back is gone when it writes the
// next time. It is the machine's own namespace that is changed.
type Daemon struct {
	Argv []string // such as firewall-cmd --zone=trusted --add-source=10.0.0.0/8
	Back []string // which takes it back
}

// daemons are the programs by which daemons are asked.
var daemons = []string{"firewall-cmd"}

// ByDaemon reports whether the command asks a daemon: it changes the machine, in
// whatever namespace it is typed.
func (c Command) ByDaemon() bool { return len(c.Argv) > 0 && slices.Contains(daemons, c.Argv[0]) }

// HasFirewalld reports whether firewalld can be asked here.
func HasFirewalld() bool { return installed("firewall-cmd") }

// Command is the line that asks.
func (d Daemon) Command() Command { return In("", d.Argv...) }

// Apply asks.
func (d Daemon) Apply(ctx context.Context, _ Space) error { return askDaemon(ctx, d.Argv) }

// Undo asks to take it back.
func (d Daemon) Undo(ctx context.Context, _ Space, _ Before) error { return askDaemon(ctx, d.Back) }

func askDaemon(ctx context.Context, argv []string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return say.Err("%s: %v: %s", "%s：%v：%s", strings.Join(argv, " "), err, out)
	}
	return nil
}
