package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Process is a program that runs inside a namespace of the lab, with the PID
// that the lab's /proc shows.
type Process struct {
	Name, Netns string
	cmd         *exec.Cmd
	pid         int
	done        chan struct{}
	stderr      bytes.Buffer
}

// PID is the process ID as the lab's /proc has it.
func (p *Process) PID() int { return p.pid }

// Alive says whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Stop kills the process and its children and waits until it is gone, and its
// sockets with it.
func (p *Process) Stop() {
	p.cmd.Cancel()
	<-p.done
}

// Spawn starts argv in the namespace netns and keeps it under name, which
// Process finds again. A process of that name that still runs is an error.
func (l *Lab) Spawn(netns, name string, argv ...string) (*Process, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	if old, ok := l.Process(name); ok {
		return nil, say.Err("%s: %s runs already (pid %d)", "%s：%s 已在运行（pid %d）", netns, name, old.PID())
	}
	p := &Process{Name: name, Netns: netns, done: make(chan struct{})}
	p.cmd = command(context.Background(), argv)
	p.cmd.Stderr = &p.stderr
	pidfd := -1
	p.cmd.SysProcAttr.PidFD = &pidfd
	if err := ns.Do(p.cmd.Start); err != nil {
		return nil, say.Err("%s: start %s: %v", "%s：启动 %s：%v", netns, argv[0], err)
	}
	p.pid = shownPID(pidfd, p.cmd.Process.Pid)
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	l.mu.Lock()
	l.procs[name] = p
	l.mu.Unlock()
	return p, nil
}

// shownPID is the process ID that /proc has for a process, where /proc is not
// the lab's own: pidfd_show_fdinfo() translates it. It closes pidfd.
func shownPID(pidfd, pid int) int {
	if pidfd < 0 {
		return pid
	}
	defer unix.Close(pidfd)
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	if err != nil {
		return pid
	}
	for line := range strings.Lines(string(info)) {
		var shown int
		if n, _ := fmt.Sscanf(line, "Pid: %d", &shown); n == 1 && shown > 0 {
			return shown
		}
	}
	return pid
}

// Process returns the running process that was spawned under name.
func (l *Lab) Process(name string) (*Process, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.procs[name]
	if !ok || !p.Alive() {
		return nil, false
	}
	return p, true
}

// Kill stops the process spawned under name, if it runs.
func (l *Lab) Kill(name string) {
	if p, ok := l.Process(name); ok {
		p.Stop()
	}
	l.mu.Lock()
	delete(l.procs, name)
	l.mu.Unlock()
}

// Command prepares argv to run in the namespace netns: start it with Start, so
// that it is born there. Its own process group is killed when ctx ends.
func (l *Lab) Command(ctx context.Context, netns string, argv ...string) (*Cmd, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return &Cmd{Cmd: command(ctx, argv), do: ns.Do}, nil
}

// Cmd is an exec.Cmd that starts inside a namespace.
type Cmd struct {
	*exec.Cmd
	do func(func() error) error
}

// Start starts the command on a thread of its namespace.
func (c *Cmd) Start() error { return c.do(c.Cmd.Start) }

// Wait waits for the command, but not for what it left in the background.
func (c *Cmd) Wait() error {
	err := c.Cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// Run starts the command and waits for it.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Output runs the command and returns its standard output.
func (c *Cmd) Output() ([]byte, error) {
	var out syncBuffer
	c.Stdout = &out
	err := c.Run()
	return out.Bytes(), err
}

// CombinedOutput runs the command and returns what it printed.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	var out syncBuffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.Bytes(), err
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// lingering is how long the output of a process that has ended is waited for:
// a child that it left in the background may hold the pipe for ever.
const lingering = 100 * time.Millisecond

// command prepares a process that does not outlive the lab.
func command(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if _, ok := applets[argv[0]]; ok {
		cmd.Path, cmd.Err = filepath.Join(binDir, argv[0]), nil
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = lingering
	cmd.Env = os.Environ()
	return cmd
}

// starting is how long a program may take until it listens. On a slow machine
// (an emulated one, a kernel in user mode) it is seconds until a program begins
// at all; one that fails says so by ending, and is not waited for.
const starting = 20 * time.Second

// serving is where /proc/PID/net lists the sockets at which an applet waits for
// clients, and their state there: TCP_LISTEN, and TCP_CLOSE for UDP.
var serving = map[string]struct{ table, state string }{"web": {"tcp", "0A"}, "sidecar": {"tcp", "0A"}, "tell": {"udp", "07"}}

// Ready waits until p takes what clients send (the applets web, sidecar and tell) or runs
// (any other).
func (l *Lab) Ready(ctx context.Context, p *Process) error {
	if _, serves := serving[filepath.Base(p.cmd.Path)]; !serves {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	// Looking takes the time of the one that is looked at: it becomes rarer.
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 64*time.Millisecond) {
		listening, err := p.listening()
		if listening || err != nil {
			return err
		}
		select {
		case <-p.done:
			return say.Err("%s: %s ended at once: %s", "%s：%s 一启动就退出了：%s", p.Netns, p.Name, strings.TrimSpace(p.stderr.String()))
		case <-ctx.Done():
			return say.Err("%s: %s does not listen: %v", "%s：%s 没有监听：%v", p.Netns, p.Name, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// listening says whether the process holds a socket that waits for clients: its
// state, and one of its own inodes, in the table of /proc/PID/net.
func (p *Process) listening() (bool, error) {
	at := serving[filepath.Base(p.cmd.Path)]
	proc := filepath.Join("/proc", strconv.Itoa(p.PID()))
	table, err := os.ReadFile(filepath.Join(proc, "net", at.table))
	if err != nil {
		return false, nil // the process is just ending: Ready sees why
	}
	fds, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return false, nil
	}
	own := map[string]bool{}
	for _, fd := range fds {
		if link, err := os.Readlink(filepath.Join(proc, "fd", fd.Name())); err == nil {
			own[link] = true
		}
	}
	for _, line := range strings.Split(string(table), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == at.state && own["socket:["+fields[9]+"]"] {
			return true, nil
		}
	}
	return false, nil
}

// Processes lists the programs that were spawned and still run.
func (l *Lab) Processes() []*Process {
	l.mu.Lock()
	defer l.mu.Unlock()
	var running []*Process
	for _, p := range l.procs {
		if p.Alive() {
			running = append(running, p)
		}
	}
	return running
}
