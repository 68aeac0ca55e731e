package cause

import "nstutor/internal/say"

// MartianSource: an address cannot be on this wire, and the kernel drops the packet.
const MartianSource Code = "martian-source"

var _ = register(Cause{
	Code:  MartianSource,
	Words: say.T("an address cannot be on this wire, and the kernel drops the packet", "地址不可能出现在这条链路上，内核丢弃该包"),
	Table: []string{"sysctl", "-a", "-r", "rp_filter"},
})
