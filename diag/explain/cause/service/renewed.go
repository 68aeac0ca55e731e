package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Renewed is a reply that begins a connection of its own, whose source rules of nat change:
// a rule has kept connection tracking from its request.
type Renewed struct {
	cause.At
	Flow  flows.Flow // the reply, as it comes
	Asked flows.Flow
	Kept  eval.Place // the rule
}

// Code is ReplyBypassesNAT.
func (Renewed) Code() cause.Code { return ReplyBypassesNAT }

// Detail names both addresses and the rule.
func (r Renewed) Detail() say.Text {
	return say.T("%[1]s was asked, and the reply comes from %[2]s: %[3]s keeps connection tracking from the request, so that its reply is a new connection there, and the rules of nat give that another source",
		"问的是 %[1]s，应答却来自 %[2]s：%[3]s 让请求不经过连接跟踪，应答在那里就成了新连接，被 nat 规则改了源地址",
		eval.Endpoint(r.Asked.Dst, r.Asked.DstPort), eval.Endpoint(r.Flow.Src, r.Flow.SrcPort), r.Kept.Line())
}

// Evidence is the reply, and the rule.
func (r Renewed) Evidence() []say.Text { return cause.Lines(r.Flow.String(), r.Kept.Line()) }

// Fix has the request tracked.
func (r Renewed) Fix() []change.Change { return remedy.Without(r.Netns(), r.Kept) }
