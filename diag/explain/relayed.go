package explain

import (
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// relay follows what a program that publishes the port of a container passes on, where
// one takes the request, or will once what it met before is mended: that it opens is no
// delivery, and that no datagram comes back no contradiction.
func (a *Answer) relay(world *machine.Machine, q trace.Question, t *trace.Trace) {
	refuted := a.Verdict == Broken && (q.Proto != unix.IPPROTO_UDP || a.Cause.Code != against.ModelDisagrees && a.Cause.Code != service.NotAnswering)
	mended := refuted && len(t.Faults) > 0 && a.Cause.Code == t.Faults[0].Code() && len(a.Fix) > 0
	sentOn := func(f journey.Found) bool {
		_, ok := f.Finding.(service.KeptOnly)
		return ok
	}
	if a.Listener == nil || slices.ContainsFunc(t.Faults, sentOn) || (refuted || len(t.Faults) > 0) && !mended {
		return
	}
	if owner, ok := container.KeepsPortOf(a.Listener.PID); ok && !mended {
		a.keptOnly(owner, t)
		return
	}
	to, ok := container.PassesTo(a.Listener.PID)
	if !ok {
		return
	}
	n := t.Listens.Space
	onward := trace.Follow(world, trace.Question{
		From: n, Dest: to.Addr(), Proto: q.Proto, SrcPort: probe.FreePort(n.NS), DstPort: to.Port(), Length: q.Length, DF: q.DF, Mended: t.Mended,
	})
	if len(onward.Faults) == 0 {
		return
	}
	first := &onward.Faults[0]
	first.Finding = service.PassedOn{Finding: first.Finding, By: a.Listener.Process, PID: a.Listener.PID, To: to}
	if !mended {
		a.Verdict, a.Cause, a.Fix, a.Next = Broken, inWords(*first), []change.Command{}, []Fault{}
	}
	before := len(a.Fix)
	a.mendBy(change.Here(mends(onward)...))
	if mended {
		a.Onward = a.Fix[before:]
	}
	for i, f := range onward.Faults {
		if i > 0 || mended {
			a.Next = append(a.Next, inWords(f))
		}
	}
}

// keptOnly has an answer say that who listens takes nothing.
func (a *Answer) keptOnly(owner string, t *trace.Trace) {
	asked := t.Reached
	f := journey.Find(flows.LegRequest, service.KeptOnly{
		At: cause.At(a.Listener.Netns), Flow: flows.Flow{Proto: asked.Proto, Src: asked.Src, Dst: asked.Dst, DstPort: asked.DstPort},
		By: a.Listener.Process, PID: a.Listener.PID, For: owner, Bound: a.Listener.Address, Podman: true,
	})
	a.Verdict, a.Cause, a.Fix, a.Next = Broken, inWords(f), []change.Command{}, []Fault{}
	for i, h := range a.Hops {
		if h.Leg == flows.LegRequest && h.Stage == hop.StageDeliver && h.Netns == f.Netns() {
			a.Hops[i].Predicted, a.Hops[i].Detail = hop.Fail, f.Detail()
		}
	}
}
