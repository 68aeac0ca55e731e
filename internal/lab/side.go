package lab

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"

	"nstutor/internal/say"
)

// populated is the first mode, with other users: the rules of a network may ask for them.
// The machine's root alone may have it so.
func populated() mode {
	m := modes[0]
	m.users = true
	return m
}

// Run runs this program with other arguments as the first process of a new lab,
// beside whatever else goes on, and waits for it: it is given in to read, and what
// it prints goes to out. When ctx ends it is killed, and all that is in the lab
// with it. It fails with a *Refusal when the machine does not allow any kind of
// lab.
func Run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	// Pdeathsig is the death of the thread that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	by, err := askedBy()
	if err != nil {
		return err
	}
	var furthest error
	for _, m := range append([]mode{populated()}, modes...) {
		if (m.root || m.users) && os.Geteuid() != 0 {
			continue
		}
		cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, os.Stderr
		child, err := start(cmd, m, say.Text{})
		if err == nil {
			return ended(ctx, child.Wait())
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		furthest = further(furthest, say.At(m.name, err))
	}
	return refusal("/", furthest, by)
}

// ended is why a lab ended: a context's end is the reason for what follows it.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
