package instrument

import (
	"context"
	"strings"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Traced claims that the kernel told of a rule that a packet met, in a line of `nft
// monitor trace` with all these words; or, with None, that there was no such line.
type Traced struct {
	Netns string
	Words []string
	None  bool
}

// Hears names what is heard.
func (c Traced) Hears() string { return c.Netns + " nft monitor trace" }

// Listen begins to hear it.
func (c Traced) Listen(l *lab.Lab) (steps.Ear, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return nil, err
	}
	return nftrace.Listen(ns)
}

// Promised implements steps.Claim.
func (c Traced) Promised(*lab.Lab) say.Text { return promised(c.Hears(), c.Words, c.None) }

// Look implements steps.Claim.
func (c Traced) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	return heard(e, c.Hears(), c.Words, c.None)
}

// Event claims that something happened to a tracked connection, in a line of `conntrack
// -E` with all these words; or, with None, that there was no such line.
type Event struct {
	Netns string
	Words []string
	None  bool
}

// Hears names what is heard.
func (c Event) Hears() string { return c.Netns + " conntrack -E" }

// Listen begins to hear it.
func (c Event) Listen(l *lab.Lab) (steps.Ear, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return nil, err
	}
	return conntrack.Listen(ns)
}

// Promised implements steps.Claim.
func (c Event) Promised(*lab.Lab) say.Text { return promised(c.Hears(), c.Words, c.None) }

// Look implements steps.Claim.
func (c Event) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	return heard(e, c.Hears(), c.Words, c.None)
}

func promised(tool string, words []string, none bool) say.Text {
	line := strings.Join(words, " … ")
	if none {
		return say.T("%s: no line with %s", "%s：没有带 %s 的行", tool, line)
	}
	return say.T("%s: %s", "%s：%s", tool, line)
}

func heard(e *steps.Evidence, tool string, words []string, none bool) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	lines := e.Heard[tool]
	for _, line := range lines {
		if hasAll(line, words) {
			return say.Quote(line), !none, nil
		}
	}
	if none || len(lines) == 0 {
		return say.T("nothing of the kind", "没有这样的行"), none, nil
	}
	return say.Quote(lines[len(lines)-1]), false, nil
}

func hasAll(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}
