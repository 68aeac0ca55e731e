package service

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nstutor/diag/netfilter/tally"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/ruled"
)

// Counts claims that the rules of a hook, those that are meant, counted at least Min
// packets while the promise was tried; a Min of 0 claims that none of them did.
type Counts struct {
	Netns, Hook string
	Rules       ruled.Which
	Min         uint64
}

// Tallies has the counters read before.
func (c Counts) Tallies() string { return c.Netns }

// Promised implements steps.Claim.
func (c Counts) Promised(*lab.Lab) say.Text {
	return say.T("%s hook %s: +%d packets", "%s 钩子 %s：+%d 个包", c.Netns, strings.TrimSpace(c.Hook+" "+c.Rules.String()), c.Min)
}

// Look implements steps.Claim.
func (c Counts) Look(_ context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	now, err := tally.Rules(ns)
	if err != nil {
		return say.Text{}, false, err
	}
	sum := func(rules []tally.Rule) (n uint64) {
		for _, r := range rules {
			if r.Hook == c.Hook && c.Rules.Has(r.Rule) {
				n += r.Packets
			}
		}
		return n
	}
	gained := sum(now) - sum(e.Tallies[c.Netns])
	seen := say.T("+%d packets", "+%d 个包", gained)
	if c.Min == 0 {
		return seen, gained == 0, nil
	}
	return seen, gained >= c.Min, nil
}

// Judged claims what the rules of a node make of the first packet of a flow.
type Judged struct {
	Netns string
	Sent
}

// Promised implements steps.Claim.
func (c Judged) Promised(*lab.Lab) say.Text {
	return say.T("%s rules: %s", "%s 的规则：%s", c.Netns, c.wanted())
}

// Look implements steps.Claim.
func (c Judged) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	node, err := openNode(l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	defer node.Close()
	judged := c.judge(node, steps.Condition{})
	if judged.Met {
		return c.wanted(), true, nil
	}
	return say.Quote(judged.Seen), false, judged.Err
}

// Spread claims of many connections, opened at once, which servers they reach: all of
// Servers and no others. Lost claims that some reach none.
type Spread struct {
	From, URL string
	Servers   []string
	Lost      bool
}

// connections are as many as tell a third from nothing: that none of them is among it
// happens once in ten million times.
const connections = 40

// Promised implements steps.Claim.
func (c Spread) Promised(*lab.Lab) say.Text {
	to := say.List(c.Servers...)
	if c.Lost {
		to = say.T("%s, and some reach nobody", "%s，还有一些谁也没连上", to)
	}
	return say.T("%s curl %s, %d times: %s", "%s curl %s，共 %d 次：%s", c.From, c.URL, connections, to)
}

// Look implements steps.Claim.
func (c Spread) Look(ctx context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	ns, err := l.NS(c.From)
	if err != nil {
		return say.Text{}, false, err
	}
	reached := steps.Reached(ctx, ns, c.URL, connections)
	servers := slices.DeleteFunc(slices.Sorted(maps.Keys(reached)), func(server string) bool { return server == "" })
	ok := slices.Equal(servers, slices.Sorted(slices.Values(c.Servers))) && (reached[""] > 0) == c.Lost
	return shares(reached), ok, nil
}

// shares are how many connections have reached each server, or nobody.
func shares(reached map[string]int) say.Text {
	var told []string
	for server, n := range reached {
		told = append(told, fmt.Sprintf("%s %d", cmp.Or(server, "–"), n))
	}
	slices.Sort(told)
	return say.List(told...)
}

// Stays claims of many connections that all of them reach one server, whichever of
// Servers the first has reached.
type Stays struct {
	From, URL string
	Servers   []string
}

// Promised implements steps.Claim.
func (c Stays) Promised(*lab.Lab) say.Text {
	return say.T("%s curl %s, %d times: always the same of %s", "%s curl %s，共 %d 次：总是 %s 中的同一个", c.From, c.URL, connections, say.List(c.Servers...))
}

// Look implements steps.Claim.
func (c Stays) Look(ctx context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	ns, err := l.NS(c.From)
	if err != nil {
		return say.Text{}, false, err
	}
	reached := steps.Reached(ctx, ns, c.URL, 1) // the one that is kept
	for server, n := range steps.Reached(ctx, ns, c.URL, connections-1) {
		reached[server] += n
	}
	ok := len(reached) == 1 && slices.ContainsFunc(c.Servers, func(server string) bool { return reached[server] > 0 })
	return shares(reached), ok, nil
}
