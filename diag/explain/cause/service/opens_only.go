package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OpensOnly is a connection that opens, and carries no whole answer.
type OpensOnly struct {
	cause.At
	Message string // what the client says
}

// Code is NotKnown: whether the program is silent or full segments are lost cannot
// be told.
func (OpensOnly) Code() cause.Code { return cause.NotKnown }

// Detail says so.
func (o OpensOnly) Detail() say.Text {
	return say.T("the connection opens, but no whole answer comes on it: the program there does not answer, or full segments are lost on the way",
		"连接能建立，但没有收到完整的应答：要么对端程序不应答，要么满长的 TCP 段在路上丢失")
}

// Evidence is what the client says.
func (o OpensOnly) Evidence() []say.Text { return cause.Lines(o.Message) }

// Fix is not known.
func (OpensOnly) Fix() []change.Change { return nil }
