package ui

import (
	"strings"
	"testing"

	"nstutor/diag/probe"
)

func sent(seq int) probe.Event { return probe.Event{Seq: seq, Sent: true} }

func settled(seq int, outcome probe.Outcome, message string) probe.Event {
	return probe.Event{Seq: seq, Result: probe.Result{Seq: seq, Outcome: outcome, Message: message}}
}

func TestTheNewestEchoSpeaks(t *testing.T) {
	var log pingLog
	for _, e := range []probe.Event{sent(1), sent(2), settled(2, probe.Replied, "two"), settled(1, probe.Silent, "one")} {
		log.take(e, fixtureTime)
	}
	if log.last.Message != "two" {
		t.Errorf("an echo that was silent for long speaks over a newer reply: %q", log.last.Message)
	}
	if log.sent != 2 || log.replied != 1 {
		t.Errorf("%d sent, %d replied", log.sent, log.replied)
	}
}

func TestTheStripTellsOutcomesApart(t *testing.T) {
	m := newModel(fixtureCourse, Options{Lang: "en"})
	for _, e := range []probe.Event{
		sent(1), settled(1, probe.NetworkUnreachable, ""), sent(2), settled(2, probe.Silent, ""),
		sent(3), settled(3, probe.Replied, ""), sent(4),
	} {
		m.world.log.take(e, fixtureTime)
	}
	if got := m.pingStrip(10); got != "✗○✓·" {
		t.Errorf("strip %q", got)
	}
	m.world.log.restart(true)
	m.world.log.restart(true)
	m.world.log.take(sent(1), fixtureTime)
	if got := m.pingStrip(10); got != "✗○✓│·" {
		t.Errorf("strip after an action %q", got)
	}
	if got := m.pingStrip(2); got != "│·" {
		t.Errorf("short strip %q", got)
	}
}

func TestTheLogDoesNotGrowForEver(t *testing.T) {
	var log pingLog
	for seq := range 3 * pingKept {
		log.take(sent(seq), fixtureTime)
	}
	if len(log.echoes) != pingKept {
		t.Errorf("%d echoes are kept", len(log.echoes))
	}
}

func TestANewPingerStartsItsNumbersAnew(t *testing.T) {
	var log pingLog
	log.take(sent(9), fixtureTime)
	log.take(settled(9, probe.Silent, "old"), fixtureTime)
	log.restart(false)
	log.take(sent(1), fixtureTime)
	log.take(settled(1, probe.Replied, "new"), fixtureTime)
	if !strings.Contains(log.last.Message, "new") {
		t.Errorf("the earlier pinger's words stay: %q", log.last.Message)
	}
}
