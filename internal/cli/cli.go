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
	"nstutor/internal/progress"
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
	a := &app{inside: lab.Inside(), lang: speaking(args, progress.Read(progress.Path()).Lang())}
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
	a.complain(err)
	return exitUsage
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
	inside bool   // this process is the inside of a lab
	lang   string // that is spoken
	ascii  bool
}

func (a *app) root() *cobra.Command {
	asked := ""
	root := &cobra.Command{
		Use:   "nstutor",
		Short: a.say("Learn pod networking by repairing a real, isolated network", "修好一个真实而隔离的网络，学会 Pod 网络"),
		Long: a.say(`nstutor teaches pod networking step by step: each step is one real change to a
real Linux network, beside a live view of routes, neighbours and ping.

Everything happens in network namespaces that die with the process; this
machine's own network is never touched. Root is not needed.`, `nstutor 一步一步讲解 Pod 网络：每一步都是对一个真实 Linux 网络的一次真实改动，
旁边实时显示路由表、邻居表和 ping。

一切都发生在随进程一起消失的网络命名空间里，本机自己的网络不会被改动。
不需要 root。`),
		Version:       version(),
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          a.course,
	}
	root.PersistentFlags().StringVar(&asked, "lang", "", a.say("language: en or zh (default: what you chose in the course, or as $LANG says)", "语言：en 或 zh（默认：课程中选择的语言，否则按 $LANG）"))
	root.PersistentFlags().BoolVar(&a.ascii, "ascii", false, a.say("draw with ASCII characters only", "只用 ASCII 字符绘制"))
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return checkLang(asked) }
	root.AddCommand(a.run(), a.exercise(), a.shell(), a.explain(), a.capture(), a.doctor(), a.progress(), a.apply(), a.trial())
	a.speak(root)
	return root
}

// noArgs is cobra.NoArgs in our words.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return say.Err("%q is not a command of %s; see `%s --help`", "%[2]s 没有命令 %[1]q；见 `%[3]s --help`", args[0], cmd.CommandPath(), cmd.CommandPath())
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
