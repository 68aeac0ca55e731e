package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"nstutor/internal/lab/tty"
	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// statusFD is where the inside reports that its mounts stand, or why not.
const statusFD = 3

// mode is one way of being born. They are tried in order.
type mode struct {
	name  string
	flags uintptr
	root  bool // needs to be root outside
	users bool // others than root are there, too: see guests
}

// guests are the numbers that users other than root have in a lab where they are, and
// those that the machine has for them: nobody's, so that they have power over no file. Only
// rules speak of them; nobody becomes one (stayOneUser).
var guests = syscall.SysProcIDMap{ContainerID: 1, HostID: 1 << 30, Size: 1<<30 - 1}

// isolated are the namespaces of every lab. With a PID namespace the kernel
// kills whatever was started in the lab when its first process dies, daemons
// included: nothing can stay behind and hold the network.
const isolated = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// A user namespace comes first, so that even root's lab holds no power over
// the machine.
var modes = []mode{
	{name: "user", flags: unix.CLONE_NEWUSER | isolated},
	{name: "root", flags: isolated, root: true},
}

func modeByName(name string) (mode, bool) {
	for _, m := range modes {
		if m.name == name {
			return m, true
		}
	}
	return mode{}, false
}

// Enter runs this program again, with the same arguments, as the first process
// of a new lab, waits for it and returns its exit status. It fails with a
// *Refusal when the machine does not allow any kind of lab.
//
// The process that called Enter stays outside as the lab's guardian: it passes
// signals on, and puts the terminal back when the inside dies without doing so.
func Enter() (int, error) { return enter(modes) }

func enter(modes []mode) (int, error) {
	// Pdeathsig is the death of the thread that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	terminal := tty.Save()
	by, err := askedBy()
	if err != nil {
		return 0, err
	}
	var furthest error
	for _, m := range modes {
		if m.root && os.Geteuid() != 0 {
			continue
		}
		var wanting say.Text
		if furthest != nil {
			wanting, _ = advise("/", furthest, by, true)
		}
		child, err := start(ourselves(), m, wanting)
		if err != nil {
			furthest = further(furthest, say.At(m.name, err))
			continue
		}
		return guard(child, terminal)
	}
	return 0, refusal("/", furthest, by)
}

// ourselves is this program again, with the same arguments and streams.
func ourselves() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}

// further is which of two attempts came further: one that was born and could not
// be furnished says more of what is missing than one that was not born.
func further(a, b error) error {
	var furnishing failure
	if a != nil && (errors.As(a, &furnishing) || !errors.As(b, &furnishing)) {
		return a
	}
	return b
}

// start starts the inside, a command of this program, in mode m and waits for its
// report. It is told what a better mode was wanting.
func start(cmd *exec.Cmd, m mode, wanting say.Text) (*exec.Cmd, error) {
	outside, err := mountNamespace()
	if err != nil {
		return nil, err
	}
	report, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer report.Close()

	if err := keepDescriptors(); err != nil {
		return nil, err
	}
	cmd.Args[0] = os.Args[0]
	cmd.ExtraFiles = []*os.File{w}
	cmd.Env = append(os.Environ(), birth{mode: m, outside: outside, wanting: wanting}.String())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: m.flags, Pdeathsig: syscall.SIGKILL}
	if m.flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	if m.users {
		cmd.SysProcAttr.UidMappings = append(cmd.SysProcAttr.UidMappings, guests)
		cmd.SysProcAttr.GidMappings = append(cmd.SysProcAttr.GidMappings, guests)
	}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, err
	}
	said, _ := io.ReadAll(report)
	if string(said) == "ok" {
		return cmd, nil
	}
	err = cmd.Wait()
	if len(said) > 0 {
		err = parseFailure(string(said))
	}
	if err == nil {
		err = say.Err("the lab ended before it began", "实验网络还没开始就结束了")
	}
	return nil, err
}

// failure is why the inside could not furnish the lab: what it reports is the
// number of the kernel's answer and the whole error.
type failure struct {
	say.Text
	answer syscall.Errno
}

func (f failure) Error() string { return f.String() }
func (f failure) Unwrap() error { return f.answer }

