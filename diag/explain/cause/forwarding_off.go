package cause

import "nstutor/internal/say"

// ForwardingOff: the packet is for somebody else, and is not passed on.
const ForwardingOff Code = "forwarding-off"

var _ = register(Cause{
	Code:      ForwardingOff,
	Words:     say.T("the packet is for somebody else, and is not passed on", "包要转给别人，但这里没有开启转发"),
	Table:     []string{"sysctl", "-a", "-r", "forward"},
	Pointless: true,
})
