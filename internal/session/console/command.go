package console

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// commandLimit is how long a command of the learner's may run.
const commandLimit = 60 * time.Second

// typedGrace is how long a command that was asked to stop has for its last
// words, such as the statistics of ping.
const typedGrace = time.Second

// typedPause is the shortest time between two reports of a command's output.
const typedPause = 40 * time.Millisecond

// Hands are what the learner works with: commands in the lab, and its shell.
type Hands struct {
	ctx      context.Context // of the program
	Lab      *lab.Lab
	Limit    time.Duration // of a command
	Terminal *Handover     // for the shell; nil: there is none to hand over
	running  sync.WaitGroup
}

// NewHands makes hands for a lab, until ctx ends.
func NewHands(ctx context.Context, l *lab.Lab) *Hands {
	return &Hands{ctx: ctx, Lab: l, Limit: commandLimit}
}

// Rest waits until nothing of the learner's runs any more. The context has to
// be over.
func (h *Hands) Rest() { h.running.Wait() }

// Ending is why a command is over.
type Ending int

const (
	endedItself  Ending = iota
	EndedByKey          // ctrl+c
	EndedByTime         // it ran for longer than it may
	EndedByClose        // its pane was closed
)

// Command is a command that the learner typed, while it runs and after.
type Command struct {
	Gen         int
	Netns, Line string
	Columns     int // of the pane
	Began       time.Time
	output      spool
	ended       chan struct{} // closed when it is over
	kill        context.CancelFunc

	mu  sync.Mutex
	pid int // of its process group; 0: it does not run yet
	Why Ending
	err error

	rest string // the unfinished line; only next uses it
}

// Run starts a command, and does not wait for it.
func (h *Hands) Run(r *Command) *Command {
	ctx, kill := context.WithCancel(h.ctx)
	r.output, r.ended, r.kill = newSpool(), make(chan struct{}), kill
	h.running.Go(func() {
		defer close(r.ended)
		defer kill()
		err := r.follow(ctx, h)
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
	})
	return r
}

// follow runs the command to its end.
func (r *Command) follow(ctx context.Context, h *Hands) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = say.Err("panic: %v", "程序出错（panic）：%v", p)
		}
	}()
	cmd, err := h.Lab.Typed(ctx, r.Netns, r.Line)
	if err != nil {
		return err
	}
	outer, inner, err := openTTY(r.Columns)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = inner, inner
	cmd.Env = append(cmd.Environ(), "PAGER=cat", "MANPAGER=cat", "GIT_PAGER=cat", "SYSTEMD_PAGER=cat")
	r.mu.Lock()
	if err = cmd.Start(); err == nil {
		r.pid = cmd.Process.Pid
	}
	r.mu.Unlock()
	inner.Close()
	if err != nil {
		outer.Close()
		return err
	}
	exited, told := make(chan struct{}), make(chan struct{})
	go r.hear(outer, exited, told)
	defer time.AfterFunc(h.Limit, func() { r.Stop(EndedByTime) }).Stop()
	err = cmd.Wait()
	close(exited)
	outer.SetReadDeadline(time.Now())
	<-told
	return err
}

// Stop asks the command to end as ctrl+c in a terminal does, and makes it after
// a while, or at once when it is asked again.
func (r *Command) Stop(why Ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Why != endedItself || why == EndedByClose || r.pid == 0 {
		r.kill()
	}
	if r.Why == endedItself {
		r.Why = why
	}
	if group := -r.pid; group < 0 {
		unix.Kill(group, unix.SIGINT)
		time.AfterFunc(typedGrace, func() {
			r.kill()
			unix.Kill(group, unix.SIGKILL) // a shell's background commands do not hear SIGINT
		})
	}
}

// over says whether the command has ended.
func (r *Command) over() bool { return isClosed(r.ended) }

// Next waits for more output or for the end, and reports it.
func (r *Command) Next() any {
	select {
	case <-r.output.fresh:
		select {
		case <-time.After(typedPause):
		case <-r.ended:
		}
	case <-r.ended:
	}
	msg := Output{Gen: r.Gen, Ended: r.over()}
	raw, lost := r.output.take()
	msg.Lines, msg.Lost = r.cut(raw, lost)
	msg.Open = clean(r.rest)
	if msg.Ended {
		if r.rest != "" {
			msg.Lines, msg.Open = append(msg.Lines, msg.Open), ""
		}
		r.mu.Lock()
		msg.Why, msg.Err = r.Why, r.err
		r.mu.Unlock()
	}
	return msg
}

// LongestLine is where a line without an end is broken, in bytes.
const LongestLine = 4096

// cut makes clean lines of output, and keeps the one that is not finished. Of
// more lines than are kept only the last are looked at.
func (r *Command) cut(raw string, lost bool) ([]string, bool) {
	if lost {
		r.rest = ""
	}
	lines := strings.Split(r.rest+raw, "\n")
	if extra := len(lines) - 1 - TapeLines; extra > 0 {
		lines, lost = lines[extra:], true
	}
	var broken []string
	for _, line := range lines {
		for len(line) > LongestLine {
			at := LongestLine
			for at > LongestLine-utf8.UTFMax && !utf8.RuneStart(line[at]) {
				at--
			}
			broken = append(broken, line[:at])
			line = line[at:]
		}
		broken = append(broken, line)
	}
	last := len(broken) - 1
	r.rest = broken[last]
	broken = slices.Clip(broken[:last])
	for i := range broken {
		broken[i] = clean(broken[i])
	}
	return broken, lost
}

// spool takes a command's output until it is fetched. Of a flood it keeps the
// end, and slows it down, so that the rest of the machine can breathe.
type spool struct {
	fresh chan struct{} // there is something to fetch
	mu    sync.Mutex
	raw   []byte
	lost  bool
}

func newSpool() spool { return spool{fresh: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.raw = append(s.raw, p...)
	flooded := len(s.raw) > 2*TapeBytes
	if flooded {
		s.raw = append(s.raw[:0], s.raw[len(s.raw)-TapeBytes:]...)
		s.lost = true
	}
	s.mu.Unlock()
	select {
	case s.fresh <- struct{}{}:
	default:
	}
	if flooded {
		time.Sleep(time.Millisecond)
	}
	return len(p), nil
}

// take fetches what has come, and says whether something before it was lost.
func (s *spool) take() (raw string, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, lost = string(s.raw), s.lost
	s.raw, s.lost = s.raw[:0], false
	return raw, lost
}
