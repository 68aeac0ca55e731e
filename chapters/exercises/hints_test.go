package exercises_test

import (
	"strings"

	"nstutor/internal/change"
	"nstutor/steps"
)

// guided types the reference solution line by line, where the exercise says by what
// each is seen: the last hint never names a line that has been done, names the next
// one, and is short.
func (g *game) guided() {
	c := g.task.Case()
	if len(c.Signs) == 0 {
		return
	}
	if len(c.Signs) != len(c.Fix) {
		g.Fatalf("%d signs for %d lines", len(c.Signs), len(c.Fix))
	}
	g.restart()
	for i, line := range c.Fix {
		hints := g.task.Guide(g.Context(), g.l).Hints
		if len(hints) != 3 {
			g.Fatalf("before line %d: %d hints", i, len(hints))
		}
		for _, lang := range []string{"en", "zh"} {
			text := hints[2].In(lang)
			if !strings.Contains(text, "`"+steps.Typed(line.Command())+"`") || strings.Count(text, "`") > 6 {
				g.Errorf("before %q: %s", line.Command(), text)
			}
			for _, done := range c.Fix[:i] {
				if strings.Contains(text, "`"+done.Command().String()+"`") {
					g.Errorf("%q has been done: %s", done.Command(), text)
				}
			}
		}
		if !g.typed([]change.Change{line}) {
			return
		}
	}
	if hints := g.task.Guide(g.Context(), g.l).Hints; len(hints) != 0 {
		g.Errorf("solved, and the hint is %v", hints)
	}
}