func parseFailure(report string) failure {
	number, text, _ := strings.Cut(report, " ")
	answer, _ := strconv.Atoi(number)
	return failure{say.Unpack(text), syscall.Errno(answer)}
}

func (f failure) report() string { return fmt.Sprintf("%d %s", int(f.answer), say.Pack(f.Text)) }

// mountNamespace is how the kernel calls the mount namespace of this process.
func mountNamespace() (string, error) { return os.Readlink("/proc/self/ns/mnt") }

// guard waits for the lab's first process.
func guard(child *exec.Cmd, terminal *tty.Terminal) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT,
		unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	defer signal.Stop(signals)
	asked := &asking{inside: child.Process}
	go pass(signals, asked)

	err := child.Wait()
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil && !ok {
		return 0, say.Err("wait for the lab: %v", "等待实验网络：%v", err)
	}
	if by, killed := asked.killedFor(); killed && status.Signaled() {
		terminal.Restore()
		return 128 + int(by), nil
	}
	if status.Signaled() {
		terminal.Restore()
		return 128 + int(status.Signal()), nil
	}
	if terminal.Changed() {
		terminal.Restore()
	}
	return status.ExitStatus(), nil
}

// pass hands signals on to the inside. The terminal sends ^C to both; hearing
// of it twice does no harm there.
//
// The terminal's stop signals reach only the guardian: the first process of a
// PID namespace does not stop by them (SIGNAL_UNKILLABLE). So SIGSTOP stops it,
// then the guardian stops itself, and both go on together. In the process group
// of the session's leader no shell could wake the guardian: like the kernel
// (is_current_pgrp_orphaned) it goes on there.
func pass(signals chan os.Signal, asked *asking) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	session, _ := unix.Getsid(0)
	for s := range signals {
		switch s {
		case unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
			if unix.Getpgrp() == session {
				continue
			}
			asked.inside.Signal(unix.SIGSTOP)
			unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
			asked.inside.Signal(unix.SIGCONT)
		default:
			asked.toEnd(s.(unix.Signal))
		}
	}
}

// Inside says whether this process was born by Enter. The first call furnishes
// the lab (its private mounts) and reports to the guardian; it must come before
// anything else is started, from the main goroutine.
func Inside() bool {
	value, born := os.LookupEnv(bornEnv)
	if !born {
		return false
	}
	os.Unsetenv(bornEnv)
	b, known := parseBirth(value)
	m := b.mode
	// Nothing may be mounted where the machine would see it: the namespace must
	// not be the one that the guardian lives in, and this its first process.
	here, err := mountNamespace()
	if !known || err != nil || b.outside == "" || here == b.outside || os.Getpid() != 1 {
		unset := say.T("nstutor: %s is for its own use; unset it", "nstutor：%s 只供程序自己使用；请取消设置", bornEnv)
		fmt.Fprintln(os.Stderr, unset.In(say.Locale()))
		os.Exit(2)
	}
	report := os.NewFile(statusFD, "status")
	if !b.furnished {
		err = furnish(m)
	}
	if err == nil && !b.furnished && m.root {
		err = weaken(b)
	}
	unix.CloseOnExec(statusFD)
	if err != nil {
		f := failure{Text: say.Quote(err)}
		errors.As(err, &f.answer)
		fmt.Fprint(report, f.report())
		report.Close()
		os.Exit(1)
	}
	if m.flags&unix.CLONE_NEWUSER != 0 {
		// Where it is refused, programs that give up being root fail: doctor tells.
		_ = stayOneUser()
	}
	bornAs, wanting = m, b.wanting
	reapOrphans()
	fmt.Fprint(report, "ok")
	report.Close()
	return true
}

// weaken runs the program once more, without the powers that a lab has no use
// for: capabilities belong to a thread, and only exec gives all threads of a
// process those of one.
func weaken(b birth) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := dropPowers(); err != nil {
		return err
	}
	b.furnished = true
	env := append(os.Environ(), b.String())
	return say.Err("run again: %v", "重新执行本程序：%v", syscall.Exec("/proc/self/exe", os.Args, env))
}
