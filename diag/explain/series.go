package explain

import (
	"context"
	"slices"
	"sync"
	"time"

	"nstutor/diag/explain/machine"
	"nstutor/diag/linkstat"
	"nstutor/diag/probe"
)

// The echoes of a series.
const (
	pace      = 200 * time.Millisecond // between two of them, as ping(8) allows everybody
	tooLate   = time.Second            // an answer that takes longer is none
	glance    = 20 * time.Millisecond  // between two looks at the wires
	MaxEchoes = 1000                   // of a series: more than three minutes
)

// series is what became of several echoes, by their numbers.
type series struct {
	outcomes map[int]probe.Outcome
	before   map[*machine.Space]state
}

// state is what the devices of a namespace had counted when a series began.
type state struct {
	read  linkstat.Reading
	flags map[string]uint32
	watch *linkstat.Watch
}

// begin reads what the devices on the way have counted, where more than one echo is
// asked for.
func (w *observation) begin() {
	w.series = series{outcomes: map[int]probe.Outcome{}, before: map[*machine.Space]state{}}
	if w.asked.Count < 2 {
		return
	}
	for _, h := range w.Hops {
		if _, ok := w.series.before[h.Space]; ok || h.Space == nil {
			continue
		}
		watch, err := linkstat.Open(h.Space.NS)
		if err != nil {
			continue
		}
		s := state{watch: watch}
		s.read, _ = linkstat.Read(h.Space.NS)
		s.flags, _ = linkstat.Flags(h.Space.NS)
		w.series.before[h.Space] = s
	}
}

// repeat sends the rest of the echoes that are asked for, and waits until each has
// its answer, or will have none.
func (w *observation) repeat(ctx context.Context, a *Answer, seen *wires) {
	if w.asked.Count <= a.Probe.Sent || ctx.Err() != nil {
		return
	}
	results := make(chan probe.Result)
	go w.sendRest(ctx, a.Probe.Sent+1, results)
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case r, ok := <-results:
			if !ok {
				w.tally(a, seen)
				return
			}
			w.series.outcomes[r.Seq] = r.Outcome
		case <-tick.C:
			seen.look(a)
			w.hear(a)
		}
	}
}

// sendRest sends echoes from the one with that number on, and closes results behind
// the last.
func (w *observation) sendRest(ctx context.Context, seq int, results chan<- probe.Result) {
	defer close(results)
	var pending sync.WaitGroup
	defer pending.Wait()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for ; seq <= w.asked.Count; seq++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		ask := w.echo()
		ask.Seq, ask.Timeout = seq, min(w.asked.Timeout, tooLate)
		pending.Go(func() {
			r := probe.Ping(ctx, w.asked.From.NS, ask)
			r.Seq = ask.Seq
			results <- r
		})
	}
}

// tally brings together what became of all of them.
func (w *observation) tally(a *Answer, seen *wires) {
	seen.look(a)
	w.hear(a)
	a.Probe.Sent = len(w.series.outcomes)
	a.Probe.Received = a.Probe.Sent - len(w.series.missed())
	a.Probe.Message = probe.Summary(a.Probe.Sent, a.Probe.Received)
}

// partly reports whether some echoes were answered, and some were not.
func (s series) partly() bool {
	missed := len(s.missed())
	return missed > 0 && missed < len(s.outcomes)
}

// missed are the numbers of the echoes that were not answered.
func (s series) missed() (seqs []int) {
	for seq, o := range s.outcomes {
		if o != probe.Replied {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	return seqs
}

// forget ends the watches of a series that nobody has asked for.
func (s series) forget() {
	for _, was := range s.before {
		was.watch.Close(nil)
	}
}
