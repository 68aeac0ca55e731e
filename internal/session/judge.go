package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/claim"
	"nstutor/steps/process"
)

// Judged is what was found about the conditions of the step's action, once the
// learner has changed something.
type Judged struct {
	Conditions []steps.Condition
	Hints      []say.Text // from the first one that is not met
	Elsewhere  []say.Text // what was done in another place
	Lost       bool       // what the step's command works on is gone
}

// judge looks how far the learner is. As long as the lab is configured as the step
// found it there is nothing to say: the lesson does, and what the kernel has learned
// grows old by itself. Unless something is fresh, only the conditions themselves are
// looked at.
func judge(ctx context.Context, p *steps.Player, begin []steps.Condition, last Judged, fresh bool) Judged {
	if p.Step().ByHand {
		return Judged{} // its conditions are looked at when the learner asks
	}
	conditions := p.Step().Action.Conditions(ctx, p.Lab())
	if !fresh && told(conditions) == told(last.Conditions) {
		return last
	}
	if !fresh && told(conditions) == told(begin) {
		return Judged{}
	}
	now, err := steps.ReadState(ctx, p.Lab())
	if err != nil || len(steps.DiffState(p.Was(), now, false)) == 0 {
		return Judged{}
	}
	judged := Judged{conditions, steps.GuideTo(ctx, p.Lab(), p.Step()).Hints, elsewhere(p, now), lost(conditions, begin)}
	if n := len(judged.Hints); judged.Lost && n > 0 {
		judged.Hints[n-1] = rebuildFirst // the command would fail
	}
	return judged
}

var rebuildFirst = say.T("What this step works on is gone: `r` builds the lab anew as the step begins.", "这一步要用到的东西已经不在了：按 `r`，把实验网络重建成这一步开始时的样子。")

// lost says that the next thing to bring about is a namespace or a device that the step
// found there: it is not what its command makes.
func lost(now, begin []steps.Condition) bool {
	i := slices.IndexFunc(now, func(c steps.Condition) bool { return !c.Met })
	return i >= 0 && now[i].Err == nil && now[i].Ground && !slices.ContainsFunc(begin, func(c steps.Condition) bool {
		return !c.Met && c.Want.String() == now[i].Want.String()
	})
}

// conditionsAt are the conditions at the beginning of a step.
func conditionsAt(ctx context.Context, p *steps.Player) []steps.Condition {
	if p.Step().ByHand {
		return nil
	}
	return p.Step().Action.Conditions(ctx, p.Lab())
}

// told is what conditions say, to compare them.
func told(conditions []steps.Condition) string {
	var b strings.Builder
	for _, c := range conditions {
		fmt.Fprintln(&b, c.Want, c.Seen, c.Met, c.Err)
	}
	return b.String()
}

// unwatched are the changes that no watcher of a namespace reports.
func unwatched(changes []steps.Change) []steps.Change {
	var rest []steps.Change
	for _, c := range changes {
		switch c.Table {
		case "link", "addr", "route", "neigh", "sysctl", "netns":
		default:
			rest = append(rest, c)
		}
	}
	return rest
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// observe runs the command of a step that only looks, and returns its output:
// the step's point is to see it, as it is once the promise has been tried. Where
// the program is not installed, the promise has looked all the same.
func observe(ctx context.Context, p *steps.Player) []string {
	look, ok := p.Step().Action.(process.Observe)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	command := look.Change(p.Lab()).Command()
	process, err := p.Lab().Command(ctx, command.Netns, command.Argv...)
	if err != nil {
		return nil
	}
	output, _ := process.CombinedOutput()
	text := strings.TrimRight(ansi.Strip(string(output)), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")
}

// broken lists what the step begins with, and its text takes for granted, and does
// not hold. Neighbours do not count: the ping that makes them may not have begun, and
// they grow old.
func broken(ctx context.Context, p *steps.Player, before steps.Promise) []steps.Seen {
	static := steps.Promise{}
	for _, name := range slices.Sorted(maps.Keys(p.Was().Netns)) {
		static.Claims = append(static.Claims, claim.NetnsIs{Name: name}) // first: the others are about what is in it
	}
	for _, one := range before.Claims {
		if _, learned := one.(claim.NeighIs); !learned {
			static.Claims = append(static.Claims, one)
		}
	}
	return unkept(static.Holds(ctx, p.Lab()))
}

// unkept are the lines of a report that are not as promised.
func unkept(r steps.Report) []steps.Seen {
	return slices.DeleteFunc(slices.Clone(r.Lines), func(s steps.Seen) bool { return s.OK })
}
