package explain

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/drop"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/explain/whole"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// How long silence has to last before it says something.
const (
	settled = 250 * time.Millisecond // all frames were seen as predicted, and the last one was dropped as predicted
	quiet   = time.Second            // an answer was to be expected
	// … of TCP, whose first segment is sent again after a second (TCP_TIMEOUT_INIT)
	retransmitted = 1300 * time.Millisecond
	again         = 200 * time.Millisecond  // … to an echo that repeats one
	arpTries      = 3500 * time.Millisecond // three ARP requests, a second apart, and what the kernel says then
	lookTick      = 5 * time.Millisecond
)

// maxEchoes are sent where the first is lost against the prediction.
const maxEchoes = 3

// observation is a trace, and what a packet that was really sent adds to it.
type observation struct {
	*trace.Trace
	world    *machine.Machine
	question trace.Question // that the trace answers
	asked    Request
	waited   time.Duration // for an answer, to a tenth of a second
	id       uint16        // of its echoes
	drops    *drop.Watcher // nil without the right to it
	resets   []reset       // of its connection
	strays   []wire.Frame  // what came back out there, and is no frame of the path
	frames   []wire.Frame  // … and those that are
	series   series
	again    map[Drop]int // how often the kernel told of each
}

// wires are the taps on a path, and what they have seen.
type wires struct {
	taps   map[*machine.Space]*wire.Tap
	names  []string     // of their namespaces
	frames []wire.Frame // of the ping
	strays []wire.Frame // of answers to it, where nobody expects them
	stray  func(wire.Frame) bool
	resets []reset // of the connection
}

// tap opens the taps. Less than root leaves hops unobserved, and is told.
func (w *observation) tap(a *Answer) *wires {
	all := &wires{taps: map[*machine.Space]*wire.Tap{}, stray: w.stray}
	tried := map[*machine.Space]bool{}
	for _, h := range w.Hops {
		if h.Sighting == nil || tried[h.Sighting.Space] {
			continue
		}
		space := h.Sighting.Space
		tried[space] = true
		tap, err := wire.Capture(space.NS, w.filter(space))
		if err != nil {
			a.Unseen = append(a.Unseen, cause.WiresUnwatched(space.Name, err))
			continue
		}
		all.taps[space] = tap
		all.names = append(all.names, space.NS.Name())
	}
	return all
}

// filter is what is to be seen of the packet in a namespace.
func (w *observation) filter(n *machine.Space) wire.Filter {
	f := wire.Filter{IPv6: w.asked.Dest.Is6()}
	for _, h := range w.Hops {
		if h.Sighting == nil || h.Sighting.Space != n {
			continue
		}
		if port := h.Sighting.Port; port != 0 && !slices.Contains(f.VXLAN, port) {
			f.VXLAN = append(f.VXLAN, port)
		}
		if w.asked.Proto == 0 {
			continue
		}
		if flow := h.Sighting.Flow.OnWire(); !slices.Contains(f.Flows, flow) {
			f.Flows = append(f.Flows, flow)
		}
	}
	return f
}

func (s *wires) close() {
	for _, tap := range s.taps {
		tap.Close()
	}
}

// look tells the hops by what was seen until now.
func (s *wires) look(a *Answer) {
	for _, tap := range s.taps {
		// A busy node has many frames that are nobody's concern here.
		for _, f := range tap.Pending() {
			if slices.ContainsFunc(a.Hops, func(h hop.Hop) bool { return h.Sighting != nil && h.Sighting.Is(f) }) {
				s.frames = append(s.frames, f)
			} else if s.stray(f) {
				s.strays = append(s.strays, f)
			}
			if flow, ok := a.resetting(f); ok {
				s.resets = append(s.resets, reset{f, flow})
			}
		}
	}
	a.Witness(s.names, s.frames)
}

