package contract

import (
	"context"
	"errors"
	"os"
	"strings"

	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Says claims what comes of a call of the runtime: that it fails with these words, or that
// it does not, where there are none. It makes the call.
type Says struct {
	Args  []string // behind cni
	Words string
}

// Promised implements steps.Claim.
func (c Says) Promised(*lab.Lab) say.Text {
	command := "cni " + strings.Join(c.Args, " ")
	if c.Words == "" {
		return say.T("%s succeeds", "%s 成功", command)
	}
	return say.T("%s: %s", "%s：%s", command, c.Words)
}

// Look implements steps.Claim.
func (c Says) Look(ctx context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	err := call(ctx, l, c.Args...)
	var words said
	switch {
	case err == nil:
		return say.T("it succeeds", "成功了"), c.Words == "", nil
	case !errors.As(err, &words):
		return say.Text{}, false, err
	}
	return say.Quote(words.words), c.Words != "" && strings.Contains(words.words, c.Words), nil
}

// Holds claims that a file has all these words.
type Holds struct {
	Path  string
	Words []string
}

// Promised implements steps.Claim.
func (c Holds) Promised(*lab.Lab) say.Text {
	return say.T("%s has %s", "%s 里有 %s", c.Path, strings.Join(c.Words, " … "))
}

// Look implements steps.Claim.
func (c Holds) Look(context.Context, *lab.Lab, *steps.Evidence) (say.Text, bool, error) {
	text, err := os.ReadFile(c.Path)
	if err != nil {
		return say.T("no %s", "没有 %s", c.Path), false, nil
	}
	for _, word := range c.Words {
		if !strings.Contains(string(text), word) {
			return say.T("no %s", "没有 %s", word), false, nil
		}
	}
	return say.Quote(strings.Join(strings.Fields(string(text)), " ")), true, nil
}
