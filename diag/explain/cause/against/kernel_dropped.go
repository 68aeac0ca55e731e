package against

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/say"
)

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
var byReason = map[string]cause.Code{
	"NETFILTER_DROP": cause.Filtered, "TC_INGRESS": cause.Filtered, "TC_EGRESS": cause.Filtered, "XDP": cause.Filtered, "BPF_CGROUP_EGRESS": cause.Filtered, "SOCKET_FILTER": cause.Filtered,
	"IP_RPFILTER": cause.RPFilter, "IP_LOCAL_SOURCE": cause.MartianSource, "IP_INVALID_SOURCE": cause.MartianSource,
	"IP_INNOROUTES": cause.NoRoute, "IP_OUTNOROUTES": cause.NoRoute, "NEIGH_FAILED": cause.NeighbourUnanswered, "PKT_TOO_BIG": cause.MTUExceeded,
	"OTHERHOST": cause.NeighbourWrongMAC,
}

// Code is what the reason stands for, or ModelDisagrees.
func (k KernelDropped) Code() cause.Code {
	code, ok := byReason[k.Reason]
	switch {
	case !k.Decides:
		return ModelDisagrees
	case !ok:
		return cause.NotKnown
	}
	return code
}

// Detail is the kernel's own word.
func (k KernelDropped) Detail() say.Text { return k.Line() }
