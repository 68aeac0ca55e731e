package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/linkstat"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// LinkFlap: a device on the way comes and goes.
const LinkFlap cause.Code = "link-flap"

var _ = cause.Register(cause.Cause{
	Code:  LinkFlap,
	Words: say.T("a device on the way goes down and comes back", "路径上有网卡时断时通"),
	Table: []string{"ip", "-s", "-s", "link"},
})

// Flapping is a device that went and came back while echoes were sent.
type Flapping struct {
	cause.At
	Losses
	Dev string
	linkstat.Switched
}

// Code is LinkFlap.
func (Flapping) Code() cause.Code { return LinkFlap }

// Detail says what happens to it, and how often.
func (f Flapping) Detail() say.Text {
	switch {
	case f.Off > 0:
		return say.T("%s goes down and comes back: it was switched off %s while the echoes were sent (somebody, or some program, does that: `ip -ts monitor link` shows when); %s",
			"%s 时断时通：发回显请求期间它被关掉 %s（有人或程序在反复开关它，用 `ip -ts monitor link` 看时间）；%s", f.Dev, times(f.Off), f.missed())
	case f.Gone > 0:
		return say.T("%s goes and comes back: it was deleted %s while the echoes were sent; %s", "%s 时有时无：发回显请求期间它被删掉 %s；%s", f.Dev, times(f.Gone), f.missed())
	}
	return say.T("%s loses its carrier and finds it again: %s while the echoes were sent; look at the wire, and at whoever is at its other end; %s",
		"%s 的载波时有时无：发回显请求期间丢失 %s；检查网线和对端；%s", f.Dev, times(f.Lost), f.missed())
}

func times(n int) say.Text {
	if n == 1 {
		return say.T("once", "1 次")
	}
	return say.T("%d times", "%d 次", n)
}

// Evidence is what was counted.
func (f Flapping) Evidence() []say.Text { return f.lines() }

// Fix is elsewhere: to switch it on would last until the next time.
func (Flapping) Fix() []change.Change { return nil }
