package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// typedLimit is how long a command of the learner's may run.
const typedLimit = 60 * time.Second

// typedGrace is how long a command that was asked to stop has for its last
// words, such as the statistics of ping.
const typedGrace = time.Second

// typedPause is the shortest time between two reports of a command's output.
const typedPause = 40 * time.Millisecond

// hands are what the learner works with: commands in the lab, and its shell.
type hands struct {
	ctx      context.Context // of the program
	lab      *lab.Lab
	limit    time.Duration // of a command
	terminal *handover     // for the shell; nil: there is none to hand over
	running  sync.WaitGroup
}

func newHands(ctx context.Context, l *lab.Lab) *hands {
	return &hands{ctx: ctx, lab: l, limit: typedLimit}
}

// rest waits until nothing of the learner's runs any more. The context has to
// be over.
func (h *hands) rest() { h.running.Wait() }

// ending is why a command is over.
type ending int

const (
	endedItself  ending = iota
	endedByKey          // ctrl+c
	endedByTime         // it ran for longer than it may
	endedByClose        // its pane was closed
)

// typedRun is a command that the learner typed, while it runs and after.
type typedRun struct {
	gen         int
	netns, line string
	columns     int // of the pane
	began       time.Time
	output      spool
	ended       chan struct{} // closed when it is over
	kill        context.CancelFunc

	mu  sync.Mutex
	pid int // of its process group; 0: it does not run yet
	why ending
	err error

	rest string // the unfinished line; only next uses it
}

// run starts a command, and does not wait for it.
func (h *hands) run(r *typedRun) *typedRun {
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
func (r *typedRun) follow(ctx context.Context, h *hands) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	cmd, err := h.lab.Typed(ctx, r.netns, r.line)
	if err != nil {
		return err
	}
	outer, inner, err := openTTY(r.columns)
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
	defer time.AfterFunc(h.limit, func() { r.stop(endedByTime) }).Stop()
	err = cmd.Wait()
	close(exited)
	outer.SetReadDeadline(time.Now())
	<-told
	return err
}

// stop asks the command to end as ctrl+c in a terminal does, and makes it after
// a while, or at once when it is asked again.
func (r *typedRun) stop(why ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why != endedItself || why == endedByClose || r.pid == 0 {
		r.kill()
	}
	if r.why == endedItself {
		r.why = why
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
func (r *typedRun) over() bool { return isClosed(r.ended) }

// next waits for more output or for the end, and reports it.
func (r *typedRun) next() tea.Msg {
	select {
	case <-r.output.fresh:
		select {
		case <-time.After(typedPause):
		case <-r.ended:
		}
	case <-r.ended:
	}
	msg := typedMsg{gen: r.gen, ended: r.over()}
	raw, lost := r.output.take()
	msg.lines, msg.lost = r.cut(raw, lost)
	msg.open = clean(r.rest)
	if msg.ended {
		if r.rest != "" {
			msg.lines, msg.open = append(msg.lines, msg.open), ""
		}
		r.mu.Lock()
		msg.why, msg.err = r.why, r.err
		r.mu.Unlock()
	}
	return msg
}

// longestLine is where a line without an end is broken, in bytes.
const longestLine = 4096

// cut makes clean lines of output, and keeps the one that is not finished. Of
// more lines than are kept only the last are looked at.
func (r *typedRun) cut(raw string, lost bool) ([]string, bool) {
	if lost {
		r.rest = ""
	}
	lines := strings.Split(r.rest+raw, "\n")
	if extra := len(lines) - 1 - tapeLines; extra > 0 {
		lines, lost = lines[extra:], true
	}
	var broken []string
	for _, line := range lines {
		for len(line) > longestLine {
			at := longestLine
			for at > longestLine-utf8.UTFMax && !utf8.RuneStart(line[at]) {
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
	flooded := len(s.raw) > 2*tapeBytes
	if flooded {
		s.raw = append(s.raw[:0], s.raw[len(s.raw)-tapeBytes:]...)
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
