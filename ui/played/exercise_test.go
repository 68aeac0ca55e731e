package played_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters/exercises"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/progress"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/claim"
	"nstutor/steps/exercise"
	"nstutor/ui"
)

func (m *memory) SetScore(string, progress.Score) {}

// startExercise opens the exercises at one, with a memory as the program has it.
func startExercise(t *testing.T, name string, seed uint64, memory *progress.Progress) *play {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := lab.New(ctx, lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &play{t: t, lab: l, msgs: make(chan tea.Msg)}
	send := func(msg any) {
		select {
		case p.msgs <- msg:
		case <-ctx.Done():
		}
	}
	m := ui.New(exercise.Course(exercises.All(), seed), ui.Options{Lang: "en", Start: name})
	m.Connect(ctx, steps.NewPlayer(l, m.Course), memory, send)
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
	send(tea.WindowSizeMsg{Width: 80, Height: 60})
	p.see("▸ "+name+"  ", " tries")
	return p
}

func newScores(t *testing.T) *progress.Progress {
	return progress.Load(filepath.Join(t.TempDir(), "progress.json"))
}

// task is the exercise on the screen.
func (p *play) task() *exercise.Task {
	return peek(p, func(m *ui.Model) *exercise.Task { return drillOf(m).Task })
}

// repairs types lines in their namespaces, by another hand.
func (p *play) repairs(lines []change.Change) {
	p.t.Helper()
	for _, c := range lines {
		line := c.Command()
		if !installed(p.t, strings.Fields(line.String())[0]) {
			p.t.SkipNow()
		}
		if err := labtest.Type(p.t.Context(), p.lab, line.Netns, line.String()); err != nil {
			p.t.Fatal(err)
		}
	}
}

// scored waits until the exercise has a score that is as it should be.
func (p *play) scored(memory *progress.Progress, name string, right func(progress.Exercise) bool) progress.Exercise {
	p.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		known, ok := memory.Exercise(name)
		if ok && right(known) {
			return known
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the score of %s is %+v (%v)", name, known, ok)
		}
	}
}

// check reads to the end, and has the exercise checked.
func (p *play) check() {
	p.t.Helper()
	p.enterUntil("enter check")
	p.press("enter")
}

func TestAnExerciseIsBrokenUntilItIsRepaired(t *testing.T) {
	labtest.Slow(t)
	memory := newScores(t)
	p := startExercise(t, "dead-veth", 1, memory)
	p.see("●○○○", "links · seed 1", "enter check", "repair it with : or s")
	p.miss("what must work") // nothing is given away before the first check
	for _, c := range p.task().Case().Fix {
		line := c.Command()
		if strings.Contains(p.view(), line.String()) {
			t.Errorf("the solution is on the screen:\n%s", p.view())
		}
	}

	p.check() // nothing is applied
	p.see("what must work", "what must stay as it was", "✗ ", "there is: ", "1 try,")
	p.scored(memory, "dead-veth", func(e progress.Exercise) bool { return e.Last.Tries == 1 && !e.Last.Solved && e.Best == nil })

	wrong := p.task().Case().Wrong[0].Lines
	p.repairs(wrong)
	p.check()
	p.see("2 tries,", "hold")

	p.repairs(p.task().Case().Fix)
	p.see("✓ Solved.", "3 tries, no hints", "where it comes from", "https://", " 1/")
	got := p.scored(memory, "dead-veth", func(e progress.Exercise) bool { return e.Last.Solved })
	if got.Best == nil || got.Best.Tries != 3 || got.Best.Seed != 1 || got.Best.Hints+got.Best.Why+got.Best.Commands != 0 {
		t.Errorf("the score is %+v", got.Best)
	}

	next := peek(p, func(m *ui.Model) string { id, _ := m.Stage.Next(); return id })
	p.enterUntil("enter: " + next)
	p.press("enter")
	p.see("▸ "+next+"  ", "0 tries")
	p.miss("▸ dead-veth  ")
}

