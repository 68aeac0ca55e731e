package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// UntakenBack is a reply to a request that was given another source, where a rule keeps connection
// tracking from the reply: it stays with the node whose source that is.
type UntakenBack struct {
	cause.At
	Flow   flows.Flow // the reply, as it comes
	Client netip.Addr // whom it is for
	Kept   eval.Place // the rule
}

// Code is ReplyBypassesNAT.
func (UntakenBack) Code() cause.Code { return ReplyBypassesNAT }

// Detail names the rule, and whom the reply is for.
func (u UntakenBack) Detail() say.Text {
	return say.T("%[1]s keeps connection tracking from the reply: nobody turns its destination %[2]s back into %[3]s, for whom it is",
		"%[1]s 让应答不经过连接跟踪：没有谁把它的目的地址 %[2]s 换回真正的请求方 %[3]s", u.Kept.Line(), u.Flow.Dst, u.Client)
}

// Evidence is the reply, and the rule.
func (u UntakenBack) Evidence() []say.Text { return cause.Lines(u.Flow.String(), u.Kept.Line()) }

// Fix has the reply tracked.
func (u UntakenBack) Fix() []change.Change { return remedy.Without(u.Netns(), u.Kept) }
