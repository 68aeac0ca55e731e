package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/internal/say"
)

// QueueDropped is a packet that a device's queue has not taken, by the kernel's own word
// (SKB_DROP_REASON_QDISC_DROP in __dev_xmit_skb()). How much is to pass is for whoever has
// limited it to say: there is no fix.
type QueueDropped struct {
	against.Contradiction
	against.KernelDrop
	Qdisc string // the kind
}

// Code is PacketLoss: the next one may find room.
func (QueueDropped) Code() cause.Code { return PacketLoss }

// Detail names the queue, and where to look.
func (q QueueDropped) Detail() say.Text {
	return say.T("the queue of %[1]s (qdisc %[2]s) did not take it: it is full, or its limits are too small for the packet (tc -s qdisc show dev %[1]s)",
		"%[1]s 的队列（qdisc %[2]s）没有收下它：队列满了，或者限额比包还小（tc -s qdisc show dev %[1]s）", q.Dev, q.Qdisc)
}
