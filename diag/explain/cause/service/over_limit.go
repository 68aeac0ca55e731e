package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OverLimit is a packet that was stopped by something that rules count, and only the kernel
// knows: how many connections there are, or what a quota has left.
type OverLimit struct {
	cause.Stopped
	Counts string // what it is, of netfilter.Match
	Lets   string // the rule that lets pass no more; empty where the one that stops the packet counts itself
}

// counters are what rules count by, and what it means that a rule stops a packet for that.
var counters = map[string]say.Form{
	"connlimit": say.F("there are more connections than it allows: end some of them (conntrack -L, ss -tn), or raise its number", "连接数超过了它允许的数量：请结束一部分连接（conntrack -L、ss -tn），或调大它的数值"),
	"quota":     say.F("its quota is used up: raise it, or reset it", "它的配额已经用完：请调大或重置"),
	"limit":     say.F("there are more packets than its rate allows: wait, or raise the rate or the burst", "包数超过了它的速率：请稍等，或调大速率或突发量（burst）"),
	"hashlimit": say.F("there are more packets than its rate allows for each (/proc/net/ipt_hashlimit): wait, or raise the rate or the burst", "包数超过了它对每一方允许的速率（/proc/net/ipt_hashlimit）：请稍等，或调大速率或突发量（burst）"),
	"recent":    say.F("its list has seen the address too often, or too lately (/proc/net/xt_recent): wait, or take the address off the list", "它的名单见到这个地址太频繁，或隔得太近（/proc/net/xt_recent）：请稍等，或把地址从名单里删去"),
}

// Uncertain is the finding that it is this which stops a packet that may pass, where rules that
// count decide, or what the one that stops it asks for cannot be read; certain is the same of rules
// that do neither.
func Uncertain(stopped cause.Stopped, certain func() cause.Finding) cause.Finding {
	if r := stopped.Result.Decided; r != nil {
		if what := counts(r); what != "" {
			return OverLimit{Stopped: stopped, Counts: what}
		}
	}
	for i, r := range stopped.Result.Doubted {
		if r == nil || r == stopped.Result.Decided {
			continue
		}
		if what := counts(r); what != "" {
			return OverLimit{Stopped: stopped, Counts: what, Lets: stopped.Result.Unsure[i]}
		}
	}
	return certain()
}

// Detail names the rule, and what it counts.
func (o OverLimit) Detail() say.Text {
	if o.Lets != "" {
		return say.T("%s (hook %s) stops %s, for the rule before it, %s, lets it pass no more: %s", "%s（hook %s）拦下 %s，因为它前面的规则 %s 不再放行：%s",
			o.Result.Line(), o.Hook, o.Flow, o.Lets, counters[o.Counts].Of())
	}
	return say.T("%s (hook %s) stops %s: no other rule there would; %s", "%s（hook %s）拦下 %s：那里没有别的规则会这样做；%s", o.Result.Line(), o.Hook, o.Flow, counters[o.Counts].Of())
}

// Fix is none: the limit is meant.
func (OverLimit) Fix() []change.Change { return nil }

// counts is what a rule counts by; empty where it counts nothing.
func counts(rule *netfilter.Rule) string {
	for _, m := range rule.Matches {
		if what := m.Counts(); what != "" {
			return what
		}
	}
	return ""
}
