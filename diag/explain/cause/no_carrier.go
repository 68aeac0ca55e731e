package cause

import "nstutor/internal/say"

// NoCarrier: nobody is at the other end of the wire.
const NoCarrier Code = "no-carrier"

var _ = register(Cause{
	Code:  NoCarrier,
	Words: say.T("nobody is at the other end of the wire", "网线另一端没有设备"),
	Table: []string{"ip", "link"},
})
