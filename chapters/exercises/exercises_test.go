package exercises_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"nstutor/chapters/exercises"
	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/lab/standin"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/steps/exercise/check"
)

var (
	seeds  = flag.Int("seeds", 2, "how many variations of each exercise are played")
	first  = flag.Uint64("seed", 1, "the first of them")
	shards = flag.Int("shards", 8, "how many labs play at the same time")
	shard  = flag.Int("shard", -1, "which one of them this process is")
)

// TestEveryExercise plays every exercise on the real kernel: it is broken as
// promised, explain finds it, no wrong idea solves it, the reference does.
//
// Most of that is waiting for pings that nobody answers, and a process has one
// lab: the exercises are dealt out to several processes.
func TestEveryExercise(t *testing.T) {
	labtest.Slow(t)
	if *shard < 0 && *shards > 1 {
		deal(t)
		return
	}
	l := labtest.New(t)
	number := 0
	for _, e := range exercises.All() {
		for seed := *first; seed < *first+uint64(*seeds); seed++ {
			if number++; *shard >= 0 && number%*shards != *shard {
				continue
			}
			t.Run(fmt.Sprintf("%s/seed%d", e.Name, seed), func(t *testing.T) { newGame(t, l, e, seed).play() })
		}
	}
}

// deal runs this test in processes of their own, each in its own lab.
func deal(t *testing.T) {
	pattern := flag.Lookup("test.run").Value.String()
	if pattern == "" {
		pattern = "^TestEveryExercise$"
	}
	outs, errs := make([][]byte, *shards), make([]error, *shards)
	var all sync.WaitGroup
	for i := range *shards {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run="+pattern, "-test.v="+fmt.Sprint(testing.Verbose()),
				fmt.Sprintf("-seeds=%d", *seeds), fmt.Sprintf("-seed=%d", *first), fmt.Sprintf("-shards=%d", *shards), fmt.Sprintf("-shard=%d", i))
			outs[i], errs[i] = cmd.CombinedOutput()
		})
	}
	all.Wait()
	for i, out := range outs {
		if errs[i] != nil {
			t.Errorf("shard %d: %v\n%s", i, errs[i], out)
		} else if testing.Verbose() {
			t.Logf("shard %d:\n%s", i, out)
		}
	}
}

// game is one variation of an exercise that is being played.
type game struct {
	*testing.T
	l      *lab.Lab
	player *steps.Player
	task   *exercise.Task
	step   steps.Step
	begin  steps.State
}

func newGame(t *testing.T, l *lab.Lab, e exercise.Exercise, seed uint64) *game {
	course := exercise.Course([]exercise.Exercise{e}, seed)
	step, _ := course.Step(e.Name)
	task, _ := exercise.Of(step)
	return &game{T: t, l: l, player: steps.NewPlayer(l, course), task: task, step: step}
}

func (g *game) play() {
	g.restart()
	g.begin = g.player.Was()
	g.broken()
	if g.task.Exercise.Level != exercise.Challenge {
		g.explained(0, false)
		g.explained(0, true)
	}
	for _, wrong := range g.task.Case().Wrong {
		g.tempted(wrong)
	}
	g.restart()
	g.same("after a restart")
	g.guided()
	g.restart()
	g.mend()
	if rebuilt, err := g.player.Undo(g.Context()); err != nil || !rebuilt {
		g.Errorf("undo: rebuilt %v, %v", rebuilt, err)
	}
	g.same("after undo")
	for _, also := range g.task.Case().Also {
		g.restart()
		if g.typed(also) {
			g.solved()
		}
	}
}

func (g *game) restart() {
	g.Helper()
	if err := g.player.Goto(g.Context(), g.step.ID); err != nil {
		g.Fatal(err)
	}
}

// same compares the lab with how the exercise began.
func (g *game) same(when string) {
	g.Helper()
	for _, change := range steps.DiffState(g.begin, g.player.Was(), false) {
		g.Errorf("%s: %v", when, change)
	}
}

// broken makes sure that every guard holds, and that some goal does not.
func (g *game) broken() {
	g.Helper()
	goals, guards := g.task.Case().Goals, g.task.Case().Guards
	failing := 0
	for i, v := range check.Try(g.Context(), g.l, append(append([]check.Check{}, goals...), guards...)) {
		switch {
		case v.Err != nil:
			g.Errorf("%s: %v", v.Text, v.Err)
		case i < len(goals) && !v.OK:
			failing++
			g.Logf("broken: %s: %s", v.Text, v.Seen)
		case i >= len(goals) && !v.OK:
			g.Errorf("while broken the guard does not hold: %s: %s", v.Text, v.Seen)
		}
		if !v.Table.Empty() && slices.Contains(standin.Programs, v.Table.Argv[0]) {
			if _, err := standin.Read(v.Table.Argv); err != nil {
				g.Errorf("a bare machine cannot run what %q names: %v", v.Text, err)
			}
		}
		if v.Text.In("zh") == "" || v.Table.Empty() {
			g.Errorf("%s: no Chinese, or no command that shows it", v.Text)
		}
	}
	if failing == 0 {
		g.Error("every goal holds although it is broken")
	}
	if done, err := g.player.Done(g.Context()); done || err != nil {
		g.Errorf("done is %v (%v) although it is broken", done, err)
	}
	if err := g.player.Apply(g.Context()); err == nil {
		g.Error("something was applied for the learner")
	}
}

