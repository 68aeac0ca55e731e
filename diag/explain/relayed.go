package explain

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// relay follows what a program that publishes the port of a container passes on, where
// one takes the request: that it opens is no delivery, and that no datagram comes back
// no contradiction.
func (a *Answer) relay(world *machine.Machine, q trace.Question, t *trace.Trace) {
	refuted := a.Verdict == Broken && (q.Proto != unix.IPPROTO_UDP || a.Cause.Code != cause.ModelDisagrees)
	if a.Listener == nil || refuted || len(t.Faults) > 0 {
		return
	}
	to, ok := container.PassesTo(a.Listener.PID)
	if !ok {
		return
	}
	n := t.Listens.Space
	onward := trace.Follow(world, trace.Question{
		From: n, Dest: to.Addr(), Proto: q.Proto, SrcPort: probe.FreePort(n.NS), DstPort: to.Port(), Length: q.Length, DF: q.DF,
	})
	if len(onward.Faults) == 0 {
		return
	}
	first := onward.Faults[0]
	first.Finding = service.PassedOn{Finding: first.Finding, By: a.Listener.Process, PID: a.Listener.PID, To: to}
	a.Verdict, a.Cause, a.Fix, a.Next = Broken, inWords(first), []change.Command{}, []Fault{}
	a.mendBy(change.Here(mends(onward)...))
	for _, f := range onward.Faults[1:] {
		a.Next = append(a.Next, inWords(f))
	}
}
