package chapters

import (
	"strings"
	"testing"
)

// FuzzProse: a text of a step is read whole, or refused: whoever writes one is
// told what is missing.
func FuzzProse(f *testing.F) {
	for _, id := range []string{"0.1", "2.6"} {
		raw, err := read("en", id)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, raw := range []string{"", "# t\n## Look\nl\n## Task\nt\n## Predict\nq\n- (x) a\n- ( ) b\n## After\na\n## Hints\n1. h\n", "# t\n## Look\nl\n## Predict\nq\n- (x) \n- ( ) b\n## After\na\n## Hints\n1. \n", "## \n# \n## Predict\n- (x) \n- ( ) \n", "\r\n# a\r\n"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := parse(raw)
		if err != nil {
			return
		}
		parts := append([]string{p.Title, p.Look, p.Task, p.After, p.Predict.Question}, append(p.Hints, p.Predict.Choices...)...)
		for _, part := range parts {
			if strings.TrimSpace(part) == "" {
				t.Errorf("%q is taken, with nothing in a place: %q", raw, parts)
			}
		}
		if p.Predict.Right < 0 || p.Predict.Right >= len(p.Predict.Choices) || len(p.Predict.Choices) < 2 {
			t.Errorf("%q is taken: answer %d of %d is right", raw, p.Predict.Right, len(p.Predict.Choices))
		}
	})
}
