package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bornEnv tells a process that it is the inside of a lab that Enter has just
// made, and which namespaces it was given.
const bornEnv = "NSTUTOR_LAB_BORN"

// bornAs is the mode this process was born in, when it is the inside of a lab.
var bornAs mode

// Born says how the lab's namespaces came about, in words.
func Born() string {
	if bornAs.flags&unix.CLONE_NEWUSER != 0 {
		return "in a user namespace, without root"
	}
	return "as root, without a user namespace"
}

// statusFD is where the inside reports that its mounts stand, or why not.
const statusFD = 3

// mode is one way of being born. They are tried in order.
type mode struct {
	name  string
	flags uintptr
	root  bool // needs to be root outside
}

// A user namespace comes first, so that even root's lab holds no power over
// the machine. With a PID namespace the kernel kills whatever the lab started
// when its first process dies; it needs a fresh /proc, which some containers
// refuse.
var modes = []mode{
	{"user+pid", unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID, false},
	{"user", unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET, false},
	{"root+pid", unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID, true},
	{"root", unix.CLONE_NEWNS | unix.CLONE_NEWNET, true},
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
func Enter() (int, error) {
	// Pdeathsig is the death of the thread that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var last error
	for _, m := range modes {
		if m.root && os.Geteuid() != 0 {
			continue
		}
		child, err := start(m)
		if err != nil {
			last = fmt.Errorf("%s: %w", m.name, err)
			continue
		}
		return guard(child)
	}
	return 0, refusal(last)
}

// start starts the inside in mode m and waits for its report.
func start(m mode) (*exec.Cmd, error) {
	report, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer report.Close()

	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{w}
	cmd.Env = append(os.Environ(), bornEnv+"="+m.name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: m.flags, Pdeathsig: syscall.SIGKILL}
	if m.flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
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
		err = errors.New(string(said))
	}
	if err == nil {
		err = errors.New("the lab ended before it began")
	}
	return nil, err
}

// guard waits for the lab's first process.
func guard(child *exec.Cmd) (int, error) {
	restore := saveTerminal()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT)
	defer signal.Stop(signals)
	go func() {
		for s := range signals {
			// The terminal sends ^C and ^\ to the inside as well.
			if s == unix.SIGTERM || s == unix.SIGHUP {
				child.Process.Signal(s)
			}
		}
	}()
	err := child.Wait()
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil && !ok {
		return 0, fmt.Errorf("wait for the lab: %w", err)
	}
	if status.Signaled() {
		restore()
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

// saveTerminal remembers the terminal's modes and returns what brings them
// back, together with the main screen and the cursor.
func saveTerminal() (restore func()) {
	fd := int(os.Stdin.Fd())
	modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	return func() {
		unix.IoctlSetTermios(fd, unix.TCSETS, modes)
		fmt.Fprint(os.Stdout, "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m")
	}
}

// Inside says whether this process was born by Enter. The first call furnishes
// the lab (its private mounts) and reports to the guardian; it must come before
// anything else is started, from the main goroutine.
func Inside() bool {
	name, born := os.LookupEnv(bornEnv)
	if !born {
		return false
	}
	os.Unsetenv(bornEnv)
	report := os.NewFile(statusFD, "status")
	m, known := modeByName(name)
	if !known {
		fmt.Fprintf(os.Stderr, "nstutor: %s is for its own use; unset it\n", bornEnv)
		os.Exit(2)
	}
	unix.CloseOnExec(statusFD)
	if err := furnish(m); err != nil {
		fmt.Fprint(report, strings.TrimSpace(err.Error()))
		report.Close()
		os.Exit(1)
	}
	bornAs = m
	fmt.Fprint(report, "ok")
	report.Close()
	return true
}
