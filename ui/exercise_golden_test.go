package ui

import (
	"errors"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters/exercises"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/steps/exercise/check"
)

// fixtureExercises are two exercises whose text is in the fixture.
var fixtureExercises = []exercise.Exercise{
	{
		Name: "no-way-out", Level: 2, Group: "routes", Source: []string{"https://github.com/containernetworking/cni/issues/61"},
		Make: func(*exercise.Seed) exercise.Case {
			return exercise.Case{
				Goals:  []check.Check{check.Reaches("ns1", "192.168.6.160"), check.Reaches("ns1", "203.0.113.10")},
				Guards: []check.Check{check.Blocked("host", "172.20.1.99")},
				Watch:  steps.Watch{Netns: "ns1", Ping: "192.168.6.160"},
			}
		},
	},
	{Name: "other", Level: 3, Group: "nat", Make: func(*exercise.Seed) exercise.Case { return exercise.Case{} }},
}

var fixtureDrillProse = map[string]exercises.Prose{
	"en": {
		Title:   "No way out",
		Symptom: "> Since the restart `ns1` (172.20.1.10) has no network at all: `Network is unreachable`. The node is fine.\n\nLet `ns1` out again.",
		Solved:  "`ns1` had **no default route**. The kernel asks first which route covers the destination, and none did: so nothing was ever sent.",
	},
	"zh": {
		Title:   "无路可走",
		Symptom: "> 重启之后，`ns1`（172.20.1.10）完全没有网络：`Network is unreachable`。节点一切正常。\n\n让 `ns1` 重新连上外面。",
		Solved:  "`ns1` **没有默认路由**。内核首先问哪一条路由覆盖目的地址，一条也没有，所以什么都没发出去。",
	},
}

// fixtureExercise is the beginning of an exercise, without a lab behind it.
func fixtureExercise(t testing.TB, opts Options) *Model {
	t.Helper()
	m := New(exercise.Course(fixtureExercises, 4711), opts)
	now := fixtureTime
	m.Now = func() time.Time { return now }
	m.Network.NeighTimeout = 3 * time.Second
	step, _ := m.Course.Step("no-way-out")
	before := fixtureSnapshots(false)
	was := steps.State{Before: change.Before{Netns: map[string]*table.Snapshot{}}}
	for _, snap := range before {
		was.Netns[snap.Name] = snap
	}
	m.Scene.Gen, m.Working = 1, 1
	send(m, session.Entered{Gen: 1, Step: step, Was: was, Command: change.Command{Argv: []string{"the", "solution"}}})
	drillOf(m).Prose, m.Scene.ProseErr = fixtureDrillProse[m.Lang], nil
	m.Scene.Prose.Title = drillOf(m).Prose.Title
	send(m, feed.Names{"host", "inet", "ns1"})
	for _, snap := range before {
		send(m, feed.Snapshot{Snapshot: snap})
	}
	now = now.Add(83 * time.Second)
	return m
}

// fixtureWrong is an exercise after a check that one goal did not pass, and
// another could not be checked, with a hint.
func fixtureWrong(t testing.TB, opts Options) *Model {
	m := fixtureExercise(t, opts)
	conditions := fixtureConditions(m)
	conditions[0].Met, conditions[0].Seen = false, "ping: connect: Network is unreachable"
	conditions[1].Err = errors.New("ns1: no such network namespace")
	drillOf(m).Checking, drillOf(m).Counts = true, true
	m.Commands = 3
	send(m, session.DrillChecked{Gen: 1, Conditions: conditions})
	send(m, session.DrillHint{Gen: 1, Guide: steps.Guide{About: "no-route ns1", Hints: []say.Text{say.T("Look at `%s`.", "看看 `%s`。", "ip -n ns1 route")}}})
	return m
}

// fixtureSolved is an exercise that was solved, better than before.
func fixtureSolved(t testing.TB, opts Options) *Model {
	m := fixtureWrong(t, opts)
	drillOf(m).Before, drillOf(m).Knew = progress.Exercise{Best: &progress.Score{Seconds: 200, Commands: 5, Tries: 9, Hints: 1, Solved: true}}, true
	send(m, session.DrillChecked{Gen: 1, Conditions: fixtureConditions(m)})
	return m
}

func fixtureConditions(m *Model) []steps.Condition {
	var conditions []steps.Condition
	for _, c := range append(append([]check.Check{}, drillOf(m).Task.Case().Goals...), drillOf(m).Task.Case().Guards...) {
		conditions = append(conditions, steps.Condition{Want: c.Text, Table: c.Table, Met: true})
	}
	return conditions
}

// The golden screens of the exercises. Review them like code.
func TestGoldenExercises(t *testing.T) {
	en, zh, ascii := Options{Lang: "en"}, Options{Lang: "zh"}, Options{Lang: "en", ASCII: true}
	for _, c := range []struct {
		name          string
		state         func(testing.TB, Options) *Model
		opts          Options
		width, height int
		keys          []string
	}{
		{"exercise-80x24-en", fixtureExercise, en, 80, 24, nil},
		{"exercise-80x24-zh", fixtureExercise, zh, 80, 24, nil},
		{"exercise-120x36-en", fixtureExercise, en, 120, 36, nil},
		{"exercise-costs-80x24-en", fixtureExercise, en, 80, 24, []string{"w"}},
		{"exercise-costs-80x24-zh", fixtureExercise, zh, 80, 24, []string{"w"}},
		{"exercise-list-80x24-en", fixtureExercise, en, 80, 24, []string{"g"}},
		{"exercise-help-80x24-zh", fixtureExercise, zh, 80, 24, []string{"?"}},
		{"exercise-wrong-80x24-en", fixtureWrong, en, 80, 24, nil},
		{"exercise-wrong-80x24-ascii", fixtureWrong, ascii, 80, 24, nil},
		{"exercise-wrong-120x36-en", fixtureWrong, en, 120, 36, nil},
		{"exercise-wrong-120x36-zh", fixtureWrong, zh, 120, 36, nil},
		{"exercise-wrong-200x50-en", fixtureWrong, en, 200, 50, nil},
		{"exercise-solved-80x24-en", fixtureSolved, en, 80, 24, nil},
		{"exercise-solved-80x24-zh", fixtureSolved, zh, 80, 24, nil},
		{"exercise-solved-120x36-en", fixtureSolved, en, 120, 36, nil},
		{"exercise-solved-120x36-ascii", fixtureSolved, ascii, 120, 36, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.state(t, c.opts)
			send(m, tea.WindowSizeMsg{Width: c.width, Height: c.height})
			m.View()
			for _, key := range c.keys {
				send(m, keyMsg(key))
			}
			got := m.View()
			if problem := wrongSize(got, c.width, c.height); problem != "" {
				t.Error(problem)
			}
			golden(t, c.name, got)
		})
	}
}

// drillOf is the try at the exercise on the screen.
func drillOf(m *Model) *session.Drill { return m.Stage.(*session.Drill) }