// Each language and each variation has words of its own.
func TestSeedsOfAnExerciseDiffer(t *testing.T) {
	view := func(seed uint64) string {
		return startExercise(t, "dead-veth", seed, newScores(t)).view()
	}
	if one, two := view(1), view(2); one == two {
		t.Errorf("seeds 1 and 2 look the same:\n%s", one)
	}
}

func TestTypedCommandsOfAnExerciseCount(t *testing.T) {
	labtest.Slow(t)
	if !installed(t, "ip") {
		return
	}
	memory := newScores(t)
	p := startExercise(t, "dead-veth", 2, memory)
	p.press(":")
	fix := p.task().Case().Fix
	for i, c := range fix {
		line := c.Command()
		p.see("command line")
		peek(p, func(m *ui.Model) int { m.ChooseNetns(line.Netns); return 0 })
		p.types(line.String())
		p.wait(func(string) bool {
			return peek(p, func(m *ui.Model) bool { return m.Typing.Run == nil && m.Commands == i+1 })
		}, "it does not end")
	}
	p.see("✓ Solved.", "esc, enter:")
	got := p.scored(memory, "dead-veth", func(e progress.Exercise) bool { return e.Last.Solved })
	if got.Last.Commands != len(fix) || got.Last.Tries != 1 {
		t.Errorf("the score is %+v, typed were %d", got.Last, len(fix))
	}
}

func TestStartingAnExerciseAnew(t *testing.T) {
	labtest.Slow(t)
	p := startExercise(t, "dead-veth", 1, newScores(t))
	p.check()
	p.see("1 try,")
	ns := p.task().Case().Fix[0].Command().Netns
	if err := p.lab.DelNetns(p.task().Case().Watch.Netns); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"u", "r"} {
		if key == "u" { // the lab was changed: it is asked about
			p.press(key)
			p.see("all you changed goes")
			p.press("tab")
			p.miss("all you changed goes")
			p.press("shift+tab", key)
			p.see("all you changed goes")
		}
		p.press(key)
		p.see("1 try,", "repair it with : or s")
		p.check()
		p.see("2 tries,")
		peek(p, func(m *ui.Model) int { drillOf(m).Tries = 1; return 0 })
	}
	if _, err := p.lab.NS(ns); err != nil {
		t.Error(err)
	}
	p.repairs(p.task().Case().Fix)
	p.see("✓ Solved.", "2 tries")
	p.press("u") // once more, and of its own
	p.see("0 tries, no hints", "repair it with : or s")
}

func TestWhyCostsAndHintsCount(t *testing.T) {
	labtest.Slow(t)
	memory := newScores(t)
	p := startExercise(t, "dead-veth", 1, memory)
	p.press("w")
	p.see("w again names the fault; it is counted")
	p.press("tab")
	p.miss("w again names the fault")
	p.press("shift+tab", "w")
	p.see("w again names the fault")
	p.press("w")
	p.see("explained once")
	p.scored(memory, "dead-veth", func(e progress.Exercise) bool { return e.Last.Why == 1 })
	p.press("w")
	p.see("repair it with : or s")

	p.press("h")
	p.see("hint 1/3  Not yet: ", "1 hint")
	if fix := p.task().Case().Fix[0].Command(); strings.Contains(p.view(), fix.String()) {
		t.Errorf("the first hint is the answer:\n%s", p.view())
	}
	p.press("h")
	p.see("hint 2/3  ", "2 hints")
	p.press("h")
	p.see("hint 3/3  ", "ype: ", "3 hints")
	p.press("h")
	time.Sleep(300 * time.Millisecond)
	p.see("3 hints, explained once")
	p.scored(memory, "dead-veth", func(e progress.Exercise) bool { return e.Last.Hints == 3 && e.Last.Why == 1 })
}

// Closing the program takes no hint back: the same fault is the same try.
func TestAnExerciseGoesOnWithItsScore(t *testing.T) {
	memory := newScores(t)
	memory.SetScore("dead-veth", progress.Score{Seconds: 100, Commands: 7, Hints: 2, Tries: 4, Seed: 3})
	p := startExercise(t, "closed-door", 3, memory)
	p.press("g")
	p.see("type to filter")
	p.press("d", "e", "a", "d", "enter")
	p.see("▸ dead-veth  ", "7 commands, 4 tries, 2 hints")
	p.press("g")
	p.see("type to filter")
	p.press("c", "l", "o", "s", "e", "enter")
	p.see("▸ closed-door  ", "0 commands, 0 tries, no hints")
}

