package against

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ModelDisagrees: what was predicted is not what was seen.
const ModelDisagrees cause.Code = "model-disagrees"

var _ = cause.Register(cause.Cause{
	Code:  ModelDisagrees,
	Words: say.T("what was predicted is not what was seen", "预测与实际所见不一致"),
	Table: []string{"ip", "route"},
})

// Contradiction is a prediction that the ping was something else than: what was
// seen of it is the evidence, and nobody knows what would mend it.
type Contradiction struct {
	cause.At
	Seen []say.Text
}

// Code is ModelDisagrees.
func (Contradiction) Code() cause.Code { return ModelDisagrees }

// Evidence is what was seen.
func (c Contradiction) Evidence() []say.Text { return c.Seen }

// Fix is unknown.
func (Contradiction) Fix() []change.Change { return nil }

// Unpredicted is a ping that became something else than was predicted.
type Unpredicted struct {
	Contradiction
	Predicted cause.Code
	Message   string // of the ping
}

// Detail names both.
func (u Unpredicted) Detail() say.Text {
	return say.T("predicted %s, but the probe says: %s", "预测为 %s，实际探测的结果却是：%s", u.Predicted, u.Message)
}

// LostBehind is an answer that came back to a device, and got no further.
type LostBehind struct {
	Contradiction
	Dev string
}

// Detail names the device.
func (l LostBehind) Detail() say.Text {
	return say.T("an answer came back to %s, and was lost behind it", "应答回到了 %s，却在那之后丢失", l.Dev)
}

// NeverLeft is a packet that should have left by a device.
type NeverLeft struct {
	Contradiction
	Dev string
}

// Detail names the device.
func (n NeverLeft) Detail() say.Text {
	return say.T("the packet was to leave by %s, and did not", "包应当从 %s 发出，却没有", n.Dev)
}
