package cause

import "nstutor/internal/say"

// WrongNetmask: a prefix length claims more, or less, than is on the wire.
const WrongNetmask Code = "wrong-netmask"

var _ = register(Cause{
	Code:  WrongNetmask,
	Words: say.T("a prefix length claims more, or less, than is on the wire", "前缀长度与实际链路上的网段不符"),
	Table: []string{"ip", "addr"},
})
