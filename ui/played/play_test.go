package played_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/ui"
)

// play is the course on a screen of its own, over a real lab: what Bubble Tea's
// program does, except that the screen can be looked at.
type play struct {
	t        *testing.T
	lab      *lab.Lab
	progress *memory
	model    *ui.Model
	msgs     chan tea.Msg

	mu     sync.Mutex
	screen string
	quit   bool
}

// startPlay opens the course at a step, in an 80x24 terminal, and waits until
// the lab stands there.
func startPlay(t *testing.T, step string) *play { return playIn(t, chapters.All(), step) }

// playIn opens a course at a step.
func playIn(t *testing.T, course steps.Course, step string) *play {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := lab.New(ctx, lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &play{t: t, lab: l, progress: newMemory(), msgs: make(chan tea.Msg)}
	send := func(msg any) {
		select {
		case p.msgs <- msg:
		case <-ctx.Done():
		}
	}
	m := ui.New(course, ui.Options{Lang: "en", Start: step})
	m.Connect(ctx, steps.NewPlayer(l, m.Course), p.progress, send)
	p.model = m

	var running sync.WaitGroup
	running.Go(func() { p.loop(ctx, send) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		m.Save()
		m.Rest()
		l.Close()
	})
	send(tea.WindowSizeMsg{Width: 80, Height: 24})
	p.wait(func(view string) bool {
		return strings.Contains(view, "to do  ") || strings.Contains(view, "enter begins the chapter")
	}, "no step")
	if peek(p, func(m *ui.Model) bool { return m.Scene.Opening() }) {
		p.enterUntil("to do  ")
	}
	return p
}

// loop is Bubble Tea's event loop.
func (p *play) loop(ctx context.Context, send func(any)) {
	var run func(tea.Cmd)
	run = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		go func() {
			switch msg := cmd().(type) {
			case nil:
			case tea.BatchMsg:
				for _, each := range msg {
					run(each)
				}
			default:
				send(msg)
			}
		}()
	}
	run(p.model.Init())
	for {
		select {
		case msg := <-p.msgs:
			if _, ok := msg.(tea.QuitMsg); ok {
				p.mu.Lock()
				p.quit = true
				p.mu.Unlock()
				continue
			}
			if see, ok := msg.(glance); ok {
				see(p.model)
				continue
			}
			_, cmd := p.model.Update(msg)
			run(cmd)
			p.mu.Lock()
			p.screen = p.model.View()
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// glance is a look at the model between two messages.
type glance func(m *ui.Model)

func (p *play) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.msgs <- keyMsg(key)
	}
}

func (p *play) view() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen
}

// see waits until all the texts are on the screen at once.
func (p *play) see(texts ...string) {
	p.t.Helper()
	p.wait(func(view string) bool {
		for _, text := range texts {
			if !strings.Contains(view, text) {
				return false
			}
		}
		return true
	}, "no %q", texts)
}

// miss waits until the text is not on the screen.
func (p *play) miss(text string) {
	p.t.Helper()
	p.wait(func(view string) bool { return !strings.Contains(view, text) }, "still %q", text)
}

func (p *play) wait(holds func(view string) bool, complaint string, args ...any) {
	p.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !holds(p.view()) {
		if time.Now().After(deadline) {
			p.t.Fatalf(complaint+" on the screen:\n%s", append(args, p.view())...)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// apply answers the question, has the command shown, and runs it.
func (p *play) apply() {
	p.t.Helper()
	p.press("1")
	p.run()
}

// enterUntil presses enter until the text is on the screen.
func (p *play) enterUntil(text string) {
	p.t.Helper()
	for range 20 {
		p.still()
		if strings.Contains(p.view(), text) {
			return
		}
		p.press("enter")
	}
	p.t.Fatalf("enter does not lead to %q:\n%s", text, p.view())
}

// still returns once the screen shows what came of the last key.
func (p *play) still() {
	p.t.Helper()
	p.wait(func(string) bool {
		return peek(p, func(m *ui.Model) bool { return m.Working == 0 && !m.Scene.Keeping })
	}, "still at work")
}

// netns does something to a namespace of the lab, by another hand.
func (p *play) by(action steps.Action) {
	p.t.Helper()
	if err := action.Change(p.lab).Apply(p.t.Context(), p.lab); err != nil {
		p.t.Fatal(err)
	}
}

// memory is a Progress that lasts as long as the test.
type memory struct {
	mu       sync.Mutex
	done     map[string]bool
	how      map[string]progress.Way
	choices  map[string]int
	hints    map[string]int
	position string
	lang     string
}

func newMemory() *memory {
	return &memory{done: map[string]bool{}, how: map[string]progress.Way{}, choices: map[string]int{}, hints: map[string]int{}}
}

func (m *memory) lock() func() { m.mu.Lock(); return m.mu.Unlock }

func (m *memory) Done(id string) bool { defer m.lock()(); return m.done[id] }
func (m *memory) MarkDone(id string, how progress.Way) {
	defer m.lock()()
	m.done[id], m.how[id] = true, how
}
func (m *memory) way(id string) progress.Way       { defer m.lock()(); return m.how[id] }
func (m *memory) Predict(id string, c int, _ bool) { defer m.lock()(); m.choices[id] = c }
func (m *memory) Prediction(id string) (int, bool) {
	defer m.lock()()
	c, ok := m.choices[id]
	return c, ok
}
func (m *memory) Hints(id string) int      { defer m.lock()(); return m.hints[id] }
func (m *memory) UseHint(id string, n int) { defer m.lock()(); m.hints[id] = n }
func (m *memory) Position() string         { defer m.lock()(); return m.position }
func (m *memory) SetPosition(id string)    { defer m.lock()(); m.position = id }
func (m *memory) SetLang(lang string)      { defer m.lock()(); m.lang = lang }
func (m *memory) language() string         { defer m.lock()(); return m.lang }
func (m *memory) Warning() say.Text        { return say.Text{} }

func (m *memory) Known(id string) progress.Known {
	defer m.lock()()
	choice, answered := m.choices[id]
	prose, _ := chapters.Text("en", id)
	return progress.Known{Done: m.done[id], Hints: m.hints[id], Answered: answered, Right: answered && choice == prose.Predict.Right}
}

func (m *memory) Refresh()                                  {}
func (m *memory) Exercise(string) (progress.Exercise, bool) { return progress.Exercise{}, false }
func (m *memory) ResetExercises(...string) error            { return nil }

func (m *memory) Reset(ids ...string) error {
	defer m.lock()()
	for _, id := range ids {
		delete(m.done, id)
		delete(m.choices, id)
		delete(m.hints, id)
	}
	return nil
}

func (m *memory) ResetAll() error {
	var ids []string
	for step := range chapters.All().Steps() {
		ids = append(ids, step.ID)
	}
	return m.Reset(ids...)
}

func keyMsg(key string) tea.KeyMsg {
	for _, special := range []tea.KeyType{tea.KeyEnter, tea.KeyTab, tea.KeyShiftTab, tea.KeyEsc, tea.KeyUp, tea.KeyDown, tea.KeyPgUp, tea.KeyPgDown, tea.KeyHome, tea.KeyEnd, tea.KeyCtrlC, tea.KeyCtrlZ,
		tea.KeyCtrlN, tea.KeyCtrlP, tea.KeyCtrlD, tea.KeyCtrlL, tea.KeyCtrlUp, tea.KeyCtrlDown} {
		if msg := (tea.KeyMsg{Type: special}); msg.String() == key {
			return msg
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
}
