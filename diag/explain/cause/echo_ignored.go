package cause

import "nstutor/internal/say"

// EchoIgnored: the destination is told to answer no pings.
const EchoIgnored Code = "echo-ignored"

var _ = register(Cause{
	Code:  EchoIgnored,
	Words: say.T("the destination is told to answer no pings", "目标被设置为不回应 ping"),
	Table: []string{"sysctl", "net.ipv4.icmp_echo_ignore_all"},
})
