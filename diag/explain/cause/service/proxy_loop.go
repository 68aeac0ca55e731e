package service

import (
	"fmt"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ProxyLoop: what a proxy sends on is sent back to it.
const ProxyLoop cause.Code = "proxy-loop"

var _ = cause.Register(cause.Cause{
	Code:  ProxyLoop,
	Words: say.T("a rule sends a proxy's own connections to the proxy itself", "规则把代理自己发出的连接又转回给代理"),
	Table: []string{"conntrack", "-L"},
})

// MeetsItself is a program that takes connections which are for others, and whose own
// to the same destination the same rule sends to it.
type MeetsItself struct {
	cause.At
	Meant  netip.AddrPort // whom the connection was for
	Takes  socket.Socket
	Owner  socket.Process // of the socket; the zero value where that is not known
	By     eval.Place     // the rule
	Seen   []socket.Connection
	Sender change.Sender // by whom what it sends can be told
}

// Code is ProxyLoop.
func (MeetsItself) Code() cause.Code { return ProxyLoop }

// Detail says what was seen, or what may be.
func (m MeetsItself) Detail() say.Text {
	who := say.Quote(fmt.Sprintf("%s (pid %d)", m.Owner.Comm, m.Owner.PID))
	if m.Owner.PID == 0 {
		who = say.T("a process of user %d", "用户 %d 的进程", m.Takes.UID)
	}
	door := m.Takes.Local.String()
	if len(m.Seen) == 0 {
		return say.T("a rule sends connections to %s to %s, also those that the program there (%s) opens itself: if it passes on what it takes, it meets itself. Only a connection shows whether it does",
			"规则把发往 %s 的连接转到 %s，监听在那里的程序（%s）自己发出的也不例外：它若把接到的连接转发出去，接到的就是自己。是否如此，要实际建立连接才知道", m.Meant, door, who)
	}
	text := say.T("%s takes connections to %s at %s and passes them on, but what it opens itself meets the same rule: it talks to itself, and nobody gets to %[2]s",
		"%s 在 %[3]s 接走发往 %[2]s 的连接再转发，可它自己发出的连接也碰上同一条规则：它在和自己说话，谁也到不了 %[2]s", who, m.Meant, door)
	if len(m.Fix()) > 0 {
		return text
	}
	return say.T("%s. No mark and no user of its own tells what it sends: give it one, and except that from the rule",
		"%s。它发出的包既没有标记，也不属于专门的用户，无从区分：先给它一个，再让规则放过", text)
}

// Evidence are the rule, and both ends of a connection of the program to itself.
func (m MeetsItself) Evidence() []say.Text {
	lines := []string{m.By.Line()}
	for _, c := range m.Seen {
		lines = append(lines, fmt.Sprintf("ESTAB %s %s", c.Local, c.Peer))
	}
	return cause.Lines(lines...)
}

// Fix excepts what the program sends from the rule.
func (m MeetsItself) Fix() []change.Change {
	if fix, ok := change.Except(m.Netns(), m.By.Table, m.By.Chain, m.By.Rule, m.Sender); ok {
		return []change.Change{fix}
	}
	return nil
}
