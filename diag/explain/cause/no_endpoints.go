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

// Endless is a packet for a service that has nobody to send it to: a rule refuses
// it in their place.
type Endless struct{ Stopped }

// Code is NoEndpoints.
func (Endless) Code() Code { return NoEndpoints }

// Detail names the service, and the rule.
func (e Endless) Detail() say.Text {
	return say.T("the service %[1]s has no endpoint that is ready; %[2]s", "服务 %[1]s 没有就绪的端点；%[2]s", eval.Endpoint(e.Flow.Dst, e.Flow.DstPort), e.Stopped.Detail())
}

// Fix is none: a program has to become ready.
func (Endless) Fix() []change.Change { return nil }

// IsEndless reports whether a rule refuses what is for a service without endpoints: one
// of kube-proxy's, or in a chain or with a comment that says so.
func IsEndless(s Stopped) bool {
	r := s.Result
	if s.Flow.Echo() || r.Verdict != eval.VerdictReject {
		return false
	}
	return r.Owner() == "kube-proxy" || strings.Contains(strings.ToLower(r.In), "endpoint") ||
		r.Decided != nil && strings.Contains(strings.ToLower(r.Decided.Comment), "no endpoints")
}
