package cause

import (
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// EchoIgnored: the destination is told to answer no pings.
const EchoIgnored Code = "echo-ignored"

var _ = Register(Cause{
	Code:  EchoIgnored,
	Words: say.T("the destination is told to answer no pings", "目标被设置为不回应 ping"),
	Table: []string{"sysctl", "net.ipv4.icmp_echo_ignore_all"},
})

// EchoOff is a destination whose kernel is told to answer no echo.
type EchoOff struct {
	At
	IPv6 bool
}

// Path is the setting below /proc/sys.
func (e EchoOff) Path() string {
	if e.IPv6 {
		return "net/ipv6/icmp/echo_ignore_all"
	}
	return "net/ipv4/icmp_echo_ignore_all"
}

// Code is EchoIgnored.
func (EchoOff) Code() Code { return EchoIgnored }

// Detail says so.
func (EchoOff) Detail() say.Text {
	return say.T("the request arrives, and the kernel is told to ignore echo requests", "请求到了，但内核被设为忽略 echo request")
}

// Evidence is the setting.
func (e EchoOff) Evidence() []say.Text { return Lines(strings.ReplaceAll(e.Path(), "/", ".") + " = 1") }

// Fix turns it off.
func (e EchoOff) Fix() []change.Change {
	return []change.Change{change.Sysctl{Netns: e.Netns(), Path: e.Path(), Value: "0"}}
}
