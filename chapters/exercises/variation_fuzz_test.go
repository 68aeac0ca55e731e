package exercises

import (
	"strings"
	"testing"

	"nstutor/steps/exercise"
)

// FuzzProse: a text of an exercise is read whole, or refused.
func FuzzProse(f *testing.F) {
	for _, raw := range []string{"# t\n## Symptom\ns\n## Solved\nx\n## Hints\n1. h\n2. \n", "", "# \n## Symptom\n## Solved\n", "## Hints\n. \n"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := parse(raw)
		if err != nil {
			return
		}
		for _, part := range append([]string{p.Title, p.Symptom, p.Solved}, p.Hints...) {
			if strings.TrimSpace(part) == "" {
				t.Errorf("%q is taken, with nothing in a place: %q", raw, p)
			}
		}
	})
}

// FuzzVariation: every seed of every exercise makes a case whose text can be
// read, and the same one each time.
func FuzzVariation(f *testing.F) {
	for i, e := range All() {
		f.Add(uint64(i), e.Name)
	}
	f.Add(^uint64(0), "be-the-cni")
	f.Fuzz(func(t *testing.T, seed uint64, name string) {
		e, ok := Find(name)
		if !ok {
			return
		}
		one, again := e.Make(exercise.NewSeed(seed, name)), e.Make(exercise.NewSeed(seed, name))
		for _, lang := range []string{"en", "zh"} {
			p, err := Text(lang, e, one.Vars)
			if err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
			if q, _ := Text(lang, e, again.Vars); q.Symptom != p.Symptom || q.Solved != p.Solved {
				t.Errorf("%s, seed %d, differs from itself", name, seed)
			}
			if strings.Contains(p.Symptom+p.Solved, "<no value>") {
				t.Errorf("%s, seed %d: a word is missing in %q", name, seed, p.Symptom)
			}
		}
		if len(one.Goals) == 0 || len(one.Fix) == 0 || len(one.Causes) != len(one.At) {
			t.Errorf("%s, seed %d: %d goals, %d lines of a solution, %d causes at %d places", name, seed, len(one.Goals), len(one.Fix), len(one.Causes), len(one.At))
		}
	})
}
