package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// untracked are the counters of connection tracking, as conntrack(8) calls them, that
// move when it drops a packet, makes room for one, or can make nothing of one. Which of
// them may be of the packet of a probe, its cause tells: others have their traffic too.
var (
	untracked  = []string{"drop", "early_drop", "insert_failed", "chaintoolong", "invalid"}
	countedFor = map[cause.Code][]string{
		full.ConntrackFull:     {"drop", "early_drop"},
		full.PortsExhausted:    {"drop", "insert_failed"},
		against.ModelDisagrees: untracked,
		cause.NotKnown:         untracked,
	}
)

// counted adds to what is broken what was counted while the packets were sent: in the
// namespace of the cause, and by the connection tracking of the one that lost them.
func (w *observation) counted(a *Answer, before machine.Counted) {
	if a.Verdict != Broken {
		return
	}
	lost, names := a.Cause.Netns, countedFor[a.Cause.Code]
	switch {
	case names != nil:
	case len(w.Faults) > 0:
		lost, names = w.invalid(a)
	case a.Cause.Code == cause.Filtered: // only the kernel has told of it
		names = untracked
	}
	a.Cause.Evidence = slices.Concat(a.Cause.Evidence, before.Since(a.Cause.Netns), before.Tracked(lost, names))
}

// invalid is the namespace where the packet is stopped for being invalid to connection
// tracking, and the counter of that: one without the connection, which a rule drops, or
// a reply that has come astray to who has not seen its request.
func (w *observation) invalid(a *Answer) (netns string, names []string) {
	stop, stops := a.stop()
	if !stops || stop.Stage != hop.StageFilter {
		return "", nil
	}
	switch f := w.Faults[0].Finding.(type) {
	case cause.Stopped:
		if f.Result.Packet.CTState != eval.CTInvalid {
			return "", nil
		}
	case cause.Astray:
	default:
		return "", nil
	}
	return stop.Netns, []string{"invalid"}
}