// explained makes sure that explain names fault number i.
func (g *game) explained(i int, probe bool) {
	g.Helper()
	c := g.task.Case()
	world := machine.New()
	defer world.Close()
	from, err := world.Open(c.Watch.Netns)
	if err != nil {
		g.Fatal(err)
	}
	to, proto, port, _ := c.Watch.Tried().Flow()
	a, err := explain.Explain(g.Context(), world, explain.Request{
		From: from, Dest: netip.MustParseAddr(to), Size: c.Watch.Size, DF: c.Watch.DF, Probe: probe, Timeout: g.l.PingTimeout(),
		Proto: proto, Port: port, SrcPort: c.Watch.SrcPort,
	})
	if err != nil {
		g.Fatal(err)
	}
	if a.Cause.Code == c.Causes[i] && a.Cause.Netns == c.At[i] {
		return
	}
	g.Errorf("fault %d: explain (probe %v) says %s in %q, want %s in %q\n%s", i+1, probe, a.Cause.Code, a.Cause.Netns, c.Causes[i], c.At[i], account(a))
}

func account(a explain.Answer) string {
	var b strings.Builder
	for _, line := range report.Of(a, "en") {
		fmt.Fprintf(&b, "\t%s\n", line.Text)
	}
	return b.String()
}

// tempted follows a wrong idea on a fresh build: it must not solve it, and the
// conditions must say what is not so, and why it is refused.
func (g *game) tempted(wrong exercise.Tempting) {
	g.Helper()
	if wrong.Why.String() == "" || wrong.Why.In("zh") == "" {
		g.Error("a wrong idea without a Why in both languages")
	}
	g.restart()
	if !g.typed(wrong.Lines) {
		return
	}
	unmet := 0
	for i, c := range g.step.Action.Conditions(g.Context(), g.l) {
		if c.Err != nil {
			g.Errorf("after %v it cannot be checked: %v", wrong.Lines, c.Err)
		}
		if !c.Met {
			unmet++
			if i -= len(g.task.Case().Goals); i >= 0 && g.task.Case().Guards[i].Why.IsZero() {
				g.Errorf("%v is refused, and the guard %q does not say why (Because)", wrong.Lines, g.task.Case().Guards[i].Text)
			}
			g.Logf("%s: %s (%s)", wrong.Why, c.Want, c.Seen)
		}
	}
	if unmet == 0 {
		g.Errorf("%v solves it", wrong.Lines)
	}
}

// mend types the reference solution. The first fault's repair must bring the
// second one to light.
func (g *game) mend() {
	g.Helper()
	c := g.task.Case()
	if c.First > 0 {
		if !g.typed(c.Fix[:c.First]) {
			return
		}
		if done, err := g.player.Done(g.Context()); done || err != nil {
			g.Errorf("solved (%v, %v) although only the first fault is repaired", done, err)
		}
		g.explained(1, false)
		g.explained(1, true)
	}
	if !g.typed(c.Fix[c.First:]) {
		return
	}
	g.solved()
	if done, err := g.player.Done(g.Context()); !done || err != nil {
		g.Errorf("done is %v (%v) after the reference solution", done, err)
	}
}

// solved makes sure that every goal and guard holds.
func (g *game) solved() {
	g.Helper()
	for _, condition := range g.step.Action.Conditions(g.Context(), g.l) {
		if !condition.Met || condition.Err != nil {
			g.Errorf("the reference does not solve it: %s (%s) %v", condition.Want, condition.Seen, condition.Err)
		}
	}
}

// typed types lines as a person would, and says whether it could. Where the machine
// lacks a tool, the change is made without it; a line that is none is not tried.
func (g *game) typed(lines []change.Change) bool {
	g.Helper()
	for _, c := range lines {
		line := c.Command()
		tool := strings.Fields(line.String())[0]
		_, err := exec.LookPath(tool)
		_, bare := c.(change.Line)
		switch {
		case err != nil && bare && slices.Contains([]string{"ip", "iptables", "sysctl", "bridge", "nft", "conntrack", "ethtool", "curl"}, tool):
			g.Logf("%s is not installed: %q is not tried", tool, line.String())
			return false
		case err != nil && !bare:
			err = c.Apply(g.Context(), g.l)
		default:
			err = labtest.Type(g.Context(), g.l, line.Netns, line.String())
		}
		if err != nil {
			g.Errorf("it cannot be typed: %v", err)
		}
	}
	g.hurry()
	return true
}

// hurry gives the devices that were made by typing the short ARP timers of this
// lab: a proxy of theirs would take up to 0.8 s to answer.
func (g *game) hurry() {
	g.Helper()
	for _, netns := range g.l.Names() {
		ns, err := g.l.NS(netns)
		if err != nil {
			continue
		}
		h, err := ns.Handle()
		if err != nil {
			g.Fatal(err)
		}
		links, err := h.LinkList()
		if err != nil {
			g.Fatal(err)
		}
		for _, link := range links {
			if err := g.l.PinDevice(ns, link.Attrs().Name); err != nil {
				g.Error(err)
			}
		}
	}
}

// TestSeedsDiffer makes sure that another seed is another variation, and the
// same one the same.
func TestSeedsDiffer(t *testing.T) {
	for _, e := range exercises.All() {
		one, again := e.Make(exercise.NewSeed(1, e.Name)), e.Make(exercise.NewSeed(1, e.Name))
		other := e.Make(exercise.NewSeed(2, e.Name))
		if !reflect.DeepEqual(one.Vars, again.Vars) || !reflect.DeepEqual(one.Fix, again.Fix) {
			t.Errorf("%s: the same seed makes %v and %v", e.Name, one.Vars, again.Vars)
		}
		if reflect.DeepEqual(one.Vars, other.Vars) {
			t.Errorf("%s: two seeds make the same words %v", e.Name, one.Vars)
		}
	}
}
