package cause

import "nstutor/internal/say"

// KernelDrop is what the kernel itself said of a packet that it dropped.
type KernelDrop struct {
	Where    say.Text // the namespace
	Dev      string   // empty when it was on none
	Reason   string   // of enum skb_drop_reason, without its prefix
	Function string   // of the kernel
}

// Line says it.
func (d KernelDrop) Line() say.Text {
	if d.Dev == "" {
		return say.T("the kernel dropped it in %s: %s (%s)", "内核在%s丢弃了它：%s（%s）", d.Where, d.Reason, d.Function)
	}
	return say.T("the kernel dropped it in %s on %s: %s (%s)", "内核在 %s 的 %s 上丢弃了它：%s（%s）", d.Where, d.Dev, d.Reason, d.Function)
}

// KernelDropped is a packet that the kernel dropped where nothing certain was
// predicted.
type KernelDropped struct {
	Contradiction
	KernelDrop
	// Decides tells that nothing was predicted which this could contradict.
	Decides bool
}

// byReason are the causes that the kernel's reasons stand for, as
// include/net/dropreason-core.h explains them. Others leave it open what is wrong.
var byReason = map[string]Code{
	"NETFILTER_DROP": Filtered, "TC_INGRESS": Filtered, "TC_EGRESS": Filtered, "XDP": Filtered, "BPF_CGROUP_EGRESS": Filtered, "SOCKET_FILTER": Filtered,
	"IP_RPFILTER": RPFilter, "IP_LOCAL_SOURCE": MartianSource, "IP_INVALID_SOURCE": MartianSource,
	"IP_INNOROUTES": NoRoute, "IP_OUTNOROUTES": NoRoute, "NEIGH_FAILED": NeighbourUnanswered, "PKT_TOO_BIG": MTUExceeded,
	"OTHERHOST": NeighbourWrongMAC,
}

// Code is what the reason stands for, or ModelDisagrees.
func (k KernelDropped) Code() Code {
	code, ok := byReason[k.Reason]
	switch {
	case !k.Decides:
		return ModelDisagrees
	case !ok:
		return NotKnown
	}
	return code
}

// Detail is the kernel's own word.
func (k KernelDropped) Detail() say.Text { return k.Line() }
