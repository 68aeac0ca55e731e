// Package mesh has the actions of redirecting what goes into a pod and out of it to a
// program inside.
package mesh

import (
	"context"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/ruled"
)

// HandOver has connections to a TCP port that come in by eth0 handed to the socket of a
// proxy, as they are (TPROXY).
type HandOver struct {
	Netns string
	Port  uint16   // that the connections are for
	Line  string   // the words behind nft
	Same  []string // how iptables says it
}

// Change implements steps.Action.
func (a HandOver) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line, a.Same...) }

// Conditions implements steps.Action: whoever wrote the rule, and however.
func (a HandOver) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return ruled.Rule{
		Netns: a.Netns, Hook: "prerouting",
		Want: say.T("a rule at the hook prerouting that hands TCP connections to port %d that come in by eth0 to a proxy's socket", "钩子 prerouting 上有一条规则，把从 eth0 进来、发往 TCP %d 端口的连接交给代理的套接字", a.Port),
		Kind: handsOver, Fits: a.covers,
	}.Conditions(l)
}

// handsOver says whether a rule is one of TPROXY.
func handsOver(rule *netfilter.Rule) bool {
	return slices.ContainsFunc(rule.Exprs, func(x netfilter.Expr) bool { return x.Name == "tproxy" || x.Name == "target TPROXY" })
}

// covers says whether a rule asks for nothing that a connection to the port might not
// have, and leaves alone what the pod sends itself: the proxy's own connections.
func (a HandOver) covers(rule *netfilter.Rule) bool {
	byDevice := false
	for _, m := range rule.Matches {
		if m.Unread != nil && handsOver(rule) && len(m.Key) == 0 {
			continue // the handing over itself
		}
		if len(m.Key) != 1 {
			return false
		}
		switch field := m.Key[0]; {
		case (field == "meta l4proto" || field == "ip protocol") && m.Holds([]byte{unix.IPPROTO_TCP}):
		case field == "tcp dport" && m.Holds([]byte{byte(a.Port >> 8), byte(a.Port)}):
		case field == "iifname" && m.Holds(named("eth0")) && !m.Holds(named("lo")):
			byDevice = true
		default:
			return false
		}
	}
	return byDevice
}

// named is the name of a device as a rule compares it.
func named(dev string) []byte {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, dev)
	return name
}
