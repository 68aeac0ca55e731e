package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ReplyBypassesNAT: the reply does not come back to where the request was
// translated, and has the wrong source.
const ReplyBypassesNAT cause.Code = "reply-bypasses-nat"

var _ = cause.Register(cause.Cause{
	Code:  ReplyBypassesNAT,
	Words: say.T("the reply takes a way past the translation, and comes from another address than was asked", "应答绕过了地址转换，来源不是所问的地址"),
	Table: []string{"conntrack", "-L"},
})

// Bypassed is a reply that comes from another address than was asked. It is at the
// namespace that has translated the request.
type Bypassed struct {
	cause.At
	Flow   flows.Flow // the reply, as it comes
	Asked  flows.Flow
	Client netip.Addr
	// Bridge tells that the rules of IP could see what the bridge passes on there, and
	// do not.
	Bridge bool
	Exempt cause.Exempt // why no rule gives the request another source
	Past   string       // the route that it leaves by, past whoever translated the request; empty where it comes straight
	// Unseen tells that a virtual service has translated it, and that no rule of nat sees
	// what that sends on (net.ipv4.vs.conntrack).
	Unseen bool
	Kept   eval.Place // the rule that keeps connection tracking from the reply there; its Rule is nil where none does
}

// Code is ReplyBypassesNAT.
func (Bypassed) Code() cause.Code { return ReplyBypassesNAT }

// Detail names both addresses.
func (b Bypassed) Detail() say.Text {
	asked, came := eval.Endpoint(b.Asked.Dst, b.Asked.DstPort), eval.Endpoint(b.Flow.Src, b.Flow.SrcPort)
	if b.Bridge {
		return say.T("%[1]s was asked, and the reply comes from %[2]s: the bridge passes it on without the rules of IP, which would take the translation back",
			"问的是 %[1]s，应答却来自 %[2]s：网桥直接转发，没有经过会还原地址的 IP 规则", asked, came)
	}
	if b.Kept.Rule != nil {
		return say.T("%[1]s was asked, and the reply comes from %[2]s: %[3]s keeps connection tracking from it, so that nothing takes the translation back",
			"问的是 %[1]s，应答却来自 %[2]s：%[3]s 让应答不经过连接跟踪，地址就没有还原", asked, came, b.Kept.Line())
	}
	if b.Past != "" {
		return say.T("%[1]s was asked, and the reply of %[2]s leaves by %[3]s: it does not come back to the namespace that translated the request",
			"问的是 %[1]s，而 %[2]s 的应答按 %[3]s 出去，不会回到转换请求的命名空间", asked, came, b.Past)
	}
	return say.T("%[1]s was asked, and the reply comes from %[2]s: it goes straight to who asked, past the namespace that translated the request",
		"问的是 %[1]s，应答却来自 %[2]s：它直接到了提问者那里，没有回到转换请求的命名空间", asked, came)
}

// Evidence is the reply, and what it is kept from.
func (b Bypassed) Evidence() []say.Text {
	if b.Unseen {
		return cause.Lines(b.Flow.String(), remedy.VirtualUntracked)
	}
	if b.Kept.Rule != nil {
		return cause.Lines(b.Flow.String(), b.Kept.Line())
	}
	return cause.Lines(b.Flow.String())
}

// Fix has the reply pass the rules again, or be tracked.
func (b Bypassed) Fix() []change.Change {
	if b.Bridge {
		return []change.Change{change.Sysctl{Netns: b.Netns(), Path: "net/bridge/bridge-nf-call-iptables", Value: "1"}}
	}
	if b.Kept.Rule != nil {
		if del, ok := change.RuleDel(b.Netns(), b.Kept.Table, b.Kept.Chain, b.Kept.Rule); ok {
			return []change.Change{del}
		}
		return nil
	}
	mend := b.Exempt.Mend(change.Masquerade{Netns: b.Netns(), Src: change.Only(b.Client), Dst: b.Flow.Src})
	if b.Unseen {
		return append([]change.Change{remedy.TrackVirtual(b.Netns())}, mend...)
	}
	return mend
}
