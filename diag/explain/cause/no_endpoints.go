package cause

import (
	"strings"

	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NoEndpoints: the address is a service's, which has nobody to send to.
const NoEndpoints Code = "no-endpoints"

var _ = Register(Cause{
	Code:  NoEndpoints,
	Words: say.T("the service has no endpoint that is ready", "服务没有就绪的端点"),
	Table: []string{"iptables", "-vnL"},
})

// Endless is a packet for a service that has nobody to send it to: a rule stops it in
// their place.
type Endless struct{ Stopped }

// Code is NoEndpoints.
func (Endless) Code() Code { return NoEndpoints }

// Detail names the service, and the rule.
func (e Endless) Detail() say.Text {
	if asked := eval.Endpoint(e.Flow.Dst, e.Flow.DstPort); e.Result.Verdict == eval.VerdictDrop {
		return say.T("the service %[1]s has no ready endpoint on this node, and its traffic policy is Local (internalTrafficPolicy of a ClusterIP, else externalTrafficPolicy): rather than send it to another node, kube-proxy drops it. Ask a node that has one of its pods, or have the policy be Cluster; %[2]s",
			"服务 %[1]s 在这个节点上没有就绪的端点，而它的流量策略是 Local（ClusterIP 看 internalTrafficPolicy，其他看 externalTrafficPolicy）：kube-proxy 宁可丢弃，也不转给别的节点。请访问有它的 Pod 的节点，或把策略改为 Cluster；%[2]s", asked, e.Stopped.Detail())
	} else {
		return say.T("the service %[1]s has no endpoint that is ready; %[2]s", "服务 %[1]s 没有就绪的端点；%[2]s", asked, e.Stopped.Detail())
	}
}

// Fix is none: a program has to become ready.
func (Endless) Fix() []change.Change { return nil }

// IsEndless reports whether a rule stops what is for a service without endpoints: one of
// kube-proxy's, or in a chain or with a comment that says so. kube-proxy refuses what
// nobody could answer, and drops what only another node could.
func IsEndless(s Stopped) bool {
	r := s.Result
	if s.Flow.Echo() || !r.Drops() || Unallocated(s) {
		return false
	}
	said := func(what string) bool {
		return strings.Contains(strings.ToLower(r.In), "endpoint") || r.Decided != nil && strings.Contains(strings.ToLower(r.Decided.Comment), what)
	}
	if r.Verdict == eval.VerdictDrop {
		return r.Owner() == "kube-proxy" && said("no local endpoints")
	}
	return r.Owner() == "kube-proxy" || said("no endpoints")
}

// Unallocated reports whether a rule of kube-proxy stops what is for an address or a port
// of the range of its services that no service has.
func Unallocated(s Stopped) bool {
	return s.Result.Owner() == "kube-proxy" && s.Result.In == "cluster-ips-check"
}
