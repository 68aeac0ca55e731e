package cause

import "nstutor/internal/say"

// NotKnown: it cannot be told.
const NotKnown Code = "unknown"

var _ = register(Cause{
	Code:  NotKnown,
	Words: say.T("it cannot be told", "无法判断"),
	Table: []string{"ip", "route"},
})
