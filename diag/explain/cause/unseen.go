package cause

import (
	"slices"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/say"
)

// Unseen is something on the packet's way that cannot be looked at, and that is
// taken to let the packet pass.
type Unseen interface {
	Said() say.Text
	// Same reports whether both are one thing.
	Same(Unseen) bool
}

// RulesUnread is a packet filter that cannot be read.
type RulesUnread struct {
	At
	Err error
}

// Said names the namespace and what the kernel says.
func (u RulesUnread) Said() say.Text {
	return say.T("the packet filter of %s could not be read: %s", "%s 的包过滤规则读不出来：%s", machine.Called(u.Netns()), errnoOf(u.Err))
}

// WiresUnwatched tells that what passes the wires of a namespace cannot be seen.
func WiresUnwatched(netns string, err error) say.Text {
	return say.T("what passes the wires of %s could not be watched: %v", "%s 的链路上经过什么看不到：%v", machine.Called(netns), errnoOf(err))
}

// Same goes by the namespace.
func (u RulesUnread) Same(o Unseen) bool {
	other, ok := o.(RulesUnread)
	return ok && other.At == u.At
}

// SocketsUnread are listeners that cannot be read.
type SocketsUnread struct {
	At
	Err error
}

// Said names the namespace and what the kernel says.
func (u SocketsUnread) Said() say.Text {
	return say.T("who listens in %s could not be read: %s", "%s 中谁在监听读不出来：%s", machine.Called(u.Netns()), errnoOf(u.Err))
}

// Same goes by the namespace.
func (u SocketsUnread) Same(o Unseen) bool {
	other, ok := o.(SocketsUnread)
	return ok && other.At == u.At
}

// RulesUnjudged are rules of which it cannot be told whether they let a packet
// pass.
type RulesUnjudged struct {
	Hook  string
	Flow  flows.Flow
	Rules []string
	// Ways are all that may become of the packet, where the rules draw lots: fewer than
	// two where they do not.
	Ways []eval.Branch
	// Stop is the finding that it is one of them which stops the packet; nil where more may.
	// Refuses tells that it would refuse it.
	Stop    Finding
	Refuses bool
}

// Said names the hook, the packet and the rules, and how often what becomes of it.
func (u RulesUnjudged) Said() say.Text {
	if ways, ok := eval.Outcomes(u.Ways); ok {
		return say.T("%s: these rules draw lots for %s, %s: %v", "%s：这些规则随机决定 %s 的去向，%s：%v", u.Hook, u.Flow, ways, u.Rules)
	}
	return say.T("%s: cannot tell whether these rules let %s pass: %v", "%s：无法判断这些规则是否放行 %s：%v", u.Hook, u.Flow, u.Rules)
}

// Same goes by the hook, the packet and the rules.
func (u RulesUnjudged) Same(o Unseen) bool {
	other, ok := o.(RulesUnjudged)
	return ok && other.Hook == u.Hook && other.Flow == u.Flow && slices.Equal(other.Rules, u.Rules)
}
