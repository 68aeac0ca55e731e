package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/obstacle"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// TakenAway is what a filter of traffic control gives to another device, as that of a pod
// whose bandwidth is bounded, where that is down or gone: the kernel throws it away
// (tcf_mirred_act()).
type TakenAway struct {
	cause.At
	What obstacle.Obstacle
	To   table.Link // zero: it is gone
}

// Code is LinkDown, or Filtered where the device is gone.
func (t TakenAway) Code() cause.Code {
	if t.What.To == "" {
		return cause.Filtered
	}
	return cause.LinkDown
}

// Detail names both devices.
func (t TakenAway) Detail() say.Text {
	if t.What.To == "" {
		return say.T("a tc filter (%[1]s, %[2]s) gives every frame of %[3]s to a device that is gone: the kernel throws them away until the filter is gone too (tc filter del dev %[3]s %[2]s)",
			"%[3]s 上的 tc 过滤器（%[1]s，%[2]s）把每个帧都交给一个已不存在的设备：在删掉这个过滤器之前，内核会把帧都丢弃（tc filter del dev %[3]s %[2]s）", t.What.Called(), t.What.Side, t.What.Dev)
	}
	return say.T("%[1]s is down, and a tc filter (%[2]s, %[3]s) gives it every frame of %[4]s: the kernel throws them away",
		"%[1]s 处于 down 状态，而 %[4]s 上的 tc 过滤器（%[2]s，%[3]s）把每个帧都交给它：内核会把帧都丢弃", t.What.To, t.What.Called(), t.What.Side, t.What.Dev)
}

// Evidence is the device that is down, or what the filter has instead of one.
func (t TakenAway) Evidence() []say.Text {
	if t.What.To == "" {
		return []say.Text{say.T("filter of %[1]s (%[2]s, %[3]s): mirred (Egress Redirect to device *)", "%[1]s 的过滤器（%[2]s，%[3]s）：mirred (Egress Redirect to device *)", t.What.Dev, t.What.Called(), t.What.Side)}
	}
	return cause.Lines(t.To.Line())
}

// Fix switches the device on. What the one that is gone was for, and how fast it was, is not known.
func (t TakenAway) Fix() []change.Change {
	if t.What.To == "" {
		return nil
	}
	return remedy.Raise(t.Netns(), t.What.To)
}
