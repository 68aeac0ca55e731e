// Package cli is the command line: it reads the arguments, enters the lab
// where a command needs one, and turns errors into one sentence and an exit
// status.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"a.nstutor/early"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// The exit statuses.
const (
	exitOK     = 0
	exitBroken = 1 // a promise failed, a packet is not delivered
	exitUsage  = 2 // wrong arguments, or the machine does not allow it
)

// status is an error that only carries an exit status: all has been said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Main runs the program and returns its exit status.
func Main(args []string) int {
	early.Restore()
	lab.Dispatch()
	a := &app{inside: lab.Inside()}
	ctx, stop := untilSignal()
	defer stop()
	out := &heeded{to: os.Stdout}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(out)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	var said status
	var ended endedBy
	switch {
	case errors.As(context.Cause(ctx), &ended):
		return 128 + int(ended.Signal)
	case err == nil:
		return exitOK
	case errors.As(err, &said):
		return int(said)
	}
	complain(err)
	return exitUsage
}

// complain says on the standard error what is wrong, in one line: names that
// came with the arguments or from the machine are in it.
func complain(what any) {
	fmt.Fprintln(os.Stderr, "nstutor: "+say.Clean(fmt.Sprint(what)))
}

// endedBy says which signal ended the program.
type endedBy struct{ unix.Signal }

func (e endedBy) Error() string { return "ended by " + e.Signal.String() }

// patience is how long a command has to end once a signal has asked it to.
const patience = 3 * time.Second

// untilSignal is a context that a signal ends, with the signal as its cause. A
// second signal, or the end of patience, ends the program, whatever it hangs on.
func untilSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	go func() {
		select {
		case s := <-signals:
			cancel(endedBy{s.(unix.Signal)})
			select {
			case <-signals:
			case <-time.After(patience):
			}
			os.Exit(128 + int(s.(unix.Signal)))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// app is what the commands share.
type app struct {
	inside bool // this process is the inside of a lab
	lang   string
	ascii  bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "nstutor",
		Short: "Learn pod networking by repairing a real, isolated network",
		Long: `nstutor teaches pod networking step by step: each step is one real change to a
real Linux network, beside a live view of routes, neighbours and ping.

Everything happens in network namespaces that die with the process; this
machine's own network is never touched. Root is not needed.`,
		Version:       version(),
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          a.course,
	}
	root.PersistentFlags().StringVar(&a.lang, "lang", "", "language: en or zh (default: as $LANG says)")
	root.PersistentFlags().BoolVar(&a.ascii, "ascii", false, "draw with ASCII characters only")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.checkLang() }
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.run(), a.exercise(), a.shell(), a.explain(), a.doctor(), a.progress(), a.apply(), a.trial())
	return root
}

// noArgs is cobra.NoArgs in our words.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q is not a command of %s; see `%s --help`", args[0], cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}

// version is the module's version, as go install recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// inLab runs fn inside a lab: here, when this process is one, or else by
// running the program again in a new one.
func (a *app) inLab(fn func() error) error {
	if a.inside {
		return fn()
	}
	code, err := lab.Enter()
	if err != nil {
		return err
	}
	if code != exitOK {
		return status(code)
	}
	return nil
}
