package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/say"
)

// Unsent is a packet that its own kernel does not send, and nothing that can be read says
// why.
type Unsent struct {
	cause.Beyond
	Outcome probe.Outcome
	Length  int // of the packet, with its headers
	MTU     int // of the device
}

// NotSent reports whether an outcome is of a send that the sender's kernel refuses.
func NotSent(o probe.Outcome) bool { return o == probe.NoBufferSpace || o == probe.NotPermitted }

// Detail says who refuses it, and where to look.
func (u Unsent) Detail() say.Text {
	if u.Outcome == probe.NoBufferSpace {
		return say.T("%[1]s (MTU %[3]d) does not take the packet of %[2]d bytes (%[4]s): the other end of its wire takes less, or its queue is full. Does a small one pass? Then the MTU of %[1]s is wider than the wire",
			"%[1]s（MTU %[3]d）不接受这个 %[2]d 字节的包（%[4]s）：链路另一端容不下，或队列已满。小包能通吗？能通就说明 %[1]s 的 MTU 大于链路所能承载的", u.Dev, u.Length, u.MTU, u.Outcome.Say())
	}
	return say.T("the kernel does not send it by %[1]s (%[2]s), and no rule that can be read forbids it: look for a BPF program of the program's control group, or for IPsec (ip xfrm policy)",
		"内核不让它从 %[1]s 发出（%[2]s），而能读到的规则都没有禁止它：请查程序所在 cgroup 的 BPF 程序，或 IPsec（ip xfrm policy）", u.Dev, u.Outcome.Say())
}
