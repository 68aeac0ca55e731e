package service

import (
	"fmt"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotAnswering: a program has the request, and does not answer it.
const NotAnswering cause.Code = "not-answering"

var _ = cause.Register(cause.Cause{
	Code:  NotAnswering,
	Words: say.T("the request arrives, and the program that it is for does not answer", "请求到了，但收请求的程序没有应答"),
	Table: []string{"ss", "-lnup"},
})

// Unreplying is a question that came to the socket that it is for, and whose answer never left.
type Unreplying struct {
	cause.At
	Flow   flows.Flow
	Socket socket.Socket // as it is after that
	By     string        // the name of its process
	PID    int           // 0: not known
}

// Code is NotAnswering.
func (Unreplying) Code() cause.Code { return NotAnswering }

// Detail names the program, and whether it reads what comes.
func (u Unreplying) Detail() say.Text {
	who := say.T("a process of user %d", "用户 %d 的进程", u.Socket.UID)
	if u.PID != 0 {
		who = say.Quote(fmt.Sprintf("%s (pid %d)", u.By, u.PID))
	}
	to := eval.Endpoint(u.Flow.Dst, u.Flow.DstPort)
	if u.Socket.Waiting > 0 {
		return say.T("the question arrives, and %[1]s, which listens on %[2]s, does not read it: %[3]d bytes wait in its queue", "问题到了，但监听 %[2]s 的 %[1]s 没有读它：队列里还有 %[3]d 字节",
			who, to, u.Socket.Waiting)
	}
	return say.T("the question arrives, %[1]s, which listens on %[2]s, takes it, and no answer leaves: the way is well; look at the program, and at whom it asks in turn",
		"问题到了，监听 %[2]s 的 %[1]s 也收下了，但没有应答发出：网络没有问题，请检查这个程序和它的上游", who, to)
}

// Evidence is the socket.
func (u Unreplying) Evidence() []say.Text { return cause.Lines(socketLine(u.Socket)) }

// Fix is none: it is the program's.
func (Unreplying) Fix() []change.Change { return nil }
