package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Disallowed is a packet that no IPsec policy is for, where such packets are blocked
// (`ip xfrm policy setdefault`).
type Disallowed struct {
	cause.At
	Flow flows.Flow
	Dir  string // "out", "in" or "fwd"
}

// Code is cause.Filtered.
func (Disallowed) Code() cause.Code { return cause.Filtered }

// Detail says what is asked of whoever set it so.
func (d Disallowed) Detail() say.Text {
	return say.T("no IPsec policy is for %[1]s, and what none is for is blocked here (ip xfrm policy getdefault: %[2]s block). It needs a policy, or `ip xfrm policy setdefault %[2]s accept`",
		"没有 IPsec 策略管 %[1]s，而这里规定没有策略的包一律拦下（ip xfrm policy getdefault：%[2]s block）。要么给它一条策略，要么 `ip xfrm policy setdefault %[2]s accept`", d.Flow, d.Dir)
}

// Evidence is the setting.
func (d Disallowed) Evidence() []say.Text {
	return cause.Lines("ip xfrm policy getdefault: " + d.Dir + " block")
}

// Fix is none: whether everything else shall pass as well is not for a packet to decide.
func (Disallowed) Fix() []change.Change { return nil }
