package cause

import "nstutor/internal/say"

// NoAddress: a device, or the sender, has no address to speak with.
const NoAddress Code = "no-address"

var _ = register(Cause{
	Code:  NoAddress,
	Words: say.T("a device, or the sender, has no address to speak with", "网卡或发送方没有可用的地址"),
	Table: []string{"ip", "addr"},
})
