package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// SocketDemands: who listens takes only packets of another kind.
const SocketDemands cause.Code = "socket-demands"

var _ = cause.Register(cause.Cause{
	Code:  SocketDemands,
	Words: say.T("who listens takes only packets of another kind", "监听者只接受另一种包"),
	Table: []string{"ss", "-tnl"},
})

// Demanding is a packet that came to who listens, and that its socket has dropped: a program
// has asked the kernel for that, and only the kernel's own word tells of it.
type Demanding struct {
	cause.At
	By     string // the program's name; "" where that is not known
	PID    int
	Bound  string   // where it listens
	Reason string   // the kernel's, one of Demands
	Line   say.Text // … in its words
	Seen   []say.Text
}

// Demands are the kernel's reasons of a socket that takes only some packets, and what it wants.
var Demands = map[string]say.Text{
	"TCP_MD5NOTFOUND": say.T("every segment from this address signed (TCP MD5, as with the password of a BGP session), and these are not: both ends need the same password, or neither of them one",
		"来自该地址的每个包都带签名（TCP MD5，即 BGP 会话的密码），而这些没有：两端要配同一个密码，或都不配"),
	"TCP_AONOTFOUND": say.T("every segment from this address signed (TCP-AO), and these are not: both ends need the same key, or neither of them one",
		"来自该地址的每个包都带签名（TCP-AO），而这些没有：两端要配同一个密钥，或都不配"),
	"TCP_MINTTL": say.T("packets with more hops left to live than these have (IP_MINTTL, ttl-security of BGP): the other end has to send with a TTL of 255, from no further than is allowed there",
		"剩余跳数（TTL）更大的包（IP_MINTTL，即 BGP 的 ttl-security）：对端要用 255 的 TTL 发送，且距离不超过那里允许的跳数"),
}

// Code is SocketDemands.
func (Demanding) Code() cause.Code { return SocketDemands }

// Detail names the program, and what it wants.
func (d Demanding) Detail() say.Text {
	if d.By == "" {
		return say.T("the socket on %s wants %s", "监听 %s 的套接字要求%s", d.Bound, Demands[d.Reason])
	}
	return say.T("%s (pid %d), which listens on %s, wants %s", "%s（pid %d，监听 %s）要求%s", d.By, d.PID, d.Bound, Demands[d.Reason])
}

// Evidence is the kernel's word.
func (d Demanding) Evidence() []say.Text { return append([]say.Text{d.Line}, d.Seen...) }

// Fix is the programs' to make.
func (Demanding) Fix() []change.Change { return nil }
