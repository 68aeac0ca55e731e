package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nstutor/diag/probe"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// pingKept is how many echoes are remembered; the strip shows the last ones.
const pingKept = 256

// pingLog is what the running ping has said.
type pingLog struct {
	netns, to     string
	size          int  // bytes of payload; 0 stands for ping's 56
	df            bool // never fragment
	sent, replied int
	echoes        []echo
	last          probe.Result // the newest one that is settled
	newest        int          // its number with the present pinger
	settled       bool
}

// echo is one request and, once it is known, what became of it.
type echo struct {
	seq     int
	pending bool
	outcome probe.Outcome
	cut     bool      // the step's action came before this one
	at      time.Time // when it was sent; zero when somebody else sent it
}

// take notes one event. Results may come out of order: a silent echo is known
// to be silent only after later ones were answered.
func (l *pingLog) take(e probe.Event, now time.Time) {
	if e.Sent {
		l.sent++
		l.echoes = append(l.echoes, echo{seq: e.Seq, pending: true, at: now})
		if len(l.echoes) > pingKept {
			l.echoes = slices.Delete(l.echoes, 0, len(l.echoes)-pingKept)
		}
		return
	}
	if e.Result.Outcome == probe.Replied {
		l.replied++
	}
	if !l.settled || e.Seq > l.newest {
		l.last, l.newest, l.settled = e.Result, e.Seq, true
	}
	for i := range l.echoes {
		if l.echoes[i].seq == e.Seq {
			l.echoes[i].pending, l.echoes[i].outcome = false, e.Result.Outcome
		}
	}
}

// restart forgets what the earlier pinger left unsettled, and begins to count
// its sequence numbers anew. A cut shows in the strip what came before an
// action and what after.
func (l *pingLog) restart(cut bool) {
	l.echoes = slices.DeleteFunc(l.echoes, func(e echo) bool { return e.pending })
	for i := range l.echoes {
		l.echoes[i].seq = -1
	}
	l.newest = 0
	if !cut {
		return
	}
	l.settled = false
	if n := len(l.echoes); n > 0 && !l.echoes[n-1].cut {
		l.echoes = append(l.echoes, echo{seq: -1, cut: true})
	}
}

// add notes the result of an echo that somebody else sent.
func (l *pingLog) add(r probe.Result) {
	l.sent++
	if r.Outcome == probe.Replied {
		l.replied++
	}
	l.echoes = append(l.echoes, echo{seq: -1, outcome: r.Outcome})
	l.last, l.settled = r, true
}

// outcome is what the newest settled echo came to.
func (l *pingLog) outcome() (probe.Outcome, bool) { return l.last.Outcome, l.settled }

// pingWords is the newest thing ping would have printed.
func (m *Model) pingWords() string {
	l := &m.world.log
	t := m.Theme
	switch {
	case m.world.gone(l.netns):
		return t.Bad.Render(m.cannotOpen(l.netns))
	case !l.settled:
		return t.Warn.Render(t.G.Wait + " " + m.Say(words.NoAnswerYet, l.to+pingOptions(l.size, l.df)))
	case l.last.Outcome == probe.Replied:
		return t.Good.Render(t.G.Ok + " " + l.last.Message)
	case l.last.Outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent + " " + m.Say(words.NoAnswer, l.last.Seq))
	}
	return t.Bad.Render(t.G.Bad + " " + l.last.Message)
}

// pingOptions are the options of ping that make its packets as large.
func pingOptions(size int, df bool) string {
	options := ""
	if size > 0 {
		options += fmt.Sprintf(" -s %d", size)
	}
	if df {
		options += " -M do"
	}
	return options
}

// pingStrip is the last echoes, one sign each.
func (m *Model) pingStrip(w int) string {
	var cells []string
	for _, e := range m.world.log.echoes {
		cells = append(cells, m.echoSign(e))
	}
	if len(cells) > w {
		cells = cells[len(cells)-w:]
	}
	return strings.Join(cells, "")
}

func (m *Model) echoSign(e echo) string {
	t := m.Theme
	switch {
	case e.cut:
		return t.Faint.Render(t.G.Bar)
	case e.pending:
		return t.Faint.Render(t.G.Pending)
	case e.outcome == probe.Replied:
		return t.Good.Render(t.G.Ok)
	case e.outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent)
	}
	return t.Bad.Render(t.G.Bad)
}

// pingLines are the two lines at the end of the live pane: ping's words, and
// how the last echoes went.
func (m *Model) pingLines(w int) []string {
	l := &m.world.log
	if l.to == "" {
		return nil
	}
	label := screen.Fit("ping", gutter, "")
	count := m.Say(words.Sent, l.sent, l.replied)
	head := fmt.Sprintf("%s > %s  %s  ", l.netns, l.to+pingOptions(l.size, l.df), count)
	return []string{
		m.Theme.Faint.Render(label) + m.pingWords(),
		strings.Repeat(" ", gutter) + m.Theme.Faint.Render(head) + m.pingStrip(w-gutter-screen.Width(head)-1),
	}
}
