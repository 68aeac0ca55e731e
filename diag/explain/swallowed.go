package explain

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// Anything takes a small packet (RFC 8200, 5). An answer to one comes within answers, or is no
// proof.
const (
	anyTakes = 1280
	answers  = time.Second
)

// tooLarge is found where a large echo went out of sight and nothing came back, while a small
// one is answered.
func (w *observation) tooLarge(ctx context.Context, a *Answer, r probe.Result) {
	if w.Beyond == nil || w.Beyond.Length() <= anyTakes || w.asked.Proto != 0 || r.Outcome != probe.Silent || a.Verdict != Broken || a.Beyond == "" || a.Cause.Code != cause.NotKnown {
		return
	}
	small := probe.Ping(ctx, w.asked.From.NS, probe.Echo{To: w.asked.Dest.String(), Dst: w.asked.Dest, ID: probe.FreshID(), Timeout: answers})
	if small.Outcome != probe.Replied {
		return
	}
	left := w.Beyond.Left(cause.At(a.Cause.Netns), a.Cause.Evidence...)
	asked := w.asked
	asked.Size = 0
	a.Cause = inWords(journey.Find(flows.LegRequest, device.Swallowed{Beyond: left, Length: w.Beyond.Length(), Small: asked.length()}))
}

// inPieces is found where a datagram that goes in fragments is not answered, while a small one
// is. The taps see the first fragment alone, which has the ports, and rules that stop the others
// are met by no packet that was followed.
func (w *observation) inPieces(ctx context.Context, a *Answer, r probe.Result) {
	first := slices.IndexFunc(w.Hops, func(h hop.Hop) bool { return h.Leg == flows.LegRequest && h.Stage == hop.StageSend && h.Space != nil })
	if first < 0 || w.asked.Proto != unix.IPPROTO_UDP || r.Outcome != probe.Silent || a.Verdict == Broken && a.Cause.Code != cause.NotKnown {
		return
	}
	link, err := w.Hops[first].Space.Link(w.Hops[first].Device)
	if err != nil || w.asked.length() <= link.MTU {
		return
	}
	small := w.asked
	small.Size, small.SrcPort = 0, probe.FreePort(small.From.NS)
	if small.send(ctx, answers, nil).Outcome != probe.Replied {
		return
	}
	f := device.InPieces{At: cause.At(w.asked.From.Name), Length: w.asked.length(), MTU: link.MTU, Seen: []Text{a.lastSeen()}}
	var read []*machine.Space
	for _, h := range w.Hops {
		if f.Rule == "" && h.Space != nil && !slices.Contains(read, h.Space) {
			f, read = dropsPieces(h.Space, f), append(read, h.Space)
		}
	}
	a.Cause = inWords(journey.Find(flows.LegRequest, f))
	a.confirm()
}

// dropsPieces adds the rule of a namespace on the way that drops what is no first fragment: by the
// offset in the header of IPv4, or by -f of iptables.
func dropsPieces(n *machine.Space, f device.InPieces) device.InPieces {
	rules, err := netfilter.Read(n.NS)
	if err != nil {
		return f
	}
	for i := range rules.Tables {
		t := &rules.Tables[i]
		for j := range t.Chains {
			c := &t.Chains[j]
			for k := range c.Rules {
				line := t.RuleLine(c, &c.Rules[k])
				drops := c.Rules[k].Verdict.Kind == netfilter.VerdictDrop
				if !drops || !strings.Contains(line, "@nh,48,16") && !strings.Contains(line, "[fragment]") && !strings.Contains(line, " -f ") {
					continue
				}
				f.At, f.Rule = cause.At(n.Name), line
				if del, ok := change.RuleDel(n.Name, t, c, &c.Rules[k]); ok {
					f.Mends = []change.Change{del}
				}
				return f
			}
		}
	}
	return f
}
