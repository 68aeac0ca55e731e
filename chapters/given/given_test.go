package given

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nstutor/chapters/exercises"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/netfile"
	"nstutor/internal/replica"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// example is the folder that the documentation shows.
const example = "../../docs/exercise"

// broken are the promises of an exercise that are not kept.
func broken(t *testing.T, l *lab.Lab, e exercise.Exercise) (texts []string) {
	t.Helper()
	proofs, err := Prove(t.Context(), l, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proofs {
		if !p.Kept {
			texts = append(texts, p.Text.In("en"))
		}
		t.Log(p.Kept, p.Text, p.Seen)
	}
	return texts
}

func TestTheExampleOfTheDocumentationIsProven(t *testing.T) {
	labtest.Slow(t)
	e, err := Folder(example)
	if err != nil {
		t.Fatal(err)
	}
	if texts := broken(t, labtest.New(t), e); len(texts) > 0 {
		t.Errorf("not kept: %v", texts)
	}
	for _, lang := range say.Langs {
		if p, err := exercises.Text(lang, e, nil); err != nil || len(p.Hints) != 3 {
			t.Errorf("%s: %+v, %v", lang, p, err)
		}
	}
}

// altered is a copy of the example with one file changed; text "" takes it away.
func altered(t *testing.T, file, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mine")
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, file)
	err := os.Remove(name)
	if text != "" {
		err = os.WriteFile(name, []byte(text), 0o600)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return dir
}

func TestAnExerciseThatDoesNotKeepItsPromisesIsFoundOut(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, c := range []struct{ name, file, text, broken string }{
		{"nothing is broken", "break", "", "it is broken"},
		{"a guard that never held", "checks", "goal pod reaches 203.0.113.10\nguard pod reaches 203.0.113.53\n", "while it is broken, what must stay is there"},
		{"a wrong idea that is right", "wrong", "inet: ip route add 10.20.0.0/16 via 192.168.6.160 dev up0\n", "wrong idea 1 does not solve it"},
		{"a fix that is none", "fix", "pod: ip link set eth0 up\n", "the fix solves it"},
		{"a fix that fails", "fix", "pod: ip route add 10.99.0.0/24 via 10.98.0.1 dev eth0\n", "the fix solves it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Folder(altered(t, c.file, c.text))
			if err != nil {
				t.Fatal(err)
			}
			if texts := broken(t, l, e); !strings.Contains(strings.Join(texts, "\n"), c.broken) {
				t.Errorf("found out: %q, want %q", texts, c.broken)
			}
		})
	}
}

func TestAFolderThatCannotBeReadIsToldInOneSentence(t *testing.T) {
	for _, c := range []struct{ name, file, text, says string }{
		{"no network", "network", "", "network: an exercise of one's own needs this file"},
		{"no checks", "checks", "", "checks: an exercise of one's own needs this file"},
		{"a command that is none", "network", "pod: rm -rf /\n", "network: line 1: rm -rf /: no such change"},
		{"a shell", "fix", "\npod: ip link set eth0 up; touch /tmp/x\n", "fix: line 2: "},
		{"a setting of the machine", "break", "host: sysctl -w kernel.hostname=x\n", "is no setting of a network namespace"},
		{"a setting of the machine, reached through the key's slashes", "break", "host: sysctl -w net.//.kernel.hostname=x\n", "is no setting of a network namespace"},
		{"a program that iptables is to start", "break", "host: iptables -A FORWARD --modp=/tmp/x -j DROP\n", "is not understood here"},
		{"a program joined with another option", "break", "host: iptables -A FORWARD -vM /tmp/x -j DROP\n", "is not understood here"},
		{"a network that is none", "break", "host: ip route add $(id) dev eth0\n", `break: line 1: ip route add '$(id)' dev eth0: "$(id)" is neither an address nor a network`},
		{"a line that is too long", "fix", "pod: " + strings.Repeat("x", 2000) + "\n", "fix: line 1: it is longer than"},
		{"no text", "checks", "g\x00o\x00a\x00l\x00", "checks: this is no text"},
		{"too many commands", "break", strings.Repeat("host: sysctl -w net.ipv4.ip_forward=1\n", 2000), "break: line 1001: an exercise has no more than"},
		{"a check that is none", "checks", "goal pod rings 203.0.113.10:80\n", `checks: line 1: "rings": a check knows`},
		{"a command in no namespace", "network", "ip netns add pod\npod ip link set lo up\n", "network: line 2: pod ip link set lo up: in which namespace?"},
		{"a goal to nowhere", "checks", "goal pod reaches example.com\n", `checks: line 1: "example.com" is no address`},
		{"a goal that is none", "checks", "goal pod likes 10.0.0.1\n", "a check knows reaches"},
		{"no goal", "checks", "guard pod reaches 10.0.0.1\n", "there is no goal"},
		{"a text without a symptom", "en.md", "# Title\n", "en.md: text of the exercise"},
		{"a capture of a newer version", "network", "nstutor network 99\n", "of version 99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Folder(altered(t, c.file, c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if err != nil && say.Quote(err).In("zh") == say.Quote(err).In("en") {
				t.Errorf("it is not told in Chinese: %v", err)
			}
		})
	}
}

