package cause

import (
	"fmt"

	"nstutor/diag/explain/machine"
	"nstutor/diag/obstacle"
	"nstutor/internal/say"
)

// Obstructed is something on a device that sees the packet, and that is no rule of
// the packet filter: what it does to the packet only a packet can tell.
type Obstructed struct {
	At
	What obstacle.Obstacle
}

// Said names it, and the device.
func (o Obstructed) Said() say.Text {
	where := machine.Called(o.Netns())
	switch o.What.Kind {
	case obstacle.Netem:
		return say.T("netem on %s of %s drops or spoils %s of what it sends", "%[2]s 的 %[1]s 上的 netem 会丢弃或损坏 %[3]s 的发出的包", o.What.Dev, where, fmt.Sprintf("%.3g%%", 100*o.What.Loss))
	case obstacle.TC:
		return say.T("a tc filter (%[1]s, %[2]s) on %[3]s of %[4]s: cannot tell whether it lets the packet pass",
			"%[4]s 的 %[3]s 上有 tc 过滤器（%[1]s，%[2]s）：无法判断它是否放行这个包", o.What.Called(), o.What.Side, o.What.Dev, where)
	case obstacle.TCX:
		return say.T("a BPF program (tcx, %[1]s, %[2]s) on %[3]s of %[4]s: cannot tell whether it lets the packet pass",
			"%[4]s 的 %[3]s 上有 BPF 程序（tcx，%[1]s，%[2]s）：无法判断它是否放行这个包", o.What.Called(), o.What.Side, o.What.Dev, where)
	}
	return say.T("an XDP program (%[1]s) on %[2]s of %[3]s sees what comes in before the kernel does: cannot tell whether it lets the packet pass",
		"%[3]s 的 %[2]s 上有 XDP 程序（%[1]s），收到的帧先经过它：无法判断它是否放行这个包", o.What.Called(), o.What.Dev, where)
}

// Same goes by all of it.
func (o Obstructed) Same(other Unseen) bool {
	also, ok := other.(Obstructed)
	return ok && also == o
}
