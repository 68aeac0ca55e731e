package cli

import (
	"context"
	"os"
	"slices"

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
	// missing is what of the network that was asked about is not there: it is a file's.
	missing []say.Text
}

// told is an answer as JSON.
type told struct {
	explain.Answer
	Verified  any        `json:"verified,omitempty"` // with --verify a *verify.Verified, which is null where there was nothing to try
	NotCopied []say.Text `json:"not_copied,omitempty"`
}

// all tells the answer.
func (t telling) all(world *machine.Machine) error {
	if t.json {
		return writeJSON(os.Stdout, told{t.answer, nil, t.missing})
	}
	return t.draw(report.Titles(world.Titles()).Of(t.answer, t.app.lang))
}

// tried tries the fix of the answer, and tells both. What the copy did not need is
// no part of the fix that is told; where another fix passed, it is that.
func (t telling) tried(ctx context.Context, begun *verify.Begun, world *machine.Machine, req explain.Request) error {
	v, err := begun.Try(ctx, world, req, t.answer)
	if err != nil {
		return say.Join(t.all(world), say.At("--verify", err))
	}
	if v != nil && v.Passed {
		t.answer.Fix = slices.Concat(v.Fix, t.answer.Onward)
	}
	if t.json {
		return writeJSON(os.Stdout, told{t.answer, v, t.missing})
	}
	lines := report.Titles(world.Titles()).Of(t.answer, t.app.lang)
	if t.answer.Verdict != explain.Delivered {
		lines = append(lines, v.Lines(t.app.lang)...)
	}
	return t.draw(lines)
}

func (t telling) draw(lines []report.Line) error {
	if len(t.missing) > 0 {
		lines = append(lines, report.Line{Kind: report.Blank}, report.Line{Kind: report.Heading, Text: t.app.say("in the file, and not in its copy here", "文件里有、而这里的副本没有的")})
	}
	for _, missing := range t.missing {
		lines = append(lines, report.Line{Kind: report.Unseen, Text: say.Clean(missing.In(t.app.lang))})
	}
	return t.app.drawingOn(os.Stdout).draw(lines)
}
