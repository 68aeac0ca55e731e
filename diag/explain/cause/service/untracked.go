package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Untracked is a request for a service that a rule keeps from connection tracking: the
// rules of nat see nothing of it.
type Untracked struct {
	cause.At
	Flow, To flows.Flow // as it is, and as the rules of nat would have made it
	By       eval.Place // the rule
}

// Code is NotTranslated.
func (Untracked) Code() cause.Code { return NotTranslated }

// Detail names the service, and the rule.
func (u Untracked) Detail() say.Text {
	return say.T("%[1]s is not translated to %[2]s: %[3]s keeps connection tracking from it, so that no rule of nat sees it",
		"%[1]s 没有转换为 %[2]s：%[3]s 让它不经过连接跟踪，nat 规则就看不到它", eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), eval.Endpoint(u.To.Dst, u.To.DstPort), u.By.Line())
}

// Evidence is the rule.
func (u Untracked) Evidence() []say.Text { return cause.Lines(u.By.Line()) }

// Fix takes the rule away.
func (u Untracked) Fix() []change.Change { return remedy.Without(u.Netns(), u.By) }