// After the first of two repairs the hints are about the second fault.
func TestHintsFollowTheFault(t *testing.T) {
	labtest.Slow(t)
	p := startExercise(t, "after-the-reboot", 1, newScores(t))
	c := p.task().Case()
	p.press("h")
	p.see("hint 1/3", "1 hint")
	first := peek(p, func(m *ui.Model) string { return drillOf(m).Fault })
	p.repairs(c.Fix[:c.First])
	p.press("h")
	p.see("2 hints")
	if second := peek(p, func(m *ui.Model) string { return drillOf(m).Fault }); second == first && first != "written" {
		t.Errorf("the second hint is about %s, as the first was", second)
	}
}

func TestTheChallengeShowsItsConditions(t *testing.T) {
	labtest.Slow(t)
	p := startExercise(t, "be-the-cni", 1, newScores(t))
	p.see("what must work", "· ")
	p.check()
	p.see("✗ ", "1 try,")
}

// The ping of the live pane, and the one that is explained, is as large as the
// exercise's.
func TestPingOfAnExerciseIsAsLarge(t *testing.T) {
	labtest.Slow(t)
	p := startExercise(t, "small-plug", 3, newScores(t))
	watch := p.task().Case().Watch
	if watch.Size == 0 {
		t.Skip("the exercise pings with little")
	}
	tried := watch.Tried()
	p.see(watch.Netns+" > "+tried.Target(), "silence: icmp_seq=1 was sent")
	p.press("w", "w")
	p.see("why? · "+watch.Netns+" "+tried.Command(), "mtu-exceeded")
}

// drillOf is the try at the exercise on the screen.
func drillOf(m *ui.Model) *session.Drill { return m.Stage.(*session.Drill) }

// TestUTakesBackTheLastCommand: what was typed before stays; and where a shell was
// there too, nothing goes without a question.
func TestUTakesBackTheLastCommand(t *testing.T) {
	if !installed(t, "ip") {
		return
	}
	labtest.Slow(t)
	p := startExercise(t, "be-the-cni", 1, newScores(t))
	p.press(":")
	routes := []string{"198.51.100.0/25", "198.51.100.128/25"}
	for i, route := range routes {
		p.see("command line")
		peek(p, func(m *ui.Model) int { m.ChooseNetns("host"); return 0 })
		p.types("ip route add " + route + " dev lo")
		p.wait(func(string) bool {
			return peek(p, func(m *ui.Model) bool {
				return m.Typing.Run == nil && m.Commands == i+1 && m.Stage.Offer().GoBack == session.MoveUndo
			})
		}, "it is not noticed")
		p.wait(func(string) bool { return p.hasRoute(route) }, "no route")
	}
	p.types("ip route show")
	p.wait(func(string) bool {
		return peek(p, func(m *ui.Model) bool { return m.Typing.Run == nil && m.Commands == 3 })
	}, "it runs on")
	p.press("esc")
	p.press("u")
	p.wait(func(string) bool { return !p.hasRoute(routes[1]) && p.hasRoute(routes[0]) }, "not only the last is taken back")
	p.still()
	p.press("u")
	p.wait(func(string) bool { return !p.hasRoute(routes[0]) }, "not taken back")
}

// hasRoute says whether the node has a route.
func (p *play) hasRoute(dst string) bool {
	_, there, _ := claim.RouteIs{Netns: "host", Dst: dst}.Look(p.t.Context(), p.lab, nil)
	return there
}

// TestAShellInAnExerciseIsNotPassedOver: nobody counts what is typed there, and the
// score says so.
func TestAShellInAnExerciseIsNotPassedOver(t *testing.T) {
	labtest.Slow(t)
	p := startExercise(t, "dead-veth", 1, newScores(t))
	if _, err := p.lab.Shell(t.Context(), "host", nil); err != nil {
		t.Fatal(err)
	}
	p.check()
	p.see("0 commands and those in 1 shell (not counted), 1 try")
}
