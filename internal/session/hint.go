package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// HintsPerFault is how many hints there are: the table, the line, the command.
const HintsPerFault = 3

// Hint shows one hint more: of the exercise's own, where it has some, or
// else about the fault that the kernel has now.
func (d *Drill) Hint() Work {
	s := d.s
	if s.desk == nil || d.Hinting {
		return nil
	}
	d.Hinting = true
	gen, task := s.Scene.Gen, d.Task
	failed := func(err error) any { return DrillHint{Gen: gen, err: err} }
	return s.desk.meanwhile(drillTimeout, func(ctx context.Context, p *steps.Player) any {
		fault, hints := writtenHints(task)
		if hints == nil {
			fault, hints = hintsNow(ctx, task)
		}
		if hints == nil {
			fault, hints = "conditions", steps.Hints(ctx, p.Lab(), p.Step())
		}
		if ctx.Err() != nil {
			return failed(ctx.Err())
		}
		return DrillHint{Gen: gen, Fault: fault, Hints: hints}
	}, failed)
}

// takeHint shows the first of the hints that was not shown. About another fault
// than before they begin anew.
func (d *Drill) takeHint(msg DrillHint) {
	s := d.s
	d.Hinting = false
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			s.Scene.Err = msg.err
		}
		return
	}
	if msg.Fault != d.Fault {
		d.Fault, d.Hints = msg.Fault, nil
	}
	s.Cue.Hint++
	if len(d.Hints) < len(msg.Hints) {
		d.Hints = append(d.Hints, msg.Hints[len(d.Hints)])
		d.hinted++
		d.save()
	}
}

// writtenHints are those of the exercise's text, in all languages.
func writtenHints(task *exercise.Task) (string, []say.Text) {
	name, vars := task.Exercise.Name, task.Case.Vars
	en, err := exercises.Text(chapters.Langs[0], name, vars)
	zh, err2 := exercises.Text(chapters.Langs[1], name, vars)
	if err != nil || err2 != nil || len(en.Hints) == 0 || len(en.Hints) != len(zh.Hints) {
		return "", nil
	}
	var hints []say.Text
	for i := range en.Hints {
		hints = append(hints, say.T("%[1]s", "%[2]s", en.Hints[i], zh.Hints[i]))
	}
	return "written", hints
}

// hintsNow are about the fault that stops the exercise's ping now: none where
// nothing stops it.
func hintsNow(ctx context.Context, task *exercise.Task) (string, []say.Text) {
	watch := task.Case.Watch
	world := machine.New()
	defer world.Close()
	from, err := world.Open(watch.Netns)
	if err != nil {
		return "", nil
	}
	dest, err := netip.ParseAddr(watch.Ping)
	if err != nil {
		return "", nil
	}
	answer, err := explain.Explain(ctx, world, explain.Request{From: from, Dest: dest, Size: watch.Size, DF: watch.DF})
	if err != nil || answer.Verdict != explain.Broken {
		return "", nil
	}
	cause := answer.Cause
	return string(cause.Code) + " " + cause.Netns, []say.Text{
		say.T("Look at `%s`.", "看看 `%s`。", tableOf(cause)),
		lineOf(cause),
		say.T("The command: %[1]s", "命令：%[2]s", quoted(fixFor(task, cause), "in %s `%s`"), quoted(fixFor(task, cause), "在 %s 中 `%s`")),
	}
}

// lineOf points at the kernel's line, or says what is the matter where there is
// none.
func lineOf(cause explain.Fault) say.Text {
	detail := say.T("%[1]s", "%[2]s", cause.Detail.In(chapters.Langs[0]), cause.Detail.In(chapters.Langs[1]))
	if len(cause.Evidence) == 0 {
		return detail
	}
	return say.T("There is `%s`: %s", "那里有 `%s`：%s", cause.Evidence[0], detail)
}

// fixFor are the lines of the reference solution that repair a fault.
func fixFor(task *exercise.Task, cause explain.Fault) []exercise.Line {
	c := task.Case
	switch {
	case c.First == 0:
		return c.Fix
	case len(c.Causes) > 1 && len(c.At) > 1 && c.Causes[1] == cause.Code && c.At[1] == cause.Netns:
		return c.Fix[c.First:]
	}
	return c.Fix[:c.First]
}

// quoted are the lines in a form that takes the namespace and the command.
func quoted(lines []exercise.Line, form string) string {
	var all []string
	for _, line := range lines {
		all = append(all, fmt.Sprintf(form, line.Netns, line.Command))
	}
	return strings.Join(all, ", ")
}

// tableOf is the command that shows a fault.
func tableOf(cause explain.Fault) string {
	netns := cmp.Or(cause.Netns, "host")
	inside := func(command string) string { return "ip netns exec " + netns + " " + command }
	switch cause.Code {
	case explain.LinkDown, explain.NoCarrier, explain.LoopbackDown, explain.MTUExceeded:
		return "ip -n " + netns + " link"
	case explain.NoAddress, explain.WrongNetmask, explain.DuplicateAddress, explain.DestinationAbsent:
		return "ip -n " + netns + " addr"
	case explain.NeighbourUnanswered, explain.NeighbourWrongMAC:
		return "ip -n " + netns + " neigh"
	case explain.ForwardingOff, explain.ProxyARPNeedsForwarding:
		return inside("sysctl -a | grep forward")
	case explain.RPFilter, explain.MartianSource:
		return inside("sysctl -a | grep rp_filter")
	case explain.EchoIgnored:
		return inside("sysctl net.ipv4.icmp_echo_ignore_all")
	case explain.ConntrackFull:
		return inside("sysctl -a | grep conntrack")
	case explain.Filtered:
		return inside("iptables-save")
	case explain.NotMasqueraded:
		return inside("iptables -t nat -S")
	}
	return "ip -n " + netns + " route"
}
