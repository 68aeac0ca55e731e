package pane

import (
	"testing"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/session"
	"nstutor/ui/screen"
)

func TestTheStripTellsOutcomesApart(t *testing.T) {
	s := session.New(nil, "en", "")
	live := New(s, screen.NewLook("en", false)).Live
	for _, e := range []probe.Event{
		sent(1), settled(1, probe.NetworkUnreachable, ""), sent(2), settled(2, probe.Silent, ""),
		sent(3), settled(3, probe.Replied, ""), sent(4),
	} {
		s.Network.Log.Take(e, time.Now())
	}
	if got := live.pingStrip(10); got != "✗○✓·" {
		t.Errorf("strip %q", got)
	}
	s.Network.Log.Restart(true)
	s.Network.Log.Restart(true)
	s.Network.Log.Take(sent(1), time.Now())
	if got := live.pingStrip(10); got != "✗○✓│·" {
		t.Errorf("strip after an action %q", got)
	}
	if got := live.pingStrip(2); got != "│·" {
		t.Errorf("short strip %q", got)
	}
}

func sent(seq int) probe.Event { return probe.Event{Seq: seq, Sent: true} }

func settled(seq int, outcome probe.Outcome, message string) probe.Event {
	return probe.Event{Seq: seq, Result: probe.Result{Seq: seq, Outcome: outcome, Message: message}}
}
