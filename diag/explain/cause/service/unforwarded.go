package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unforwarded is a request for a port that firewalld keeps in the file of a zone to be sent on, and
// that no rule sends on: what is in force has lost it.
type Unforwarded struct {
	cause.At
	Flow flows.Flow
	Zone string
	Kept firewalld.Forward
	Met  cause.Finding // that stops it as it is; nil: nothing does
}

// Code is NotTranslated.
func (Unforwarded) Code() cause.Code { return NotTranslated }

// Detail names the zone, its file, and where the request should go.
func (u Unforwarded) Detail() say.Text {
	return say.T("%[1]s is to be sent on to %[2]s by the zone %[3]s of firewalld (%[4]s), and no rule does that: what is in force has lost it. Where firewall-cmd says that it has it already, its rules were changed behind its back, and firewall-cmd --reload writes all of them again",
		"firewalld 的区域 %[3]s（%[4]s）要把 %[1]s 转给 %[2]s，但没有规则这样做：当前生效的配置丢了它。如果 firewall-cmd 说已经有了，那是有人绕过它改了规则，firewall-cmd --reload 会重新写好全部规则",
		eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), u.Kept.To.String(), u.Zone, u.Kept.File)
}

// Evidence are the words of the file, and what stops the request now.
func (u Unforwarded) Evidence() []say.Text {
	lines := cause.Lines(u.Kept.File + ": " + u.Kept.Asks)
	if u.Met == nil {
		return lines
	}
	return append(append(lines, u.Met.Detail()), u.Met.Evidence()...)
}

// Fix has it in force again.
func (u Unforwarded) Fix() []change.Change { return remedy.Forward(u.Zone, u.Kept.Asks) }
