package exercise

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Hints are three, each nearer to the answer: the table to look at, what is in
// it, the command. They are about the first check that does not hold now, so
// that after the first of two faults is repaired they are about the second.
// There are none when all hold.
func (t *Task) Hints(ctx context.Context, l *lab.Lab) []say.Text {
	for _, v := range Try(ctx, l, t.checks()) {
		if v.OK {
			continue
		}
		if v.Err == nil && v.ask.from != "" {
			if hints := t.explained(ctx, v); hints != nil {
				return hints
			}
		}
		return t.plain(v)
	}
	return nil
}

var _ steps.Hinted = (*Task)(nil)

// plain hints say what the check says.
func (t *Task) plain(v Verdict) []say.Text {
	line := say.T("What is missing: %s.", "还缺：%s。", v.condition().Want)
	switch {
	case v.Err != nil:
		line = say.T("It could not be checked: %v.", "无法检查：%v。", v.Err)
	case v.Seen != "":
		line = say.T("There is `%s`. What it should be: %s.", "现在是 `%s`。应当是：%s。", v.Seen, v.condition().Want)
	}
	return []say.Text{say.T("Look at `%s`.", "看 `%s`。", v.Table), line, typed(t.repair(-1, v))}
}

// explained asks explain why the ping that the check sends fails.
func (t *Task) explained(ctx context.Context, v Verdict) []say.Text {
	world := machine.New()
	defer world.Close()
	from, err := world.Open(v.ask.from)
	if err != nil {
		return nil
	}
	dest, err := netip.ParseAddr(v.ask.to)
	if err != nil {
		return nil
	}
	a, err := explain.Explain(ctx, world, explain.Request{From: from, Dest: dest, Size: v.ask.size, DF: v.ask.df})
	if err != nil || a.Verdict != explain.Broken {
		return nil
	}
	where, ok := tables[a.Cause.Code]
	if !ok {
		where = "ip route"
	}
	table := In(a.Cause.Netns, where).String()
	hints := []say.Text{say.T("Not yet: %s. Look at `%s`.", "还没做到：%s。看 `%s`。", v.Text, table), found(a.Cause)}
	i := t.fault(a.Cause)
	if i < 0 && len(a.Fix) > 0 { // something that the learner has broken
		var lines []Line
		for _, fix := range a.Fix {
			lines = append(lines, Line{fix.Netns, fix.String()})
		}
		return append(hints, typed(lines))
	}
	return append(hints, typed(t.repair(i, v)))
}

// fault is which of the exercise's faults this is, or -1.
func (t *Task) fault(f explain.Fault) int {
	return slices.IndexFunc(t.Case.Causes, func(code explain.Code) bool {
		i := slices.Index(t.Case.Causes, code)
		return f.Code == code && f.Netns == t.Case.At[i]
	})
}

// found is what explain says, and the line of the table that proves it.
func found(f explain.Fault) say.Text {
	detail := say.T(escaped(f.Detail.In("en")), escaped(f.Detail.In("zh")))
	if len(f.Evidence) == 0 {
		return detail
	}
	return say.T("%s: `%s`", "%s：`%s`", detail, strings.TrimSpace(f.Evidence[0]))
}

// escaped makes a sentence a format of itself.
func escaped(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// tables are the commands that show where a cause is to be seen.
var tables = map[explain.Code]string{
	explain.NoAddress:               "ip addr",
	explain.LinkDown:                "ip link",
	explain.NoCarrier:               "ip link",
	explain.LoopbackDown:            "ip link show lo",
	explain.WrongNetmask:            "ip addr",
	explain.NeighbourUnanswered:     "ip neigh",
	explain.NeighbourWrongMAC:       "ip neigh",
	explain.ProxyARPNeedsForwarding: "sysctl -a -r forwarding",
	explain.ProxyARPNoRoute:         "ip route",
	explain.DuplicateAddress:        "ip neigh",
	explain.ForwardingOff:           "sysctl -a -r forward",
	explain.Filtered:                "iptables -vnL",
	explain.RPFilter:                "sysctl -a -r rp_filter",
	explain.EchoIgnored:             "sysctl net.ipv4.icmp_echo_ignore_all",
	explain.NotMasqueraded:          "iptables -t nat -vnL POSTROUTING",
	explain.MTUExceeded:             "ip link",
	explain.ConntrackFull:           "sysctl net.netfilter",
	explain.DestinationAbsent:       "ip addr",
}

// repair is the part of the reference solution for fault number i: all of it
// where that is not known. In the challenge it goes as far as the check's pod.
func (t *Task) repair(i int, v Verdict) []Line {
	fix, first := t.Case.Fix, t.Case.First
	if t.Exercise.Level == Challenge && v.ask.to != "" {
		for last, line := range slices.Backward(fix) {
			if strings.Contains(line.Command, v.ask.to) {
				return fix[:last+1]
			}
		}
	}
	switch {
	case first == 0 || i < 0 || t.Case.Causes[0] == t.Case.Causes[1]:
		return fix
	case i == 0:
		return fix[:first]
	}
	return fix[first:]
}

func typed(lines []Line) say.Text {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = "`" + line.String() + "`"
	}
	return say.Quote(strings.Join(all, " "))
}
