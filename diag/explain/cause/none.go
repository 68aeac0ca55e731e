package cause

import "nstutor/internal/say"

// None: nothing is in the way.
const None Code = "none"

var _ = Register(Cause{
	Code:  None,
	Words: say.T("nothing is in the way", "一切正常"),
})
