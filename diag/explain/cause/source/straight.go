package source

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Straight is a request that has left with the own address of one to whom a rule lets nothing
// come straight from outside, his answers neither: there it should have had another source.
type Straight struct {
	cause.At
	Src    netip.Addr
	Net    netip.Prefix // the network of the source
	Out    string       // the device that it left by
	Line   string       // the route there
	Stop   eval.Result  // that stops the answer
	Exempt cause.Exempt
}

// Code is NotMasqueraded.
func (Straight) Code() cause.Code { return cause.NotMasqueraded }

// Detail names the device, the source and the rule.
func (s Straight) Detail() say.Text {
	return s.Exempt.Said(say.T("the request left %[1]s with the source %[2]s, and %[3]s lets nothing from outside come straight to that address, its answers neither",
		"请求从 %[1]s 出去时源地址仍是 %[2]s，而 %[3]s 不让外面的包直接到这个地址，应答也不行", s.Out, s.Src, s.Stop.Line()))
}

// Evidence are the route out and the rule.
func (s Straight) Evidence() []say.Text {
	return append(cause.Lines(s.Line, s.Stop.Line()), s.Exempt.Lines()...)
}

// Fix rewrites the source where the request leaves.
func (s Straight) Fix() []change.Change {
	return s.Exempt.Mend(change.Masquerade{Netns: s.Netns(), Src: s.Net, Out: s.Out})
}
