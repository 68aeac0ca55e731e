package service

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OverLimit is a packet that was stopped where one rule alone may have done it, by something
// that only the kernel knows: how many connections there are, or what a quota has left.
type OverLimit struct{ cause.Stopped }

// counters are the conditions that count, by their names, and what it means that one holds.
var counters = map[string]say.Form{
	"connlimit": say.F("there are more connections than it allows: end some of them (conntrack -L, ss -tn), or raise its number", "连接数超过了它允许的数量：请结束一部分连接（conntrack -L、ss -tn），或调大它的数值"),
	"quota":     say.F("its quota is used up: raise it, or reset it", "它的配额已经用完：请调大或重置"),
}

// Detail names the rule, and what it counts.
func (o OverLimit) Detail() say.Text {
	text := say.T("%s (hook %s) stops %s: no other rule there would", "%s（hook %s）拦下 %s：那里没有别的规则会这样做", o.Result.Line(), o.Hook, o.Flow)
	for _, m := range o.Result.Decided.Matches {
		if m.Unread == nil {
			continue
		}
		if means, ok := counters[strings.TrimPrefix(m.Unread.Name, "match ")]; ok {
			return say.T("%s; %s", "%s；%s", text, means.Of())
		}
	}
	return say.T("%s; what it asks for cannot be read here", "%s；它的条件在这里读不出来", text)
}

// Fix is none: the limit is meant.
func (OverLimit) Fix() []change.Change { return nil }

// Counts reports whether a rule has a condition that only the kernel can judge.
func Counts(rule *netfilter.Rule) bool {
	for _, m := range rule.Matches {
		if m.Unread != nil {
			return true
		}
	}
	return false
}
