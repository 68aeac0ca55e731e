package cli

import (
	"context"
	"os"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/diag/verify"
	"nstutor/internal/say"
)

// telling is how an answer is told.
type telling struct {
	app    *app
	json   bool
	answer explain.Answer
}

// all tells the answer.
func (t telling) all(world *machine.Machine) error {
	if t.json {
		return writeJSON(os.Stdout, t.answer)
	}
	return t.draw(report.Titles(world.Titles()).Of(t.answer, t.app.lang))
}

// tried tries the fix of the answer, and tells both. What the copy did not need is
// no part of the fix that is told; where another fix passed, it is that.
func (t telling) tried(ctx context.Context, world *machine.Machine, req explain.Request) error {
	v, err := verify.Try(ctx, world, req, t.answer)
	if err != nil {
		return say.Join(t.all(world), say.At("--verify", err))
	}
	if v != nil && v.Passed {
		t.answer.Fix = v.Fix
	}
	if t.json {
		return writeJSON(os.Stdout, struct {
			explain.Answer
			Verified *verify.Verified `json:"verified"` // null: there was nothing to try
		}{t.answer, v})
	}
	lines := report.Titles(world.Titles()).Of(t.answer, t.app.lang)
	if t.answer.Verdict != explain.Delivered {
		lines = append(lines, v.Lines(t.app.lang)...)
	}
	return t.draw(lines)
}

func (t telling) draw(lines []report.Line) error { return t.app.drawingOn(os.Stdout).draw(lines) }
