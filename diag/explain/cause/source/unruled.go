package source

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// mainPriority is that of the kernel's own rule for the main table.
const mainPriority = remedy.BeforeMain + 1

// Unruled is a packet without a route, although the main table has one: no policy rule has
// that table asked for it.
type Unruled struct {
	cause.At
	Lookup cause.Lookup
	Reply  bool
	Main   table.Route        // the main table's
	Rules  []table.PolicyRule // those that there are, of the packet's IP version
}

// Code says on whose way the route is missing.
func (u Unruled) Code() cause.Code { return cause.RouteMissing(u.Reply) }

// Detail says what is gone.
func (u Unruled) Detail() say.Text {
	return say.T("the main table has a route to %[1]s, but no policy rule has it asked for this packet: the kernel's own rule, %[2]d: from all lookup main, is gone. A network manager that takes all rules for its own deletes it",
		"main 表里有到 %[1]s 的路由，但没有策略规则让这个包去查它：内核自带的规则 %[2]d: from all lookup main 不见了。把所有规则都当成自己的网络管理程序会删掉它", u.Lookup.Dst, mainPriority)
}

// Evidence are the route, and the rules that are left.
func (u Unruled) Evidence() []say.Text {
	lines := []string{u.Main.Line()}
	for i, r := range u.Rules {
		if i < maxRules {
			lines = append(lines, r.Line())
		}
	}
	return append(cause.Lines(lines...), u.Lookup.Lines()...)
}

// maxRules bounds the rules that are shown.
const maxRules = 4

// Fix adds the kernel's rule again.
func (u Unruled) Fix() []change.Change {
	rule := change.Lookup(u.Main.Table, mainPriority)
	if u.Lookup.Dst.Is6() {
		rule.Family = 6
	}
	return []change.Change{change.PolicyAdd{Netns: u.Netns(), Rule: rule}}
}
