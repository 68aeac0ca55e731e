package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// SegmentsLost is a connection that opens, and on which no answer comes in full-sized segments,
// while one comes in smaller ones: both were tried. Where that is cannot be seen.
type SegmentsLost struct {
	cause.At
	Length  int           // of a full-sized packet of the asker in bytes, with the IP header
	Segment int           // of the answer that came, without headers
	Narrow  table.Link    // a device on the way that takes less; without a name where none does
	Clamp   change.Change // has the ends agree on what Narrow takes; nil where nothing does
	Message string        // what the client says
}

// Code is MTUExceeded.
func (SegmentsLost) Code() cause.Code { return cause.MTUExceeded }

// Detail says what was tried, and what is known to be narrower.
func (s SegmentsLost) Detail() say.Text {
	what := say.T("the connection opens, and an answer in packets of up to %d bytes does not come, while one in segments of %d comes whole: a wire on the way takes less, and who sends there does not hear of it",
		"连接能建立；包长最大 %d 字节的应答收不到，而段长 %d 的应答完整到达：路上有一段链路容不下长包，而发送方得不到通知", s.Length, s.Segment)
	if s.Narrow.Name == "" {
		return what
	}
	return say.T("%s. %s in %s takes %d", "%s。%[3]s 的 %[2]s 只容 %[4]d", what, s.Narrow.Name, machine.Called(s.Netns()), s.Narrow.MTU)
}

// Evidence is what the client says, and the device.
func (s SegmentsLost) Evidence() []say.Text {
	if s.Narrow.Name == "" {
		return cause.Lines(s.Message)
	}
	return cause.Lines(s.Message, s.Narrow.Line())
}

// Fix has the ends agree on less.
func (s SegmentsLost) Fix() []change.Change {
	if s.Clamp == nil {
		return nil
	}
	return []change.Change{s.Clamp}
}
