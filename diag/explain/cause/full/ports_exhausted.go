package full

import (
	"fmt"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// PortsExhausted: all ports that a translated source may have are taken.
const PortsExhausted cause.Code = "snat-ports-exhausted"

var _ = cause.Register(cause.Cause{
	Code:  PortsExhausted,
	Words: say.T("all ports that the translated source may have are taken", "转换后的源地址可用的端口已用尽"),
	Table: []string{"conntrack", "-L", "--src-nat"},
})

// NoPortLeft is a flow whose source a rule translates to some ports alone, of which none
// is left: to one port of one address, each port of a source is good for one connection.
// The kernel drops what it cannot tell apart from another one (__nf_conntrack_confirm()).
type NoPortLeft struct {
	cause.At
	Flow     flows.Flow // as it would leave
	Min, Max uint16     // the ports that it may have
	By       eval.Place
	Taken    conntrack.Entry // one of those that have them
	Failed   int             // entries that could not be made, as the kernel counts
}

// Code is PortsExhausted.
func (NoPortLeft) Code() cause.Code { return PortsExhausted }

// Detail counts the ports, and says whose they are.
func (f NoPortLeft) Detail() say.Text {
	return say.T("%s. It is the rule that has no more of them", "%s。限定端口的是这条规则", f.counted())
}

func (f NoPortLeft) counted() say.Text {
	return say.T("to %[1]s the source %[2]s has %[3]d ports (%[4]d-%[5]d), and as many connections have them: the kernel drops what begins another one",
		"到 %[1]s，源地址 %[2]s 能用的端口有 %[3]d 个（%[4]d-%[5]d），已全被连接占用：要再开新连接的包，内核都丢弃",
		eval.Endpoint(f.Flow.Dst, f.Flow.DstPort), f.Flow.Src, int(f.Max)-int(f.Min)+1, f.Min, f.Max)
}

// Evidence are the rule, one of the connections, and what the kernel has counted.
func (f NoPortLeft) Evidence() []say.Text {
	lines := []string{f.By.Line(), f.Taken.String()}
	if f.Failed > 0 {
		lines = append(lines, fmt.Sprintf("conntrack -S: insert_failed=%d", f.Failed))
	}
	return cause.Lines(lines...)
}

// Fix takes the limit off the rule.
func (f NoPortLeft) Fix() []change.Change {
	fix, _ := change.AnyPortInstead(f.Netns(), f.By.Table, f.By.Chain, f.By.Rule)
	return fix
}

// NoPortAtAll is the same where the rule would allow any port.
type NoPortAtAll struct{ NoPortLeft }

// Detail counts the ports, and says what more of them would take.
func (f NoPortAtAll) Detail() say.Text {
	return say.T("%s. Translate to several addresses, or have the connections live shorter", "%s。可转换为多个地址，或缩短连接的存活时间", f.counted())
}

// Fix is none: what other addresses there are, the rules do not say.
func (NoPortAtAll) Fix() []change.Change { return nil }
