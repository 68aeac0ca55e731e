package cause

import "nstutor/internal/say"

// MTUExceeded: the packet is larger than a wire on its way, and may not be cut.
const MTUExceeded Code = "mtu-exceeded"

var _ = register(Cause{
	Code:  MTUExceeded,
	Words: say.T("the packet is larger than a wire on its way, and may not be cut", "包大于途中某段链路的 MTU，又不允许分片"),
	Table: []string{"ip", "link"},
})