// A line that cannot be done is named, with its file.
func TestALineThatFailsIsNamed(t *testing.T) {
	l := labtest.New(t)
	dir := altered(t, "break", "# away with it\ninet: ip route del 10.99.0.0/24 via 192.168.6.160 dev up0\n")
	e, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prove(t.Context(), l, e)
	for lang, want := range map[string]string{"en": "break: line 2: inet: ", "zh": "break：第 2 行：inet"} {
		if said := say.Quote(err).In(lang); !strings.HasPrefix(said, dir) || !strings.Contains(said, want) {
			t.Errorf("%s: %s", lang, said)
		}
	}
}

// Files of another system end their lines otherwise.
func TestAFolderWithOtherEndsOfLinesIsRead(t *testing.T) {
	for _, file := range []string{"network", "break", "checks", "fix", "wrong", "en.md"} {
		text, err := os.ReadFile(filepath.Join(example, file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Folder(altered(t, file, strings.ReplaceAll(string(text), "\n", "\r\n"))); err != nil {
			t.Error(err)
		}
	}
}

// TestACapturedNetworkIsAnExercise takes a broken lab down, and has it repaired in
// another: what does not get through is the goal, and what does must stay.
func TestACapturedNetworkIsAnExercise(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	e, err := Folder(example)
	if err != nil {
		t.Fatal(err)
	}
	player := steps.NewPlayer(l, exercise.Course([]exercise.Exercise{e}, 1))
	if err := player.Goto(t.Context(), e.Name); err != nil {
		t.Fatal(err)
	}
	var sources []replica.Source
	for _, name := range l.Names() {
		ns, err := l.NS(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, replica.Source{Name: name, NS: ns})
	}
	network, err := replica.Read(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []netfile.Asked{
		{From: "pod", Proto: "icmp", Dest: netip.MustParseAddr("203.0.113.10")},
		{From: "inet", Proto: "tcp", Dest: netip.MustParseAddr("10.20.0.2"), Port: 8080},
	} {
		t.Run(asked.Proto, func(t *testing.T) {
			var text strings.Builder
			if err := (netfile.File{Asked: &asked, Network: network}).Write(&text); err != nil {
				t.Fatal(err)
			}
			f, err := netfile.Read(text.String())
			if err != nil {
				t.Fatal(err)
			}
			captured, err := Captured(t.Context(), l, "broken.txt", f)
			if err != nil {
				t.Fatal(err)
			}
			course := exercise.Course([]exercise.Exercise{captured}, 1)
			player := steps.NewPlayer(l, course)
			if err := player.Goto(t.Context(), captured.Name); err != nil {
				t.Fatal(err)
			}
			if done, err := player.Done(t.Context()); done || err != nil {
				t.Fatalf("done is %v (%v) although it is broken", done, err)
			}
			step, _ := course.Step(captured.Name)
			task, _ := exercise.Of(step)
			if len(task.Case().Guards) == 0 {
				t.Error("nothing has to stay as it is")
			}
			if len(task.Guide(t.Context(), l).Hints) == 0 {
				t.Error("there are no hints")
			}
			for _, c := range e.Make(nil).Fix {
				if err := c.Apply(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range step.Action.Conditions(t.Context(), l) {
				if !c.Met {
					t.Errorf("%s: %s %v", c.Want, c.Seen, c.Err)
				}
			}
			if rebuilt, err := player.Undo(t.Context()); err != nil || !rebuilt {
				t.Errorf("undo: rebuilt %v, %v", rebuilt, err)
			}
			if done, err := player.Done(t.Context()); done || err != nil {
				t.Errorf("after undo done is %v (%v)", done, err)
			}
			if _, err := exercises.Text("zh", captured, nil); err != nil {
				t.Error(err)
			}
		})
	}
}
