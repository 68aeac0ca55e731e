package instrument

import (
	"context"
	"strings"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
	"nstutor/steps"
)

// A Monitor is a program that prints what the kernel tells, a line for each event.
type Monitor struct {
	command string
	listen  func(*nsenter.Namespace) (steps.Ear, error)
}

// The monitors of a namespace.
var (
	Trace = Monitor{"nft monitor trace", ear(nftrace.Listen)}
	Track = Monitor{"conntrack -E", ear(conntrack.Listen)}
)

func ear[E steps.Ear](listen func(*nsenter.Namespace) (E, error)) func(*nsenter.Namespace) (steps.Ear, error) {
	return func(ns *nsenter.Namespace) (steps.Ear, error) { return listen(ns) }
}

// Monitored claims that the kernel told of something, in a line of a monitor with all these
// words; or, with None, that there was no such line.
type Monitored struct {
	Netns string
	By    Monitor
	Words []string
	None  bool
}

// Hears names what is heard.
func (c Monitored) Hears() string { return c.Netns + " " + c.By.command }

// Listen begins to hear it.
func (c Monitored) Listen(l *lab.Lab) (steps.Ear, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return nil, err
	}
	return c.By.listen(ns)
}

// Promised implements steps.Claim.
func (c Monitored) Promised(*lab.Lab) say.Text {
	words := strings.Join(c.Words, " … ")
	if c.None {
		return say.T("%s: no line with %s", "%s：没有带 %s 的行", c.Hears(), words)
	}
	return say.T("%s: %s", "%s：%s", c.Hears(), words)
}

// Look implements steps.Claim.
func (c Monitored) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	lines := e.Heard[c.Hears()]
	for _, line := range lines {
		if hasAll(line, c.Words) {
			return say.Quote(line), !c.None, nil
		}
	}
	if c.None || len(lines) == 0 {
		return say.T("nothing of the kind", "没有这样的行"), c.None, nil
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
