package cli

import (
	"context"
	"os"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/diag/verify"
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
	return t.draw(report.Titles(world.Titles()).Of(t.answer, t.app.language("")))
}

// tried tells the answer, and behind it what came of trying its fix. People have the
// answer first; programs have both in one value.
func (t telling) tried(ctx context.Context, world *machine.Machine, req explain.Request) error {
	if !t.json {
		if err := t.all(world); err != nil {
			return err
		}
	}
	v, err := verify.Try(ctx, world, req, t.answer)
	switch {
	case err != nil:
		return err
	case t.json:
		return writeJSON(os.Stdout, struct {
			explain.Answer
			Verified *verify.Verified `json:"verified,omitempty"`
		}{t.answer, v})
	}
	return t.draw(v.Lines(t.app.language("")))
}

func (t telling) draw(lines []report.Line) error { return t.app.drawingOn(os.Stdout).draw(lines) }
