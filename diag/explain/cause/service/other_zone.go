package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OtherZone is a reply that belongs to no connection, since connection tracking looks for it
// in another zone than its request was tracked in.
type OtherZone struct {
	cause.At
	Flow flows.Flow // the reply
	eval.Zones
}

// Code is ReplyBypassesNAT.
func (OtherZone) Code() cause.Code { return ReplyBypassesNAT }

// Detail names both zones.
func (o OtherZone) Detail() say.Text {
	return say.T("the request was translated in zone %d of connection tracking, and %s comes back in zone %d, where nobody knows of it: it is not translated back",
		"请求是在连接跟踪的 zone %d 里转换的，%s 却回到 zone %d，那里没有它的记录，地址不会还原", o.Asked, o.Flow, o.Answered)
}

// Evidence is the rule that sets the zone.
func (o OtherZone) Evidence() []say.Text { return cause.Lines(o.By.Line()) }

// Fix leaves both in one zone.
func (o OtherZone) Fix() []change.Change { return remedy.Without(o.Netns(), o.By) }
