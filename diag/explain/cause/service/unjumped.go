package service

import (
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unjumped is a request for a service that a chain would translate, to which no rule of
// the hook leads that the request passes.
type Unjumped struct {
	cause.At
	Flow, To flows.Flow // as it is, and as the chain would have made it
	Used     string     // the hook
	Table    *netfilter.Table
	Base     *netfilter.Chain // of the hook
	Chain    string
	Like     netfilter.Rule // that leads there from another hook; its Verdict says Chain where none does
	None     bool           // from no hook a rule leads there
}

// Code is NotTranslated.
func (Unjumped) Code() cause.Code { return NotTranslated }

// Detail names the chain, and where a jump to it is missing.
func (u Unjumped) Detail() say.Text {
	asked, to := eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), eval.Endpoint(u.To.Dst, u.To.DstPort)
	if u.None {
		return say.T("the chain %[1]s translates %[2]s to %[3]s, but no rule of any hook leads to it: here %[4]s of the table %[5]s should",
			"链 %[1]s 会把 %[2]s 转换为 %[3]s，但没有任何 hook 的规则跳转到它：这里应由表 %[5]s 的 %[4]s 跳转", u.Chain, asked, to, u.Base.Name, u.Table.Name)
	}
	return say.T("the chain %[1]s translates %[2]s to %[3]s, but no rule of %[4]s of the table %[5]s leads to it, which this request passes (hook %[6]s); from another hook one does",
		"链 %[1]s 会把 %[2]s 转换为 %[3]s，但这个请求经过的是表 %[5]s 的 %[4]s（hook %[6]s），那里没有规则跳转到它；别的 hook 有", u.Chain, asked, to, u.Base.Name, u.Table.Name, u.Used)
}

// Evidence is the rule of the other hook as it would be here, or the chain.
func (u Unjumped) Evidence() []say.Text {
	if u.None {
		return cause.Lines(strings.Join([]string{u.Table.Family, u.Table.Name, u.Chain}, " "))
	}
	return cause.Lines(u.Table.RuleLine(u.Base, &u.Like))
}

// Fix has the hook lead there, as the other one does.
func (u Unjumped) Fix() []change.Change {
	switch words, ok := u.Table.Words(u.Base, &u.Like); {
	case ok && u.Like.IPTables:
		return []change.Change{change.IPTables{Netns: u.Netns(), V6: u.Table.Family == "ip6", Words: words}}
	case u.Table.Legacy || len(u.Like.Matches) > 0:
		return nil
	}
	return []change.Change{change.NFT{Netns: u.Netns(), Words: slices.Concat([]string{"add", "rule", u.Table.Family, u.Table.Name, u.Base.Name, "jump", u.Chain})}}
}
