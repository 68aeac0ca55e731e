package exercise

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
)

// Guide implements steps.Guided. Its hints are three: how to look, the place and what is
// there, the command. They are about the first check that does not hold now, so that
// after the first of two faults is repaired they are about the second.
func (t *Task) Guide(ctx context.Context, l *lab.Lab) steps.Guide {
	for i, v := range check.Try(ctx, l, t.checks()) {
		if v.OK {
			continue
		}
		if v.Err == nil && v.Ask.From != "" {
			if guide, ok := t.explained(ctx, l, v); ok {
				return guide
			}
		}
		return steps.Guide{About: fmt.Sprint("check ", i), Hints: t.plain(ctx, l, v)}
	}
	return steps.Guide{}
}

var _ steps.Guided = (*Task)(nil)

// plain hints say what the check says.
func (t *Task) plain(ctx context.Context, l *lab.Lab, v check.Verdict) []say.Text {
	lines := t.missing(ctx, l)
	if len(lines) == 0 {
		lines = t.repair(-1)
	}
	hints := []say.Text{
		say.T("Not yet: %s. %s", "还没做到：%s。%s", v.Text, methodOf(v.Table.Argv)),
		say.T("Look at `%s`. %s", "看 `%s`。%s", steps.Look(v.Table), v.Condition().Lack()),
	}
	if len(lines) > 0 {
		hints = append(hints, typed(lines))
	}
	return hints
}

// explained asks explain why the ping that the check sends fails.
func (t *Task) explained(ctx context.Context, l *lab.Lab, v check.Verdict) (steps.Guide, bool) {
	world := machine.New()
	defer world.Close()
	from, err := world.Open(v.Ask.From)
	if err != nil {
		return steps.Guide{}, false
	}
	dest, err := netip.ParseAddr(v.Ask.To)
	if err != nil {
		return steps.Guide{}, false
	}
	a, err := explain.Explain(ctx, world, request(v.Ask, from, dest))
	if err != nil || a.Verdict != explain.Broken {
		return steps.Guide{}, false
	}
	look := lookFor(a)
	guide := steps.Guide{About: string(a.Cause.Code) + " " + a.Cause.Netns, Hints: []say.Text{
		say.T("Not yet: %s. %s", "还没做到：%s。%s", v.Text, methodOf(cause.Of(a.Cause.Code).Table)),
		say.T("In %s, look at `%s`: %s", "在 %s 里看 `%s`：%s", a.Cause.Netns, steps.Typed(look), found(a.Cause)),
	}}
	fault := t.fault(a.Cause)
	lines := t.missing(ctx, l)
	switch {
	case len(lines) > 0:
	case fault < 0 && len(a.Fix) > 0: // something that the learner has broken
		lines = a.Fix
	default:
		lines = t.repair(fault)
	}
	if len(lines) > 0 {
		guide.Hints = append(guide.Hints, typed(lines))
	}
	return guide, true
}

// lookFor is the command that shows the fault. iptables shows no rules that nft has made
// in tables of its own: where the fault is in such a one, the fix is in the words of nft.
func lookFor(a explain.Answer) change.Command {
	look := change.In(a.Cause.Netns, cause.Of(a.Cause.Code).Table...)
	of := func(c change.Command) bool { return c.Netns == look.Netns && c.Argv[0] == "nft" }
	if look.Argv[0] == "iptables" && slices.ContainsFunc(a.Fix, of) {
		look.Argv = []string{"nft", "list", "ruleset"}
	}
	return look
}

// request asks it of explain.
func request(q check.Question, from *machine.Space, dest netip.Addr) explain.Request {
	r := explain.Request{From: from, Dest: dest, Size: q.Size, DF: q.DF}
	if q.Port != 0 {
		r.Proto, r.Port = unix.IPPROTO_TCP, q.Port
	}
	return r
}

// fault is which of the exercise's faults this is, or -1.
func (t *Task) fault(f explain.Fault) int {
	return slices.IndexFunc(t.Case().Causes, func(code cause.Code) bool {
		i := slices.Index(t.Case().Causes, code)
		return f.Code == code && f.Netns == t.Case().At[i]
	})
}

// found is what explain says, and the line of the table that proves it.
func found(f explain.Fault) say.Text {
	if len(f.Evidence) == 0 {
		return f.Detail
	}
	line := f.Evidence[0]
	return say.T("%s: `%s`", "%s：`%s`", f.Detail, say.Both(strings.TrimSpace(line.In("en")), strings.TrimSpace(line.In("zh"))))
}

// repair is the part of the reference solution for fault number i: all of it
// where that is not known.
func (t *Task) repair(i int) []change.Command {
	fix, first := t.Case().Fix, t.Case().First
	switch {
	case first == 0 || i < 0 || t.Case().Causes[0] == t.Case().Causes[1]:
		return commands(fix)
	case i == 0:
		return commands(fix[:first])
	}
	return commands(fix[first:])
}

// missing are those lines of the reference solution that have not been done yet,
// where the exercise says by what that is seen; no more than one can keep in mind.
func (t *Task) missing(ctx context.Context, l *lab.Lab) []change.Command {
	const atOnce = 3
	var lines []change.Command
	for i, v := range check.Try(ctx, l, t.Case().Signs) {
		if !v.OK && len(lines) < atOnce {
			lines = append(lines, t.Case().Fix[i].Command())
		}
	}
	return lines
}

func commands(changes []change.Change) []change.Command {
	all := make([]change.Command, len(changes))
	for i, c := range changes {
		all[i] = c.Command()
	}
	return all
}

// typed are the lines one after the other, as they can be pasted.
func typed(lines []change.Command) say.Text {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = "`" + steps.Typed(line) + "`"
	}
	if slices.ContainsFunc(lines, func(c change.Command) bool { return c.Netns == lab.Host }) {
		// The prompt may stand in another namespace, where the command means nothing.
		return say.T("In %s, type: %s", "在 %s 里输入：%s", lab.Host, strings.Join(all, "; "))
	}
	return say.T("Type: %s", "输入：%s", strings.Join(all, "; "))
}