// observe sends a packet and looks for it on every wire of the path.
func (w *observation) observe(ctx context.Context, a *Answer) error {
	seen := w.tap(a)
	defer seen.close()
	before := machine.Counted{}
	for _, h := range w.Hops {
		before.Count(h.Space)
	}
	w.id = probe.FreshID()
	w.drops = w.listen(ctx)
	w.begin()
	defer w.series.forget()
	var result probe.Result
	if w.asked.Proto == 0 {
		result = w.send(ctx, a, seen)
		w.repeat(ctx, a, seen)
	} else {
		result = w.dial(ctx, a, seen)
	}
	w.world.Forget()
	if w.drops != nil {
		heard := w.drops
		heard.Close()
		w.hear(a)
		if lost := heard.Lost(); lost > 0 {
			a.Unseen = append(a.Unseen, say.T("%d drops that the kernel told of went unheard", "内核报告的丢包中有 %d 个没能听到", lost))
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.resets, w.strays, w.frames = seen.resets, seen.strays, seen.frames
	defer func() { a.Came = &Came{result.Outcome, result.From, w.waited} }()
	if w.played() {
		w.remember(ctx, a, result)
		return nil
	}
	if w.series.partly() && w.sometimes(a, seen) {
		return nil
	}
	w.unexpected(a, seen, result)
	w.compare(ctx, a, result)
	w.neither(ctx, a, result)
	w.tooLarge(ctx, a, result)
	w.inPieces(ctx, a, result)
	if w.asked.URL != "" && result.Outcome == probe.Replied {
		w.get(ctx, a)
	}
	w.counted(a, before)
	return nil
}

// send sends an echo, and more of them where the first is lost although nothing
// is in its way, as far as can be seen.
func (w *observation) send(ctx context.Context, a *Answer, seen *wires) probe.Result {
	req := w.asked
	ask := w.echo()
	ask.Seq = 1
	begun := time.Now()
	end := begun.Add(req.Timeout)
	defer func() { w.waited = time.Since(begun).Round(time.Second / 10) }()
	for {
		ask.Timeout = max(time.Until(end), time.Millisecond)
		result := w.sendOne(ctx, req.From, ask, a, seen)
		a.Probe = &Probe{Sent: ask.Seq, Outcome: result.Outcome.String(), Message: result.Message}
		switch {
		case result.Outcome == probe.Replied:
			a.Probe.Received = 1
		case result.Outcome == probe.FragNeeded && !req.DF && ask.Seq == 1:
			// The kernel tries whether the path takes the first one whole
			// (IP_PMTUDISC_WANT), and fragments what follows.
			ask.Seq++
			continue
		}
		if w.missed(seen, result, time.Since(begun)) && ask.Seq == 1 {
			ask.Seq++
			continue
		}
		w.series.outcomes[ask.Seq] = result.Outcome
		if result.Outcome == probe.Silent {
			if ask.Seq > 1 {
				a.Probe.Message = probe.Summary(ask.Seq, 0)
			}
			hoped := a.Verdict == Delivered || w.Beyond != nil && a.Cause.Code == cause.NotKnown
			if hoped && !w.played() && ask.Seq < maxEchoes && time.Until(end) > again && ctx.Err() == nil {
				ask.Seq++
				continue
			}
		}
		return result
	}
}

// echo is what is sent, but for its number and for how long it may take.
func (w *observation) echo() probe.Echo {
	return probe.Echo{To: w.asked.Dest.String(), Dst: w.asked.Dest, Size: w.asked.Size, DF: w.asked.DF, ID: w.id}
}

// sendOne sends an echo and waits until it is answered or refused, or until the
// silence has said what it has to say.
func (w *observation) sendOne(ctx context.Context, from *machine.Space, ask probe.Echo, a *Answer, seen *wires) probe.Result {
	enough := make(chan struct{})
	ask.Enough = enough
	return w.await(ctx, a, seen, ask.Seq, enough, func() probe.Result { return probe.Ping(ctx, from.NS, ask) })
}

// dial opens a connection, or sends a datagram, and waits as sendOne does.
func (w *observation) dial(ctx context.Context, a *Answer, seen *wires) probe.Result {
	enough, begun := make(chan struct{}), time.Now()
	result := w.await(ctx, a, seen, 1, enough, func() probe.Result { return w.asked.send(ctx, w.asked.Timeout, enough) })
	w.waited = time.Since(begun).Round(time.Second / 10)
	a.Probe = once(result)
	return result
}

// send opens the connection that is asked about, or sends the datagram; enough ends
// the waiting.
func (r Request) send(ctx context.Context, timeout time.Duration, enough <-chan struct{}) probe.Result {
	ask := probe.Dial{Dst: netip.AddrPortFrom(r.Dest, r.Port), SrcPort: r.SrcPort, Timeout: timeout, Opened: r.opened, Enough: enough}
	if r.Proto == unix.IPPROTO_UDP {
		ask.Payload = payload(r)
		return probe.Exchange(ctx, r.From.NS, ask)
	}
	return probe.Connect(ctx, r.From.NS, ask)
}

// once is what one packet came to.
func once(r probe.Result) *Probe {
	p := &Probe{Sent: 1, Outcome: r.Outcome.String(), Message: r.Message}
	if r.Outcome == probe.Replied {
		p.Received = 1
	}
	return p
}

// get asks for something on a connection of its own, once one has opened. Where no answer
// comes soon, it asks beside that on one with small segments.
func (w *observation) get(ctx context.Context, a *Answer) {
	begun := time.Now()
	ask := func(segment int) <-chan probe.GetResult {
		answer, left := make(chan probe.GetResult, 1), w.asked.Timeout-time.Since(begun)
		go func() {
			answer <- probe.GetFrom(ctx, w.asked.From.NS, w.asked.URL, w.asked.Dest, left, segment)
		}()
		return answer
	}
	full, got := ask(0), probe.GetResult{}
	var small <-chan probe.GetResult
	select {
	case got = <-full:
	case <-time.After(min(answers, w.asked.Timeout/2)):
		small = ask(smallSegment)
		got = <-full
	}
	a.HTTP = &HTTP{Status: got.Status, Message: got.Message}
	if got.OK || a.Verdict != Delivered {
		return
	}
	a.Verdict = Broken
	a.Cause = inWords(journey.Find(flows.LegReply, service.OpensOnly{At: cause.At(w.asked.From.Name), Message: got.Message}))
	if got.Late && small != nil && (<-small).OK {
		lost := whole.Narrow(w.asked.From, w.Trace, trace.Question{From: w.asked.From, Dest: w.asked.Dest}, smallSegment)
		lost.Message = got.Message
		a.Cause = inWords(journey.Find(flows.LegReply, lost))
		a.mendBy(change.Here(lost.Fix()...))
	}
}

// smallSegment is what every wire of the Internet lets pass, in bytes: IPv6 asks for 1280
// with the headers.
const smallSegment = 1200

// payload is what a datagram carries: nothing that was not asked for, and to a name
// server the question that probe has for it.
func payload(req Request) []byte {
	if req.Size == 0 {
		return nil
	}
	return make([]byte, req.Size)
}

// await has a packet sent, and waits until it is answered or refused, or until the
// silence has said what it has to say: then it closes enough.
func (w *observation) await(ctx context.Context, a *Answer, seen *wires, seq int, enough chan<- struct{}, send func() probe.Result) probe.Result {
	done := make(chan probe.Result, 1)
	sent := time.Now()
	go func() { done <- send() }()
	tick := time.NewTicker(lookTick)
	defer tick.Stop()
	ended := false
	for {
		select {
		case result := <-done:
			w.lookAfter(ctx, a, seen)
			return result
		case <-tick.C:
			seen.look(a)
			w.hear(a)
			if !ended && time.Since(sent) > w.patience(a, seq) {
				close(enough)
				ended = true
			}
		}
	}
}

// lookAfter waits for frames that the taps have not handed over yet.
func (w *observation) lookAfter(ctx context.Context, a *Answer, seen *wires) {
	for end := time.Now().Add(settled); ; {
		seen.look(a)
		if a.agrees() || time.Now().After(end) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookTick):
		}
	}
}

