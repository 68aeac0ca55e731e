package cause

import "nstutor/internal/say"

// Rejected: a rule of the packet filter refuses the packet, and says so.
const Rejected Code = "rejected"

var _ = Register(Cause{
	Code:  Rejected,
	Words: say.T("a rule of the packet filter refuses the packet, and tells the sender", "包被过滤规则拒绝，并告知了发送方"),
	Table: []string{"iptables", "-vnL"},
})
