package door

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/lab/tty"
	"nstutor/internal/say"
)

const (
	// hangUpGrace is how long a shell may take to end after its terminal went away.
	hangUpGrace = time.Second
	// lastOutput is how long its terminal is read on when the shell has ended.
	lastOutput = 50 * time.Millisecond
	// inputPatience is how long input waits for a program that does not read.
	inputPatience = time.Second
)

// attend runs a shell on a terminal of its own for a visitor at the other end of
// conn. It returns when the shell has ended, or when the visitor has gone and
// the shell with them.
func attend(ctx context.Context, l *lab.Lab, conn net.Conn, from *bufio.Reader, asked invitation) {
	master, cmd, err := openShell(ctx, l, asked)
	if err != nil {
		no := refused{Reason: say.Pack(err)}
		if errors.Is(err, lab.ErrNoNamespace) {
			no.Names = l.Names()
		}
		sendValue(conn, frameRefused, no)
		return
	}
	defer master.Close()
	if sendFrame(conn, frameWelcome, nil) != nil {
		conn.Close()
	}
	go func() {
		listen(from, master)
		// The visitor has gone: so has the shell's terminal, which tells it
		// so (SIGHUP), and it tells its jobs.
		master.Close()
		time.AfterFunc(hangUpGrace, cmd.kill)
	}()
	var ended atomic.Bool
	told := make(chan struct{})
	go func() {
		defer close(told)
		tell(master, conn, &ended)
	}()
	cmd.Wait()
	ended.Store(true)
	master.SetReadDeadline(time.Now())
	<-told
	if ctx.Err() != nil {
		return // not the shell has ended, but the lab
	}
	status := binary.BigEndian.AppendUint32(nil, uint32(exitStatus(cmd.ProcessState)))
	sendFrame(conn, frameExit, status)
}

// shellProcess is a shell that runs; kill ends it by force.
type shellProcess struct {
	*lab.Cmd
	kill func()
}

// openShell starts the shell that was asked for.
func openShell(ctx context.Context, l *lab.Lab, asked invitation) (*os.File, *shellProcess, error) {
	ctx, kill := context.WithCancel(ctx)
	cmd, err := l.Shell(ctx, asked.Netns, asked.Variables)
	if err != nil {
		kill()
		return nil, nil, err
	}
	master, slave, err := tty.Open(asked.Window)
	if err != nil {
		kill()
		return nil, nil, err
	}
	defer slave.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err := cmd.Start(); err != nil {
		kill()
		master.Close()
		return nil, nil, err
	}
	return master, &shellProcess{cmd, kill}, nil
}

// listen hands what the visitor types on to the terminal, until they go.
func listen(from *bufio.Reader, master *os.File) {
	for {
		kind, payload, err := receiveFrame(from)
		if err != nil {
			return
		}
		switch kind {
		case frameInput:
			// Like any terminal, it loses what is typed and not read.
			master.SetWriteDeadline(time.Now().Add(inputPatience))
			if _, err := master.Write(payload); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		case frameWindow:
			var size tty.Window
			if json.Unmarshal(payload, &size) == nil {
				tty.SetSize(master, size)
			}
		}
	}
}

// tell hands the terminal's output on to the visitor. When the shell has ended,
// a job in the background may still hold the terminal: then the end is where
// nothing comes any more.
func tell(master *os.File, conn net.Conn, ended *atomic.Bool) {
	buf := make([]byte, 1<<15)
	for last := false; ; {
		n, err := master.Read(buf)
		if n > 0 && sendFrame(conn, frameOutput, buf[:n]) != nil {
			return
		}
		switch {
		case err == nil && !last:
		case err == nil:
			master.SetReadDeadline(time.Now().Add(lastOutput))
		case errors.Is(err, os.ErrDeadlineExceeded) && ended.Load() && !last:
			last = true
			master.SetReadDeadline(time.Now().Add(lastOutput))
		default:
			return
		}
	}
}

// exitStatus is a process's exit status as a shell has it: 128 and the signal
// for one that was killed.
func exitStatus(state *os.ProcessState) int {
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// Attend opens the learner's shell in netns on a terminal of its own, and shows
// it on the terminal of in and out, which is raw meanwhile. It returns when the
// shell has ended, with its exit status.
//
// The error is a *NoNetnsError when there is no such namespace. When ctx ends,
// it is ctx's.
func Attend(ctx context.Context, l *lab.Lab, netns string, in, out *os.File) (exit int, err error) {
	here, there := net.Pipe()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer there.Close()
		welcome(ctx, l, there, nil)
	}()
	exit, err = visit(ctx, here, netns, in, out)
	here.Close()
	<-gone
	return exit, err
}

// welcome answers one connection.
func welcome(ctx context.Context, l *lab.Lab, conn net.Conn, describe func() description) {
	from := bufio.NewReader(conn)
	conn.SetReadDeadline(time.Now().Add(askingTime))
	kind, payload, err := receiveFrame(from)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Time{})
	switch kind {
	case frameAbout:
		conn.SetWriteDeadline(time.Now().Add(askingTime))
		sendValue(conn, frameAbout, describe())
	case frameShell:
		var asked invitation
		if err := json.Unmarshal(payload, &asked); err != nil {
			sendValue(conn, frameRefused, refused{Reason: say.Pack(err)})
			return
		}
		if asked.Netns == "" {
			asked.Netns = lab.Host
		}
		asked.Variables = ofTerminal(asked.Variables)
		attend(ctx, l, conn, from, asked)
	}
}
