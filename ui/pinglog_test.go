package ui

import (
	"testing"

	"nstutor/diag/probe"
)

func TestTheStripTellsOutcomesApart(t *testing.T) {
	m := newModel(fixtureCourse, Options{Lang: "en"})
	for _, e := range []probe.Event{
		sent(1), settled(1, probe.NetworkUnreachable, ""), sent(2), settled(2, probe.Silent, ""),
		sent(3), settled(3, probe.Replied, ""), sent(4),
	} {
		m.Network.Log.Take(e, fixtureTime)
	}
	if got := m.pingStrip(10); got != "✗○✓·" {
		t.Errorf("strip %q", got)
	}
	m.Network.Log.Restart(true)
	m.Network.Log.Restart(true)
	m.Network.Log.Take(sent(1), fixtureTime)
	if got := m.pingStrip(10); got != "✗○✓│·" {
		t.Errorf("strip after an action %q", got)
	}
	if got := m.pingStrip(2); got != "│·" {
		t.Errorf("short strip %q", got)
	}
}

func sent(seq int) probe.Event { return probe.Event{Seq: seq, Sent: true} }

func settled(seq int, outcome probe.Outcome, message string) probe.Event {
	return probe.Event{Seq: seq, Result: probe.Result{Seq: seq, Outcome: outcome, Message: message}}
}
