package cause

import "nstutor/internal/say"

// Filtered: a rule of the packet filter stops the packet.
const Filtered Code = "filtered"

var _ = register(Cause{
	Code:  Filtered,
	Words: say.T("a rule of the packet filter stops the packet", "包被过滤规则拦下"),
	Table: []string{"iptables", "-vnL"},
})
