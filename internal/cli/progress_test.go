package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/chapters"
	"nstutor/internal/progress"
)

// exercised is a learner who has solved one exercise and tried another.
func exercised(t *testing.T) (*progress.Progress, []exerciseSummary) {
	memory := progress.Load(filepath.Join(t.TempDir(), "progress.json"))
	good := progress.Score{Seconds: 90, Commands: 3, Tries: 1, Seed: 1 << 63, Solved: true, When: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	memory.SetScore("dead-veth", good)
	memory.SetScore("dead-veth", progress.Score{Seconds: 300, Commands: 9, Tries: 4, Hints: 3, Why: 1, Solved: true, When: good.When})
	memory.SetScore("deaf-gateway", progress.Score{Seconds: 20, When: good.When})
	return memory, []exerciseSummary{
		{Name: "dead-veth", Title: "Nothing at all", Level: 1, Group: "links"},
		{Name: "deaf-gateway", Title: "Host unreachable", Level: 2, Group: "arp"},
		{Name: "small-tunnel", Title: "Small is fine", Level: 3, Group: "mtu"},
	}
}

func TestExercisesAreListedWithTheirBestScore(t *testing.T) {
	memory, exercises := exercised(t)
	for lang, want := range map[string]string{
		"en": `exercises
   ███░░░░░░░  1/3 solved
 ✓ dead-veth     level 1, links             1 min 30 s, 3 commands, 1 try, no
                                            hints
 … deaf-gateway  level 2, ARP and gateways  tried, not solved yet
   small-tunnel  level 3, MTU
`,
		"zh": `练习
   ███░░░░░░░  已解决 1/3
 ✓ dead-veth     难度 1，链路        1 分 30 秒，3 条命令，1 次检查，没用提示
 … deaf-gateway  难度 2，ARP 与网关  做过，尚未解决
   small-tunnel  难度 3，MTU
`,
	} {
		s, err := summarise(memory, chapters.All(), exercises, lang)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := (sheet{drawing{w: &out, lang: lang, width: pipeWidth}, unicodeSheet}).drawSummary(s); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), want) {
			t.Errorf("%s, want at its end\n%s", out.String(), want)
		}
	}
}

// The fields are those that a teacher's program relies on.
func TestTheSummarysJSONHasWhatATeacherNeeds(t *testing.T) {
	memory, exercises := exercised(t)
	memory.MarkDone("0.1", progress.Way{Hand: true, Seconds: 42, When: time.Date(2024, 5, 1, 12, 0, 0, 1, time.UTC)})
	memory.Predict("0.1", 0, true)
	memory.UseHint("0.1", 2)
	s, err := summarise(memory, chapters.All()[:1], exercises, "en")
	if err != nil {
		t.Fatal(err)
	}
	s.Chapters[0].Steps = s.Chapters[0].Steps[:1]
	var out bytes.Buffer
	if err := summaryJSON(&out, s); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Compact(&got, out.Bytes()); err != nil {
		t.Fatal(err)
	}
	const when = `"when":"2024-05-01T12:00:00Z"`
	const best = `"best":{"seconds":90,"commands":3,"hints":0,"tries":1,"why":0,"seed":"9223372036854775808","solved":true,` + when + `}`
	want := `{"schema":1,"position":"","chapters":[{"id":"0","title":"What Linux does with a packet","done":1,"hand":1,"total":7,` +
		`"predictions":{"asked":7,"answered":1,"right":1},"hints":2,` +
		`"steps":[{"id":"0.1","title":"An address for the node","done":true,"hints":2,"prediction":"right",` +
		`"how":{"hand":true,"shown":false,"seconds":42,` + when + `}}]}],` +
		`"exercises":[{"name":"dead-veth","title":"Nothing at all","level":1,"group":"links","tried":true,"solved":true,` + best +
		`,"last":{"seconds":300,"commands":9,"hints":3,"tries":4,"why":1,"seed":"0","solved":true,` + when + `}},` +
		`{"name":"deaf-gateway","title":"Host unreachable","level":2,"group":"arp","tried":true,"solved":false,"best":null,` +
		`"last":{"seconds":20,"commands":0,"hints":0,"tries":0,"why":0,"seed":"0","solved":false,` + when + `}},` +
		`{"name":"small-tunnel","title":"Small is fine","level":3,"group":"mtu","tried":false,"solved":false,"best":null,"last":null}]}`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestEveryGroupOfExercisesHasAName(t *testing.T) {
	for _, e := range allExercises("en") {
		if name := progress.Group(e.Group); name.In("en") == e.Group && name.In("zh") == e.Group {
			t.Errorf("%s: the group %q has no name", e.Name, e.Group)
		}
	}
}

// TestTheSummaryOfTheCourseForgetsAChapter does it by keys, and finds what
// another program did meanwhile.
func TestTheSummaryOfTheCourseForgetsAChapter(t *testing.T) {
	x := openTerminal(t, 120, 36)
	x.await(t, 0, "quit")
	path := x.statePath()
	for deadline := time.Now().Add(10 * time.Second); progress.Load(path).Position() != "0.1"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the course does not begin")
		}
	}
	other := progress.Load(path)
	other.MarkDone("0.2", progress.Way{})
	other.MarkDone("1.1", progress.Way{})
	mark := x.printed()
	x.tty.WriteString("qp") // closes the welcome
	x.await(t, mark, "1/7 done")
	x.await(t, mark, fmt.Sprintf("2/%d done, no predictions", len(chapters.All().IDs())))
	mark = x.printed()
	x.tty.WriteString("r")
	x.await(t, mark, "Forget chapter 0")
	if !progress.Load(path).Done("0.2") {
		t.Error("forgotten before the answer")
	}
	mark = x.printed()
	x.tty.WriteString("y")
	x.await(t, mark, "0/7 done")
	if p := progress.Load(path); p.Done("0.2") || !p.Done("1.1") {
		t.Errorf("0.2 %v, 1.1 %v", p.Done("0.2"), p.Done("1.1"))
	}
	x.tty.WriteString("qq") // the page, and the course
	if got := exitStatus(t, x.cmd); got != 0 {
		t.Errorf("exit status %d", got)
	}
}

// statePath is where the program in the terminal has its progress.
func (x *terminal) statePath() string {
	path := ""
	for _, variable := range x.cmd.Env {
		if state, ok := strings.CutPrefix(variable, "XDG_STATE_HOME="); ok {
			path = filepath.Join(state, "nstutor", "progress.json")
		}
	}
	return path
}

func TestOnATerminalAResetAsksFirst(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		forgotten    bool
	}{
		{"yes", "y\n", 0, true},
		{"no", "n\n", exitBroken, false},
		{"enter only", "\n", exitBroken, false},
		{"end of input", "\x04", exitBroken, false},
		{"ctrl+c", "\x03", 128 + int(syscall.SIGINT), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := openTerminal(t, 80, 24, "progress", "reset", "0")
			x.await(t, 0, `Forget chapter 0, "What Linux does with a packet"? This cannot be undone. [y/N] `)
			mark := x.printed()
			x.tty.WriteString(c.answer)
			if got := exitStatus(t, x.cmd); got != c.status {
				t.Errorf("exit status %d, want %d", got, c.status)
			}
			if c.forgotten {
				x.await(t, mark, "Forgotten: chapter 0") // what was printed last may still be on its way
			}
			if got := strings.Contains(x.since(mark), "Forgotten: chapter 0"); got != c.forgotten {
				t.Errorf("said: %q", x.since(mark))
			}
		})
	}
}
