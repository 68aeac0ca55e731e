package cause

import "nstutor/internal/say"

// None: nothing is in the way.
const None Code = "none"

var _ = register(Cause{
	Code:  None,
	Words: say.T("nothing is in the way", "一切正常"),
})
