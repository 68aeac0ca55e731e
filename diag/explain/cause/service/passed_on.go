package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/internal/say"
)

// PassedOn is what a program meets that takes a request, and passes it on: whoever asked
// sees a connection that opens, and is closed or hangs.
type PassedOn struct {
	cause.Finding
	By  string // the program's name
	PID int
	To  netip.AddrPort
}

// Detail names the program, and what it meets.
func (p PassedOn) Detail() say.Text {
	return say.T("%s (pid %d) takes the request and passes it on to %s, and does not get through: %s",
		"%s（pid %d）收下请求，再转给 %s，但转不过去：%s", p.By, p.PID, p.To, p.Finding.Detail())
}
