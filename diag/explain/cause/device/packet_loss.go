package device

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/machine"
	"nstutor/diag/linkstat"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// PacketLoss: some echoes are answered, and some are not.
const PacketLoss cause.Code = "packet-loss"

var _ = cause.Register(cause.Cause{
	Code:  PacketLoss,
	Words: say.T("some packets get through, and some are lost", "有的包能到，有的包会丢"),
	Table: []string{"ip", "-s", "link"},
})

// Losses are how many of several echoes were not answered, and why.
type Losses struct {
	Sent, Answered int
	Spots          []Spot      // where they were lost; that of the most first
	Grown          []Counted   // of the devices there, meanwhile
	Dropped        []DropCount // that the kernel told of; the most first
	Suspects       []say.Text  // what cannot be judged there
}

// Spot is where some packets were seen last, and where they should have been next.
type Spot struct {
	Echoes int
	Reply  bool // it is the answers that were lost
	After  Passed
	Before Passed // its Dev is empty where nothing was to be seen behind After
}

// Passed is a frame that leaves or enters a device.
type Passed struct {
	Netns, Dev string
	Out        bool
}

// Said is the place in words.
func (p Passed) Said() say.Text {
	switch {
	case p.Dev == "":
		return say.T("on no wire", "没有出现在任何链路上")
	case p.Out:
		return say.T("out of %s, %s", "从 %s 发出（%s）", p.Dev, machine.Called(p.Netns))
	}
	return say.T("in by %s, %s", "从 %s 进入（%s）", p.Dev, machine.Called(p.Netns))
}

// Line is what was seen of them.
func (s Spot) Line() say.Text {
	if s.Before.Dev == "" {
		return say.T("%d of them: last seen %s", "其中 %d 个：最后一次看到时%s", s.Echoes, s.After.Said())
	}
	if s.Reply {
		return say.T("%d of them: the reply was last seen %s, and not %s", "其中 %d 个：应答最后一次看到时%s，没有%s", s.Echoes, s.After.Said(), s.Before.Said())
	}
	return say.T("%d of them: the request was last seen %s, and not %s", "其中 %d 个：请求最后一次看到时%s，没有%s", s.Echoes, s.After.Said(), s.Before.Said())
}

// Counted is a counter of a device that has moved meanwhile.
type Counted struct {
	Netns string
	linkstat.Moved
}

// Line has it as `ip -s link` and `tc -s qdisc` call it.
func (c Counted) Line() say.Text {
	what := strings.TrimSpace(c.Of + " " + c.What)
	return say.T("meanwhile %s, %s: %s +%d", "期间 %s，%s：%s +%d", machine.Called(c.Netns), c.Dev, what, c.By)
}

// DropCount is how many packets the kernel dropped for one reason at one place.
type DropCount struct {
	against.KernelDrop
	Times int
}

// lines are all that was counted.
func (l Losses) lines() []say.Text {
	lines := []say.Text{say.T("%d echoes sent, %d answered", "发出 %d 个回显请求，%d 个有应答", l.Sent, l.Answered)}
	for _, s := range l.Spots {
		lines = append(lines, s.Line())
	}
	for _, d := range l.Dropped {
		lines = append(lines, say.T("%d times: %s", "%d 次：%s", d.Times, d.Line()))
	}
	for _, g := range l.Grown {
		lines = append(lines, g.Line())
	}
	return append(lines, l.Suspects...)
}

// missed is how many were not answered, in words.
func (l Losses) missed() say.Text {
	return say.T("%d of %d echoes were not answered", "%[2]d 个回显请求有 %[1]d 个没有应答", l.Sent-l.Answered, l.Sent)
}

// Lossy is a way on which some packets are lost.
type Lossy struct {
	cause.At
	Losses
	Culprit Counted // the counter of what has lost them; zero: none tells
	Left    string  // the device by which they left what can be seen, where that was the last of them
}

// Code is PacketLoss.
func (Lossy) Code() cause.Code { return PacketLoss }

// Detail says how many, where they were last, and what counted them there.
func (l Lossy) Detail() say.Text {
	switch {
	case l.Culprit.Dev != "":
		return say.T("%s; %s", "%s；%s", l.missed(), l.Culprit.Line())
	case l.Left != "":
		return say.T("%s: all of them left %s of %s, and %d got no answer from beyond it: ask there", "%s：它们都从 %[3]s 的 %[2]s 发出，其中 %[4]d 个在外面没有回音，请到那边查",
			l.missed(), l.Left, machine.Called(l.Netns()), l.Spots[0].Echoes)
	case len(l.Dropped) > 0 && len(l.Suspects) == 1:
		return say.T("%s; %s", "%s；%s", l.missed(), l.Suspects[0])
	case len(l.Dropped) > 0:
		return say.T("%s: %s", "%s：%s", l.missed(), l.Dropped[0].Line())
	case len(l.Spots) > 0:
		return say.T("%s; %s", "%s；%s", l.missed(), l.Spots[0].Line())
	}
	return l.missed()
}

// Evidence is what was counted.
func (l Lossy) Evidence() []say.Text { return l.lines() }

// Fix is unknown: what loses packets now and then is rarely a setting.
func (Lossy) Fix() []change.Change { return nil }
