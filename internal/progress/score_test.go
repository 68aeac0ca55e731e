package progress_test

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nstutor/internal/progress"
)

var (
	clumsy  = progress.Score{Seconds: 300, Commands: 20, Hints: 2, Tries: 3, Why: 1, Seed: 7, Solved: true, When: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	deft    = progress.Score{Seconds: 90, Commands: 3, Tries: 1, Seed: math.MaxUint64, Solved: true, When: time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC)}
	givenUp = progress.Score{Seconds: 10, Commands: 1, Seed: 8, When: time.Date(2024, 5, 3, 12, 0, 0, 0, time.UTC)}
)

func TestTheLastTryAndTheBestSolveAreRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	for _, c := range []struct {
		name  string
		tries []progress.Score
		last  progress.Score
		best  *progress.Score
	}{
		{"given up", []progress.Score{givenUp}, givenUp, nil},
		{"solved", []progress.Score{givenUp, clumsy}, clumsy, &clumsy},
		{"solved better", []progress.Score{clumsy, deft}, deft, &deft},
		{"solved worse", []progress.Score{deft, clumsy}, clumsy, &deft},
		{"given up later", []progress.Score{clumsy, givenUp}, givenUp, &clumsy},
	} {
		p := progress.Load(path)
		if _, ok := p.Exercise(c.name); ok {
			t.Errorf("%s: a score before any try", c.name)
		}
		for _, s := range c.tries {
			p.SetScore(c.name, s)
		}
		for _, p := range []*progress.Progress{p, progress.Load(path)} {
			if got, ok := p.Exercise(c.name); !ok || !cmp.Equal(got, progress.Exercise{Last: c.last, Best: c.best}) {
				t.Errorf("%s: remembered is %+v", c.name, got)
			}
		}
	}
	if e, ok := progress.Load(path).Exercise("solved worse"); !ok || *e.Best != deft {
		t.Errorf("others have been remembered since: %+v", e)
	}
}

func TestLessHelpThenFewerTriesThenFewerCommandsThenLessTimeIsBetter(t *testing.T) {
	order := []progress.Score{
		{Solved: true, Seconds: 900, Commands: 1, Tries: 1},
		{Solved: true, Seconds: 901, Commands: 1, Tries: 1},
		{Solved: true, Seconds: 1, Commands: 30, Tries: 1},
		{Solved: true, Seconds: 1, Commands: 1, Tries: 2},
		{Solved: true, Hints: 1, Tries: 1},
		{Solved: true, Hints: 1, Why: 1, Tries: 1},
		{Solved: false},
	}
	for i, better := range order {
		for k, worse := range order {
			if got := better.Better(worse); got != (i < k) {
				t.Errorf("%+v better than %+v: %v", better, worse, got)
			}
		}
	}
}

func TestAScoreIsToldInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		score  progress.Score
		en, zh string
	}{
		{deft, "1 min 30 s, 3 commands, 1 try, no hints", "1 分 30 秒，3 条命令，1 次检查，没用提示"},
		{clumsy, "5 min 0 s, 20 commands, 3 tries, 2 hints, explained once", "5 分 0 秒，20 条命令，3 次检查，2 条提示，看了 1 次解释"},
		{progress.Score{Seconds: 59, Commands: 1, Hints: 1, Why: 3}, "59 s, 1 command, 0 tries, 1 hint, explained 3 times", "59 秒，1 条命令，0 次检查，1 条提示，看了 3 次解释"},
		{progress.Score{Seconds: 1, Shells: 1}, "1 s, 0 commands and those in 1 shell (not counted), 0 tries, no hints", "1 秒，0 条命令，外加 1 个 shell 里的（不计），0 次检查，没用提示"},
		{progress.Score{Seconds: 7325}, "2 h 2 min, 0 commands, 0 tries, no hints", "2 小时 2 分，0 条命令，0 次检查，没用提示"},
	} {
		if got := c.score.Say(); got.In("en") != c.en || got.In("zh") != c.zh {
			t.Errorf("%q\n%q", got.In("en"), got.In("zh"))
		}
	}
}

func TestACountIsToldInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		sum    progress.Sum
		en, zh string
	}{
		{progress.Sum{Steps: 6, Done: 6, Hand: 4, Answered: 5, Right: 4, Hints: 1}, "6/6 done, 4 by hand, 4 of 5 predictions right, 1 hint", "完成 6/6，亲手完成 4，预测 5 次，对 4 次，1 条提示"},
		{progress.Sum{Steps: 7, Done: 1, Answered: 1, Hints: 12}, "1/7 done, 0 of 1 prediction right, 12 hints", "完成 1/7，预测 1 次，对 0 次，12 条提示"},
		{progress.Sum{Steps: 7}, "0/7 done, no predictions, no hints", "完成 0/7，没有做预测，没用提示"},
	} {
		if got := c.sum.Say(); got.In("en") != c.en || got.In("zh") != c.zh {
			t.Errorf("%q\n%q", got.In("en"), got.In("zh"))
		}
	}
}
