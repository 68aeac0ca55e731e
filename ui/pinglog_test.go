package ui

import (
	"strings"
	"testing"

	"nstutor/diag"
)

func sent(seq int) diag.Event { return diag.Event{Seq: seq, Sent: true} }

func settled(seq int, outcome diag.Outcome, message string) diag.Event {
	return diag.Event{Seq: seq, Result: diag.Result{Seq: seq, Outcome: outcome, Message: message}}
}

func TestTheNewestEchoSpeaks(t *testing.T) {
	var log pingLog
	for _, e := range []diag.Event{sent(1), sent(2), settled(2, diag.Replied, "two"), settled(1, diag.Silent, "one")} {
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
	for _, e := range []diag.Event{
		sent(1), settled(1, diag.NetworkUnreachable, ""), sent(2), settled(2, diag.Silent, ""),
		sent(3), settled(3, diag.Replied, ""), sent(4),
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
	log.take(settled(9, diag.Silent, "old"), fixtureTime)
	log.restart(false)
	log.take(sent(1), fixtureTime)
	log.take(settled(1, diag.Replied, "new"), fixtureTime)
	if !strings.Contains(log.last.Message, "new") {
		t.Errorf("the earlier pinger's words stay: %q", log.last.Message)
	}
}
