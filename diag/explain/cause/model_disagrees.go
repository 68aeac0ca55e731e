package cause

import "nstutor/internal/say"

// ModelDisagrees: what was predicted is not what was seen.
const ModelDisagrees Code = "model-disagrees"

var _ = register(Cause{
	Code:  ModelDisagrees,
	Words: say.T("what was predicted is not what was seen", "预测与实际所见不一致"),
	Table: []string{"ip", "route"},
})
