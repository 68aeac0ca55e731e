package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NameUnresolved: no name server answers, so the name has no address.
const NameUnresolved cause.Code = "name-unresolved"

var _ = cause.Register(cause.Cause{
	Code:  NameUnresolved,
	Words: say.T("no name server answers, so the name has no address", "没有域名服务器应答，所以解析不出名字"),
	Table: []string{"cat", "/etc/resolv.conf"},
})

// Unnamed is a name that cannot be looked up, for the reason that a question to its
// name server gets nowhere, or no answer.
type Unnamed struct {
	cause.At
	Name, Server string
	Why          say.Text // that the question to the server is not answered
	Proof        []say.Text
	Mends        []change.Change
	// Wait is how long a program waits for servers that keep silent, in seconds, by the
	// Timeout and the Attempts of resolv.conf; 0 where it does not have to.
	Wait, Timeout float64
	Attempts      int
}

// Code is NameUnresolved.
func (Unnamed) Code() cause.Code { return NameUnresolved }

// Detail names both.
func (u Unnamed) Detail() say.Text {
	text := say.T("%[1]s cannot be looked up, for its name server %[2]s does not answer: %[3]s", "%[1]s 解析不出来，因为域名服务器 %[2]s 没有应答：%[3]s", u.Name, u.Server, u.Why)
	if u.Wait > 0 {
		text = say.T("%s; a program waits up to %g s before it gives up (options timeout:%g attempts:%d)", "%s；程序最多等 %g 秒才放弃（options timeout:%g attempts:%d）", text, u.Wait, u.Timeout, u.Attempts)
	}
	return text
}

// Evidence is what proves why.
func (u Unnamed) Evidence() []say.Text { return u.Proof }

// Fix is what mends the way to the server.
func (u Unnamed) Fix() []change.Change { return u.Mends }
