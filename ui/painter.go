package ui

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// framePause is the shortest time between two frames.
const framePause = time.Second / 120

// painter writes frames to the terminal when there are any. Bubble Tea's own
// renderer looks a fixed number of times a second whether there is one: sixty, or
// as many as it is told. Side by side in one run, with a ping in the lab and
// nobody at the keys, the course took 59 ticks of CPU time in 60 s with the
// painter and 72 to 76 with the renderer at fifteen frames a second, which also
// lets a key wait four times as long for what it does; at ten, 30 instead of 27 in
// 30 s. The renderer keeps the terminal's modes and looks once a second; its view
// is the first line of ours, so that what it writes is there already.
type painter struct {
	out    io.Writer
	frames chan string // the newest frame that is not painted yet

	mu    sync.Mutex
	away  bool     // the terminal belongs to somebody else
	shown []string // lines on the screen; nil: not known
}

func newPainter(out io.Writer) *painter {
	return &painter{out: out, frames: make(chan string, 1)}
}

// show has a frame painted, in place of one that was not painted yet. A frame of
// nothing, as there is before the terminal's size is known, is none: the pause after
// it would be what the first real one waits for. Only the event loop calls it.
func (p *painter) show(frame string) {
	if frame == "" {
		return
	}
	select {
	case <-p.frames:
	default:
	}
	p.frames <- frame
}

// run paints until ctx ends.
func (p *painter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-p.frames:
			p.paint(frame)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(framePause):
		}
	}
}

// paint writes the lines that differ from those on the screen. Every line fills
// its row, so nothing has to be erased.
func (p *painter) paint(frame string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return
	}
	lines := strings.Split(frame, "\n")
	var b strings.Builder
	if len(p.shown) != len(lines) {
		p.shown = make([]string, len(lines))
		b.WriteString("\x1b[2J")
	}
	for i, line := range lines {
		if line != p.shown[i] {
			b.WriteString("\x1b[" + strconv.Itoa(i+1) + ";1H\x1b[0m" + line)
		}
	}
	p.shown = lines
	if b.Len() > 0 {
		io.WriteString(p.out, b.String())
	}
}

// Leave stops painting, and Back begins again on a screen of which nothing is
// known. No frame is written after Leave has returned.
func (p *painter) Leave() { p.turn(true) }
func (p *painter) Back()  { p.turn(false) }

// forget takes it that nothing of what is on the screen is known.
func (p *painter) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = nil
}

func (p *painter) turn(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away, p.shown = away, nil
}

// follow is a filter for the event loop: it takes part in what happens to the
// terminal.
func (p *painter) follow(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg, tea.QuitMsg:
		p.Leave()
	case tea.ResumeMsg:
		p.Back()
	case tea.WindowSizeMsg:
		p.forget()
	}
	return msg
}

// painted is a model whose views the painter shows.
type painted struct {
	*Model
	painter *painter
}

// Update implements tea.Model.
func (p painted) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := p.Model.Update(msg)
	return p, cmd
}

// View implements tea.Model.
func (p painted) View() string {
	frame := p.Model.View()
	p.painter.show(frame)
	first, _, _ := strings.Cut(frame, "\n")
	return first
}
