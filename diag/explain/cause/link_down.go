package cause

import "nstutor/internal/say"

// LinkDown: a device is switched off, here or at the other end of its wire.
const LinkDown Code = "link-down"

var _ = register(Cause{
	Code:  LinkDown,
	Words: say.T("a device is switched off, here or at the other end of its wire", "网卡被停用：本端，或对端"),
	Table: []string{"ip", "link"},
})
