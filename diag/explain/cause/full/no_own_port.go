package full

import (
	"strconv"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OwnPortsExhausted: whoever asks has no port left to ask from.
const OwnPortsExhausted cause.Code = "local-ports-exhausted"

var _ = cause.Register(cause.Cause{
	Code:  OwnPortsExhausted,
	Words: say.T("whoever asks has no port left to ask from", "发起方没有空闲的本地端口可用"),
	Table: []string{"ss", "-tan"},
})

// usualPorts is the range that Linux begins with.
const usualPorts = "32768 60999"

// NoOwnPort is a connection, or a datagram, for which its sender found no port: the call
// failed, and nothing was sent.
type NoOwnPort struct {
	cause.At
	Flow  flows.Flow
	Range string // net.ipv4.ip_local_port_range, which IPv6 has, too
}

// Code is OwnPortsExhausted.
func (NoOwnPort) Code() cause.Code { return OwnPortsExhausted }

// Detail names the range.
func (o NoOwnPort) Detail() say.Text {
	return say.T("%[1]s finds no free port for another connection to %[2]s: all %[3]d of net.ipv4.ip_local_port_range (%[4]s) are taken, or reserved; nothing was sent",
		"%[1]s 要连 %[2]s，却没有空闲的本地端口：net.ipv4.ip_local_port_range（%[4]s）的 %[3]d 个端口都被占用或保留；包根本没有发出",
		machine.Called(o.Netns()), eval.Endpoint(o.Flow.Dst, o.Flow.DstPort), portsIn(o.Range), o.Range)
}

// portsIn counts those of a range.
func portsIn(text string) int {
	first, last, _ := strings.Cut(text, " ")
	from, _ := strconv.Atoi(first)
	to, _ := strconv.Atoi(last)
	return to - from + 1
}

// Evidence is the setting.
func (o NoOwnPort) Evidence() []say.Text {
	return cause.Lines("net.ipv4.ip_local_port_range = " + o.Range)
}

// Fix widens a range that is narrower than the usual one. Else a program holds too many.
func (o NoOwnPort) Fix() []change.Change {
	if portsIn(o.Range) >= portsIn(usualPorts) {
		return nil
	}
	return []change.Change{change.Sysctl{Netns: o.Netns(), Path: "net/ipv4/ip_local_port_range", Value: usualPorts}}
}
