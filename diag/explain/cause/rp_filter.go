package cause

import "nstutor/internal/say"

// RPFilter: rp_filter drops what came in by another way than the one back.
const RPFilter Code = "rp-filter"

var _ = register(Cause{
	Code:      RPFilter,
	Words:     say.T("rp_filter drops what came in by another way than the one back", "rp_filter 丢弃了来路与回路不一致的包"),
	Table:     []string{"sysctl", "-a", "-r", "rp_filter"},
	Pointless: true,
})
