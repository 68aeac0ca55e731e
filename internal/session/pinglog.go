package session

import (
	"slices"
	"time"

	"nstutor/diag/probe"
	"nstutor/steps"
)

// pingKept is how many echoes are remembered; the strip shows the last ones.
const pingKept = 256

// PingLog is what the running ping has said, or whatever the step tries instead.
type PingLog struct {
	steps.Tried
	Sent, Replied int
	Echoes        []Echo
	Last          probe.Result // the newest one that is settled
	newest        int          // its number with the present pinger
	Settled       bool
}

// Echo is one request and, once it is known, what became of it.
type Echo struct {
	seq     int
	Pending bool
	Outcome probe.Outcome
	Cut     bool      // the step's action came before this one
	at      time.Time // when it was sent; zero when somebody else sent it
}

// Take notes one event. Results may come out of order: a silent echo is known
// to be silent only after later ones were answered.
func (l *PingLog) Take(e probe.Event, now time.Time) {
	if e.Sent {
		l.Sent++
		l.Echoes = append(l.Echoes, Echo{seq: e.Seq, Pending: true, at: now})
		if len(l.Echoes) > pingKept {
			l.Echoes = slices.Delete(l.Echoes, 0, len(l.Echoes)-pingKept)
		}
		return
	}
	if e.Result.Outcome == probe.Replied {
		l.Replied++
	}
	if !l.Settled || e.Seq > l.newest {
		l.Last, l.newest, l.Settled = e.Result, e.Seq, true
	}
	for i := range l.Echoes {
		if l.Echoes[i].seq == e.Seq {
			l.Echoes[i].Pending, l.Echoes[i].Outcome = false, e.Result.Outcome
		}
	}
}

// Restart forgets what the earlier pinger left unsettled, and begins to count
// its sequence numbers anew. A cut shows in the strip what came before an
// action and what after.
func (l *PingLog) Restart(cut bool) {
	l.Echoes = slices.DeleteFunc(l.Echoes, func(e Echo) bool { return e.Pending })
	for i := range l.Echoes {
		l.Echoes[i].seq = -1
	}
	l.newest = 0
	if !cut {
		return
	}
	l.Settled = false
	if n := len(l.Echoes); n > 0 && !l.Echoes[n-1].Cut {
		l.Echoes = append(l.Echoes, Echo{seq: -1, Cut: true})
	}
}

// add notes the result of an echo that somebody else sent.
func (l *PingLog) add(r probe.Result) {
	l.Sent++
	if r.Outcome == probe.Replied {
		l.Replied++
	}
	l.Echoes = append(l.Echoes, Echo{seq: -1, Outcome: r.Outcome})
	l.Last, l.Settled = r, true
}

// Trying says whether it is of what a promise tries, whose echoes are of any size.
func (l *PingLog) Trying(t steps.Tried) bool {
	return l.Netns == t.Netns && l.To == t.To && l.Tool == t.Tool
}

// Outcome is what the newest settled echo came to.
func (l *PingLog) Outcome() (probe.Outcome, bool) { return l.Last.Outcome, l.Settled }
