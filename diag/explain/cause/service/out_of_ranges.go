package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OutOfRanges is a packet for a service that lets in some sources only, of which its own
// is none (spec.loadBalancerSourceRanges): a rule of kube-proxy stops it.
type OutOfRanges struct {
	cause.Stopped
	Ranges []netip.Prefix // that the service lets in
}

// mostRanges bounds those that are told.
const mostRanges = 4

// Detail says what kube-proxy means by its rule.
func (o OutOfRanges) Detail() say.Text {
	var ranges []string
	for i, p := range o.Ranges {
		if i == mostRanges {
			ranges = append(ranges, "…")
			break
		}
		ranges = append(ranges, p.String())
	}
	return say.T("the service %[1]s lets in the sources of its loadBalancerSourceRanges alone (%[2]s), and %[3]s, as which this packet arrives, is none of them: kube-proxy drops it. Ask from one of them, or add the source to the ranges of the service; %[4]s",
		"服务 %[1]s 只放行 loadBalancerSourceRanges 里的源地址（%[2]s），这个包到达时的源地址 %[3]s 不在其中：kube-proxy 把它丢弃。请从这些网段访问，或把源地址加进该服务的 loadBalancerSourceRanges；%[4]s",
		eval.Endpoint(o.Flow.Dst, o.Flow.DstPort), say.List(ranges...), o.Flow.Src, o.Stopped.Detail())
}

// Fix is none: kube-proxy would write its rule again, and the service says whom it lets in.
func (OutOfRanges) Fix() []change.Change { return nil }
