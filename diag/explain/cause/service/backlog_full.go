package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/socket"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// BacklogFull: who listens does not take what has come.
const BacklogFull cause.Code = "backlog-full"

var _ = cause.Register(cause.Cause{
	Code:  BacklogFull,
	Words: say.T("a program listens, but its queue is full", "有程序监听，但它的队列已满"),
	Table: []string{"ss", "-lntu"},
})

// QueueFull is a socket whose queue has no room for the request.
type QueueFull struct {
	cause.At
	Flow   flows.Flow
	Socket socket.Socket
}

// Code is BacklogFull.
func (QueueFull) Code() cause.Code { return BacklogFull }

// Detail says what waits, and for whom.
func (q QueueFull) Detail() say.Text {
	local := q.Socket.Local.String()
	if q.Socket.Proto == socket.UDP {
		return say.T("the receive buffer of %s is full: %d of %d bytes wait for the program to read them", "%s 的接收缓冲区已满：%d / %d 字节等待程序读取",
			local, q.Socket.Waiting, q.Socket.Room)
	}
	return say.T("the backlog of %s is full: %d waiting for the program to accept them, room for %d",
		"%s 的连接队列（backlog）已满：%d 个连接等待程序 accept，上限 %d", local, q.Socket.Waiting, q.Socket.Room)
}

// Evidence is the socket.
func (q QueueFull) Evidence() []say.Text { return cause.Lines(socketLine(q.Socket)) }

// Fix is none: the program has to go on.
func (QueueFull) Fix() []change.Change { return nil }
