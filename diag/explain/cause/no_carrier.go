package cause

import "nstutor/internal/say"

// NoCarrier: nobody is at the other end of the wire, or nobody who could be switched on
// from here; where that is possible, it is LinkDown at the other end.
const NoCarrier Code = "no-carrier"

var _ = Register(Cause{
	Code:  NoCarrier,
	Words: say.T("nobody is at the other end of the wire", "网线另一端没有设备"),
	Table: []string{"ip", "link"},
})
