package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unallocated is a packet for an address or a port in the range of kube-proxy's services
// that no service has: it stops those itself, since nobody has such an address.
type Unallocated struct{ cause.Stopped }

// Code is NotTranslated.
func (Unallocated) Code() cause.Code { return NotTranslated }

// Detail says what kube-proxy means by its rule.
func (u Unallocated) Detail() say.Text {
	asked := eval.Endpoint(u.Flow.Dst, u.Flow.DstPort)
	if u.Result.Verdict == eval.VerdictReject {
		return say.T("%s has a service's address, but no service has this port, which kube-proxy refuses: %s", "%s 的地址属于某个服务，但没有服务用这个端口，kube-proxy 予以拒绝：%s", asked, u.Result.Rule)
	}
	return say.T("%s lies in the range of kube-proxy's services, and none has it: there is no such service, or kube-proxy has not heard of it. It drops what is for such addresses: %s",
		"%s 在 kube-proxy 的服务地址段里，但没有服务用它：要么没有这个服务，要么 kube-proxy 还不知道它。发往这类地址的包都会被丢弃：%s", asked, u.Result.Rule)
}

// Fix is none: the service is missing, not a way past the rule.
func (Unallocated) Fix() []change.Change { return nil }
