package absent

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// Sent is the rule that sends a request, as it met the rules of a namespace, to somebody who is
// gone, where the next one would send it to somebody on the same wire.
func Sent(n *machine.Space, met eval.Packet, iif string, by eval.Place, there []fabric.Station) (found cause.SentThere) {
	hook := "output"
	if met.IIF = iif; iif != "" {
		hook = "prerouting"
	}
	rules, err := n.Rules()
	if err != nil {
		return found
	}
	next := eval.Traverse(rules, hook, met.Past(by), n.Env())
	has := func(s fabric.Station) bool { return s.Space != nil && s.Space.Local(next.Packet.Dst) }
	if next.Verdict != eval.VerdictAccept || next.NAT == nil || !slices.ContainsFunc(there, has) {
		return found
	}
	return cause.SentThere{Place: by, Netns: n.Name, Next: eval.Endpoint(next.Packet.Dst, next.Packet.DstPort)}
}
