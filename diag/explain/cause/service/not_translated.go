package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotTranslated: the address is a service's, and no rule that the packet meets sends
// it on to anybody.
const NotTranslated cause.Code = "not-translated"

var _ = cause.Register(cause.Cause{
	Code:  NotTranslated,
	Words: say.T("a service's address, which no rule on this path translates", "这是服务地址，但这条路径上没有规则转换它"),
	Table: []string{"iptables", "-t", "nat", "-vnL"},
})

// WrongHook is a request for a service whose rules are at a hook that it does not
// pass.
type WrongHook struct {
	cause.At
	Flow, To  flows.Flow // as it is, and as the rules would have made it
	Used, Has string     // the hook that it passes, and the one with the rules
	Rule      string     // that would translate it
}

// Code is NotTranslated.
func (WrongHook) Code() cause.Code { return NotTranslated }

// Detail names both hooks.
func (h WrongHook) Detail() say.Text {
	asked, to := eval.Endpoint(h.Flow.Dst, h.Flow.DstPort), eval.Endpoint(h.To.Dst, h.To.DstPort)
	if h.Used == "output" {
		return say.T("%[1]s is translated to %[2]s only for what comes in (%[3]s): what this namespace sends itself passes %[4]s, where no rule does that",
			"%[1]s 只对从外面进来的包转换为 %[2]s（hook %[3]s）；本命名空间自己发出的包走 %[4]s，那里没有这样的规则", asked, to, h.Has, h.Used)
	}
	return say.T("%[1]s is translated to %[2]s only for what this namespace sends itself (%[3]s): what comes in passes %[4]s, where no rule does that",
		"%[1]s 只对本命名空间自己发出的包转换为 %[2]s（hook %[3]s）；从外面进来的包走 %[4]s，那里没有这样的规则", asked, to, h.Has, h.Used)
}

// Evidence is the rule at the other hook.
func (h WrongHook) Evidence() []say.Text { return cause.Lines(h.Has + ": " + h.Rule) }

// Fix has the packet translated where it passes.
func (h WrongHook) Fix() []change.Change {
	return []change.Change{change.Translate{Netns: h.Netns(), Hook: h.Used, Dst: h.Flow.Dst, Kind: h.Flow.Kind(), To: h.To.Dst, ToPort: h.To.DstPort}}
}
