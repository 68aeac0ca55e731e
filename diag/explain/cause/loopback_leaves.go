package cause

import (
	"net/netip"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// loopbackNet is what a namespace calls itself by.
var loopbackNet = netip.MustParsePrefix("127.0.0.0/8")

// LoopbackLeaves is a packet of a namespace to itself, from 127.0.0.1, that a rule has
// sent elsewhere: a device lets such a source out only with route_localnet
// (__mkroute_output()).
type LoopbackLeaves struct {
	At
	Flow   flows.Flow // as the rule has left it
	Dev    string     // that it would leave by
	Lookup []string   // what the kernel has said
}

// Code is MartianSource.
func (LoopbackLeaves) Code() Code { return MartianSource }

// Detail names the source, and the device.
func (l LoopbackLeaves) Detail() say.Text {
	return say.T("a rule sends %s out of %s, which lets nothing from 127.0.0.0/8 out: route_localnet is off. Ask another address of this namespace, or switch it on; the source has to be masqueraded as well",
		"规则让 %s 从 %s 出去，而 route_localnet 是关的，来自 127.0.0.0/8 的包出不去。请访问本命名空间的另一个地址，或者打开它；源地址还须改写（masquerade）", l.Flow, l.Dev)
}

// Evidence is what the kernel has said.
func (l LoopbackLeaves) Evidence() []say.Text { return Lines(l.Lookup...) }

// Fix switches route_localnet on for the device, by which the answer comes in as well.
func (l LoopbackLeaves) Fix() []change.Change {
	return remedy.Enable(l.Netns(), l.Dev, "route_localnet")
}

// LoopbackOutside is a packet of a namespace to itself, from 127.0.0.1, that a rule has
// sent out of a device and none gives another source: to whoever gets it that is an
// address of his own.
type LoopbackOutside struct {
	At
	Flow   flows.Flow // as the rules have left it
	Out    string     // the device that it leaves by
	Line   string     // the route there
	Exempt Exempt     // why no rule gives it another source
}

// Code is NotMasqueraded.
func (LoopbackOutside) Code() Code { return NotMasqueraded }

// Detail names the source, and the device.
func (l LoopbackOutside) Detail() say.Text {
	return l.Exempt.Said(say.T("a rule sends %s out of %s, and its source stays %s, which nobody there answers: each has that address himself",
		"规则让 %s 从 %s 出去，源地址仍是 %s：那边没有谁会向它应答，因为这个地址每台机器自己都有", l.Flow, l.Out, l.Flow.Src))
}

// Evidence is the route out.
func (l LoopbackOutside) Evidence() []say.Text { return append(Lines(l.Line), l.Exempt.Lines()...) }

// Fix rewrites the source where the packet leaves.
func (l LoopbackOutside) Fix() []change.Change {
	return l.Exempt.Mend(change.Masquerade{Netns: l.Netns(), Src: loopbackNet, Dst: l.Flow.Dst})
}
