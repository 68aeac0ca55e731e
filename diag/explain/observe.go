package explain

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/change"
)

// sighting is the frame that proves that a hop was reached.
type sighting struct {
	netns    *machine.Space
	dev      string
	src, dst netip.Addr
	reply    bool
	out      bool
}

func (s sighting) matches(f wire.Frame) bool {
	op := wire.EchoRequest
	if s.reply {
		op = wire.EchoReply
	}
	return f.Netns == s.netns.NS.Name() && f.Dev == s.dev && f.Proto == "ICMP" && f.Op == op &&
		f.Src == s.src && f.Dst == s.dst && f.Out == s.out
}

// Frames are waited for until all that were predicted are there, but no longer
// than settle.
const (
	settle     = 300 * time.Millisecond
	settleTick = 5 * time.Millisecond
)

// observe sends one echo and looks for it on every wire of the path.
func (w *walk) observe(ctx context.Context, req Request, a *Answer) error {
	taps := map[*machine.Space]*wire.Tap{}
	for _, h := range w.hops {
		if h.seenAs == nil || taps[h.seenAs.netns] != nil {
			continue
		}
		tap, err := wire.Capture(h.seenAs.netns.NS, wire.Filter{})
		if err != nil {
			continue // less than root: this hop stays unobserved
		}
		defer tap.Close()
		taps[h.seenAs.netns] = tap
	}
	ask := probe.Echo{To: req.Dest.String(), Dst: req.Dest, Size: req.Size, DF: req.DF, Timeout: req.Timeout, Seq: 1}
	before := w.count()
	result := probe.Ping(ctx, req.From.NS, ask)
	if result.Outcome == probe.FragNeeded && !req.DF {
		// The kernel tries whether the path takes the first one whole
		// (IP_PMTUDISC_WANT), and fragments what follows.
		ask.Seq++
		result = probe.Ping(ctx, req.From.NS, ask)
	}
	a.Probe = &Probe{Sent: ask.Seq, Outcome: result.Outcome.String(), Message: result.Message}
	if result.Outcome == probe.Replied {
		a.Probe.Received = 1
	}
	gather(ctx, a, taps)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	compare(a, result)
	if a.Verdict == Broken {
		a.Cause.Evidence = append(a.Cause.Evidence, before.since(a.Cause.Netns)...)
	}
	if a.Verdict == Broken && a.Cause.Code == cause.NotKnown && w.blind != nil {
		a.Cause = w.blind.failed(a.Cause)
	}
	return nil
}

// gather tells the hops by the frames that the taps have seen.
func gather(ctx context.Context, a *Answer, taps map[*machine.Space]*wire.Tap) {
	var watched []string
	for node := range taps {
		watched = append(watched, node.NS.Name())
	}
	tick := time.NewTicker(settleTick)
	defer tick.Stop()
	var frames []wire.Frame
	for end := time.Now().Add(settle); ; {
		for _, tap := range taps {
			frames = append(frames, tap.Pending()...)
		}
		a.Witness(watched, frames)
		missing := slices.ContainsFunc(a.Hops, func(h Hop) bool { return h.Predicted == OK && h.Observed == Fail })
		if !missing || time.Now().After(end) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Witness tells the hops in some namespaces by what was seen there on the
// wires: whatever of the ping is in frames was observed, and the rest was not.
// Namespaces go by the names that the frames have for them.
func (a *Answer) Witness(netns []string, frames []wire.Frame) {
	for i := range a.Hops {
		h := &a.Hops[i]
		if h.seenAs == nil || !slices.Contains(netns, h.seenAs.netns.NS.Name()) {
			continue
		}
		h.Observed = Fail
		if slices.ContainsFunc(frames, h.seenAs.matches) {
			h.Observed = OK
		}
	}
}

// compare says so when the ping and the prediction disagree.
func compare(a *Answer, r probe.Result) {
	replied := r.Outcome == probe.Replied
	switch {
	case r.Outcome == probe.OutcomeUnknown:
	case !replied && a.Verdict == Undecided && a.Cause.Code != cause.NotKnown:
		a.Verdict = Broken // the doubt was right
	case replied && a.Verdict == Undecided:
		a.Verdict, a.Cause = Delivered, Fault{Code: cause.None, Evidence: []string{}}
	case replied && a.Verdict == Broken, !replied && a.Verdict == Delivered:
		predicted := a.Cause
		a.Verdict = Broken
		if replied {
			a.Verdict = Delivered
		}
		a.Fix = []change.Command{}
		a.Cause = Fault{
			Code: cause.ModelDisagrees, Netns: predicted.Netns, Leg: predicted.Leg,
			Detail:   say("predicted %s, but the ping says: %s", predicted.Code, r.Message),
			Evidence: append([]string{lastSeen(a.Hops)}, predicted.Evidence...),
		}
	case !replied && a.Verdict == Undecided:
		a.Verdict = Broken
		a.Cause.Evidence = []string{lastSeen(a.Hops)}
	}
}

// lastSeen is the last place where the ping was seen on a wire.
func lastSeen(hops []Hop) string {
	seen := "the request was seen on no wire"
	for _, h := range hops {
		if h.Observed == OK {
			seen = fmt.Sprintf("last seen: %s, %s %s", h.Detail, h.Netns, h.Device)
		}
	}
	return seen
}

// failed is the cause as the neighbour table tells it after a ping that was lost
// out of sight.
func (a *arping) failed(unknown Fault) Fault {
	entry, ok, err := a.n.NextHopNeighbour(a.link.Index, a.nexthop)
	if err != nil || !ok || entry.State != "FAILED" && entry.State != "INCOMPLETE" {
		return unknown
	}
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name, Leg: a.e.leg, Evidence: []string{entry.Line()},
		Detail: say("%s asks who has %s, and nobody answers", a.link.Name, a.nexthop),
	}
	if a.nexthop == a.e.dst {
		f.Code = cause.DestinationAbsent
	}
	return f
}
