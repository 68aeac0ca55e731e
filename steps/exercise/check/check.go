// Package check is what has to be so in a network for an exercise to be solved, each
// found out by trying it: pings, connections, rules, tables, settings.
package check

import (
	"context"
	"sync"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Check is one thing that has to be so, found out by trying it.
type Check struct {
	Text  say.Text       // what has to be so: "shop reaches 10.1.2.3"
	Why   say.Text       // what is said when it is not: what a guard is there for
	Table change.Command // the command that shows it
	Ask   Question       // what explain can be asked when it does not hold
	run   func(ctx context.Context, l *lab.Lab) (ok bool, seen string, err error)
}

// question is a ping that should be answered, or a connection that should open;
// without from there is none.
type Question struct {
	From, To string
	Size     int
	DF       bool
	Port     uint16 // of TCP; 0: it is a ping
}

// Because says why it matters, when it is not so: "the firewall is open now:
// anybody reaches the database".
func (c Check) Because(en, zh string, args ...any) Check {
	c.Why = say.T(en, zh, args...)
	return c
}

// Verdict is what came of a Check. OK means nothing when there is an Err.
type Verdict struct {
	Check
	OK   bool
	Seen string // what was there instead, in the kernel's or ping's words
	Err  error  // it could not be found out
}

// Try runs checks at the same time: all of them take no longer than the slowest
// one, which is at most the lab's PingTimeout. Devices that are just coming up
// are waited for.
func Try(ctx context.Context, l *lab.Lab, checks []Check) []Verdict {
	AwaitCarriers(ctx, l)
	verdicts := make([]Verdict, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			ok, seen, err := c.run(ctx, l)
			if err == nil {
				err = ctx.Err()
			}
			verdicts[i] = Verdict{Check: c, OK: ok && err == nil, Seen: seen, Err: err}
		})
	}
	all.Wait()
	return verdicts
}

// hold says whether all checks hold. It knows as soon as one does not.
func Hold(ctx context.Context, l *lab.Lab, checks []Check) (bool, error) {
	AwaitCarriers(ctx, l)
	trying, enough := context.WithCancel(ctx)
	defer enough()
	type result struct {
		ok  bool
		err error
	}
	results := make(chan result, len(checks))
	for _, c := range checks {
		go func() {
			ok, _, err := c.run(trying, l)
			results <- result{ok, err}
		}()
	}
	held := true
	var errs []error
	for range checks {
		r := <-results
		switch {
		case !held: // those that were stopped
		case r.err != nil:
			errs = append(errs, r.err)
		case !r.ok:
			held = false
			enough()
		}
	}
	if !held {
		return false, ctx.Err()
	}
	return len(errs) == 0, say.Join(append(errs, ctx.Err())...)
}

// condition is a verdict as the step's condition.
func (v Verdict) Condition() steps.Condition {
	c := steps.Condition{Table: v.Table, Want: v.Text, Seen: v.Seen, Met: v.OK, Err: v.Err}
	if !v.OK && v.Err == nil && !v.Why.IsZero() {
		c.Want = say.T("%s: %s", "%s：%s", v.Text, v.Why)
	}
	return c
}
