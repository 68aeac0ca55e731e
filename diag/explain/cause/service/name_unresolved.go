package service

import (
	"fmt"
	"net/netip"

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
	Besides       []string // modules of nsswitch.conf that a program asks too, and that were not asked
}

// Code is NameUnresolved.
func (Unnamed) Code() cause.Code { return NameUnresolved }

// Detail names both.
func (u Unnamed) Detail() say.Text {
	text := say.T("%[1]s cannot be looked up, for its name server %[2]s does not answer: %[3]s", "%[1]s 解析不出来，因为域名服务器 %[2]s 没有应答：%[3]s", u.Name, u.Server, u.Why)
	if u.Wait > 0 {
		text = say.T("%s; a program waits up to %g s before it gives up (options timeout:%g attempts:%d)", "%s；程序最多等 %g 秒才放弃（options timeout:%g attempts:%d）", text, u.Wait, u.Timeout, u.Attempts)
	}
	if len(u.Besides) > 0 {
		text = say.T("%s; by nsswitch.conf a program asks %s too, which was not done here and may know it", "%s；按 nsswitch.conf，程序还会去问 %s，这里没有去问，它们可能知道这个名字", text, say.List(u.Besides...))
	}
	return text
}

// Evidence is what proves why.
func (u Unnamed) Evidence() []say.Text { return u.Proof }

// Fix is what mends the way to the server.
func (u Unnamed) Fix() []change.Change { return u.Mends }

// Unlooked is a name that the hosts file has, and that a program does not look for there.
type Unlooked struct {
	cause.At
	Name string
	Addr netip.Addr
	Line string // the hosts line of nsswitch.conf(5)
	By   string // the module whose answer ends the look-up before; empty: the line has no files
}

// Code is NameUnresolved.
func (Unlooked) Code() cause.Code { return NameUnresolved }

// Detail says what keeps it from the file, and what would not.
func (u Unlooked) Detail() say.Text {
	if u.By == "" {
		return say.T("%[1]s cannot be looked up: the hosts file has it (%[2]s), and is not asked, for the line hosts of /etc/nsswitch.conf has no files (%[3]s); write `hosts: files %[3]s` there. A program with musl or one of its own resolver does not read that line",
			"%[1]s 解析不出来：hosts 文件里有它（%[2]s），但没有去查，因为 /etc/nsswitch.conf 的 hosts 一行没有 files（%[3]s）；请改成 `hosts: files %[3]s`。用 musl 或自带解析器的程序不读这一行", u.Name, u.Addr, u.Line)
	}
	return say.T("%[1]s cannot be looked up: the hosts file has it (%[2]s), and is not come to, for the line hosts of /etc/nsswitch.conf (%[3]s) ends with the answer of %[4]s before it; write files first there. A program with musl or one of its own resolver does not read that line",
		"%[1]s 解析不出来：hosts 文件里有它（%[2]s），但查不到那里，因为 /etc/nsswitch.conf 的 hosts 一行（%[3]s）在它之前得到 %[4]s 的答复就结束了；请把 files 写在最前面。用 musl 或自带解析器的程序不读这一行", u.Name, u.Addr, u.Line, u.By)
}

// Evidence are the lines of both files.
func (u Unlooked) Evidence() []say.Text {
	return cause.Lines(fmt.Sprintf("/etc/nsswitch.conf: hosts: %s", u.Line), fmt.Sprintf("/etc/hosts: %s %s", u.Addr, u.Name))
}

// Fix: no command of a network does that.
func (Unlooked) Fix() []change.Change { return nil }

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
