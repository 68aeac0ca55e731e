package cli

import (
	"strings"
	"testing"
)

// FuzzCommandLine: whatever is typed behind nstutor is understood or refused in
// one sentence; nothing is run here.
func FuzzCommandLine(f *testing.F) {
	for _, line := range []string{
		"", "run 2.3 --fast", "explain 10.0.0.1 --from pid:1 --size 9999 --df", "explain 10.0.0.0/8", "explain --from", "progress reset all --yes",
		"exercise --seed 18446744073709551616", "apply masquerade --source x", "--lang", "--lang=\x1b", "explain [::1%25\xff]:80", "shell -- -x", "-o json doctor", "--\x00",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		root := (&app{}).root()
		cmd, rest, err := root.Find(strings.Split(line, " "))
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err == nil && cmd.Name() == "explain" {
			err = oneTarget(cmd, cmd.Flags().Args())
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%q is refused without a word", line)
		}
	})
}

// FuzzExerciseName: a name that is none is refused in one short sentence, soon.
func FuzzExerciseName(f *testing.F) {
	for _, name := range []string{"dead-veth", "DEAD-veht", "", "-", "\xff", "veth veth veth"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := chooseExercise([]string{name})
		if err == nil && got != name {
			t.Errorf("%q is taken for %q", name, got)
		}
		if err != nil && len(err.Error()) > 4*len(name)+200 {
			t.Errorf("%q is refused in %d bytes", name, len(err.Error()))
		}
	})
}