// patience is how long silence has to last before it proves something.
func (w *observation) patience(a *Answer, seq int) time.Duration {
	stop, stops := a.stop()
	asking := w.Beyond != nil && len(w.Faults) == 0 && !w.Beyond.Resolved()
	switch {
	case a.witnessed() && a.agrees(), w.played() && a.agrees():
		return 0
	case len(a.Drops) > 0:
		return settled
	case seq > 1 && w.carried():
		return again
	case asking, stops && stop.Stage == hop.StageNeighbour:
		return arpTries
	case seq > 1:
		return again
	case !a.agrees():
		return arpTries
	case a.Verdict == Broken && a.observed():
		return settled
	case w.asked.Proto == unix.IPPROTO_TCP:
		return retransmitted
	}
	return quiet
}

// agrees reports whether the frames seen are those that were predicted, up to
// where nothing is predicted any more.
func (a *Answer) agrees() bool {
	return !slices.ContainsFunc(a.Hops, func(h hop.Hop) bool {
		return h.Predicted == hop.OK && h.Observed == hop.Fail || h.Predicted == hop.Fail && h.Observed == hop.OK
	})
}

// observed reports whether all frames of the path can be seen.
func (a *Answer) observed() bool {
	return !slices.ContainsFunc(a.Hops, func(h hop.Hop) bool { return h.Sighting != nil && h.Observed == hop.Unknown })
}

// watched reports whether any frame of the path can be seen, or there is none.
func (a *Answer) watched() bool {
	framed := func(h hop.Hop) bool { return h.Sighting != nil }
	return !slices.ContainsFunc(a.Hops, framed) || slices.ContainsFunc(a.Hops, func(h hop.Hop) bool { return framed(h) && h.Observed != hop.Unknown })
}

// OfAnyClient has the answer speak for each connection of its client, whatever port
// that has: one that is opened again and again has another each time.
func (a *Answer) OfAnyClient() {
	for i := range a.Hops {
		s := a.Hops[i].Sighting
		if s == nil || a.Flow.SrcPort == 0 {
			continue
		}
		for _, port := range []*uint16{&s.Flow.SrcPort, &s.Flow.DstPort} {
			if *port == a.Flow.SrcPort {
				*port = 0
			}
		}
	}
}

// Witness tells the hops in some namespaces by what was seen there on the
// wires: whatever of the ping is in frames was observed, and the rest was not.
// Namespaces go by the names that the frames have for them.
func (a *Answer) Witness(netns []string, frames []wire.Frame) {
	for i := range a.Hops {
		h := &a.Hops[i]
		if h.Sighting == nil || !slices.Contains(netns, h.Sighting.Space.NS.Name()) {
			continue
		}
		h.Observed = hop.Fail
		if slices.ContainsFunc(frames, h.Sighting.Is) {
			h.Observed = hop.OK
		}
	}
}
