package cause

import "nstutor/internal/say"

// ConntrackFull: the table of connections is full, and new flows are dropped.
const ConntrackFull Code = "conntrack-full"

var _ = register(Cause{
	Code:  ConntrackFull,
	Words: say.T("the table of connections is full, and new flows are dropped", "连接跟踪表已满，新的流被丢弃"),
	Table: []string{"sysctl", "net.netfilter"},
})
