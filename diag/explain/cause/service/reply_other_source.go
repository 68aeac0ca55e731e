package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ReplyOtherSource: a program answers from another address than was asked.
const ReplyOtherSource cause.Code = "reply-other-source"

var _ = cause.Register(cause.Cause{
	Code:  ReplyOtherSource,
	Words: say.T("the program answers from another address than was asked", "程序用另一个地址应答，不是所问的那个"),
	Table: []string{"ss", "-lnup"},
})

// KernelChosen is a socket for datagrams on all addresses: unless its program takes
// care of it (IP_PKTINFO), the kernel chooses the source of an answer by its route.
type KernelChosen struct {
	cause.At
	Flow   flows.Flow // the request
	Source netip.Addr // that the kernel chooses for the answer
	Line   string     // by this route
	Local  string     // what the socket is bound to
}

// Code is ReplyOtherSource.
func (KernelChosen) Code() cause.Code { return ReplyOtherSource }

// Detail names both addresses.
func (k KernelChosen) Detail() say.Text {
	return say.T("%[1]s is asked, and the program on %[2]s answers from %[3]s, unless it takes care to answer from the address that was asked; have it listen on %[1]s itself",
		"问的是 %[1]s，而监听 %[2]s 的程序会用 %[3]s 应答，除非它特意用所问的地址应答；可让它直接监听 %[1]s", eval.Endpoint(k.Flow.Dst, k.Flow.DstPort), k.Local, k.Source)
}

// Evidence is the route of the answer.
func (k KernelChosen) Evidence() []say.Text { return cause.Lines(k.Line) }

// Fix gives the route the source that was asked.
func (KernelChosen) Fix() []change.Change { return nil }
