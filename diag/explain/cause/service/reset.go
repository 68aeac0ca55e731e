package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ResetOnTheWay: somebody resets the connection in the destination's name.
const ResetOnTheWay cause.Code = "reset-on-the-way"

var _ = cause.Register(cause.Cause{
	Code:  ResetOnTheWay,
	Words: say.T("somebody resets the connection in the destination's name", "有人以目的方的名义复位（RST）了连接"),
	Table: []string{"nft", "list", "ruleset"},
})

// ResetBy is a connection that is refused although somebody listens, or nobody can
// tell: the wires show where the reset comes from. It is at the namespace where it was
// seen first.
type ResetBy struct {
	cause.At
	Flow flows.Flow // the reset, as it was seen there
	Dev  string
	Out  bool // it left by Dev: the namespace has made it
	// Itself tells that it is the namespace of whoever listens.
	Itself bool
	Seen   []say.Text // what else was seen
}

// Code is ResetOnTheWay.
func (ResetBy) Code() cause.Code { return ResetOnTheWay }

// Detail names the place.
func (r ResetBy) Detail() say.Text {
	here := machine.Called(r.Netns())
	switch {
	case r.Out && r.Itself:
		return say.T("the reset (RST) was first seen as it left %[2]s in %[1]s, where a socket listens: the program, or what stands before it there, refuses the connection",
			"复位（RST）最先是在 %[1]s 的 %[2]s 发出时看到的，那里有套接字在监听：是那个程序、或它前面的东西拒绝了连接", here, r.Dev)
	case r.Out:
		return say.T("the reset (RST) bears the destination's address, but was first seen as it left %[2]s in %[1]s: something there makes it, a rule that cannot be judged or a program",
			"复位（RST）用的是目的方的地址，但最先是在 %[1]s 的 %[2]s 发出时看到的：是那里的东西发的，可能是无法判断的规则，也可能是程序", here, r.Dev)
	}
	return say.T("the reset (RST) was first seen as it came into %[2]s of %[1]s: who makes it is beyond that device",
		"复位（RST）最先是在进入 %[1]s 的 %[2]s 时看到的：发出者在这块网卡之外", here, r.Dev)
}

// Evidence is the frame, and what else was seen.
func (r ResetBy) Evidence() []say.Text {
	return append([]say.Text{say.T("%s: RST %s on %s", "%s：%[3]s 上的 RST %[2]s", machine.Called(r.Netns()), r.Flow.String(), r.Dev)}, r.Seen...)
}

// Fix is none: what resets it is not known to a command.
func (ResetBy) Fix() []change.Change { return nil }
