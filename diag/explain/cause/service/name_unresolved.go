package service

import (
	"fmt"

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

// Unknowing is a name server that answers, and does not know.
type Unknowing struct {
	cause.At
	Name, Server string
	Said         string // the code of its answer (RFC 1035, section 4.1.1)
	// Asks is whom it asks in turn, where that leads nowhere for the reason Why; empty: nobody
	// that is known.
	Asks  string
	Why   say.Text
	Proof []say.Text
	Mends []change.Change
}

// Code is NameUnresolved.
func (Unknowing) Code() cause.Code { return NameUnresolved }

// Detail says what the code means.
func (u Unknowing) Detail() say.Text {
	text := say.T("%s cannot be looked up, for its name server %s answers %s", "%s 解析不出来，因为域名服务器 %s 的应答是 %s", u.Name, u.Server, u.Said)
	switch {
	case u.Asks != "":
		return say.T("%s: it asks %s in turn, and there: %s", "%s：它自己要去问 %s，而那里：%s", text, u.Asks, u.Why)
	case u.Said == "SERVFAIL":
		return say.T("%s: the way to it is well, and it could not find out itself; look at whom it asks in turn", "%s：到它的路是通的，但它自己也查不到；请看它又去问谁", text)
	case u.Said == "REFUSED":
		return say.T("%s: the way to it is well, and it does not serve this client, or not this name", "%s：到它的路是通的，但它不为这个客户端或这个名字服务", text)
	case u.Said == "NOERROR":
		return say.T("%s and nothing more: it has nothing of the name, and asks nobody (no recursion)", "%s，此外什么也没有：它没有这个名字，也不去问别人（不递归）", text)
	}
	return text
}

// Evidence is its answer, and what proves why.
func (u Unknowing) Evidence() []say.Text {
	return append(cause.Lines(fmt.Sprintf("dig %s @%s: status: %s", u.Name, u.Server, u.Said)), u.Proof...)
}

// Fix is what mends the way to whom it asks.
func (u Unknowing) Fix() []change.Change { return u.Mends }
