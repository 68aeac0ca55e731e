package session

import (
	"strings"
	"testing"
	"time"

	"nstutor/diag/probe"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func echoed(seq int) probe.Event { return probe.Event{Seq: seq, Sent: true} }

func came(seq int, outcome probe.Outcome, message string) probe.Event {
	return probe.Event{Seq: seq, Result: probe.Result{Seq: seq, Outcome: outcome, Message: message}}
}

func TestTheNewestEchoSpeaks(t *testing.T) {
	var log PingLog
	for _, e := range []probe.Event{echoed(1), echoed(2), came(2, probe.Replied, "two"), came(1, probe.Silent, "one")} {
		log.Take(e, noon)
	}
	if log.Last.Message != "two" {
		t.Errorf("an echo that was silent for long speaks over a newer reply: %q", log.Last.Message)
	}
	if log.Sent != 2 || log.Replied != 1 {
		t.Errorf("%d sent, %d replied", log.Sent, log.Replied)
	}
}

func TestTheLogDoesNotGrowForEver(t *testing.T) {
	var log PingLog
	for seq := range 3 * pingKept {
		log.Take(echoed(seq), noon)
	}
	if len(log.Echoes) != pingKept {
		t.Errorf("%d echoes are kept", len(log.Echoes))
	}
}

func TestANewPingerStartsItsNumbersAnew(t *testing.T) {
	var log PingLog
	log.Take(echoed(9), noon)
	log.Take(came(9, probe.Silent, "old"), noon)
	log.Restart(false)
	log.Take(echoed(1), noon)
	log.Take(came(1, probe.Replied, "new"), noon)
	if !strings.Contains(log.Last.Message, "new") {
		t.Errorf("the earlier pinger's words stay: %q", log.Last.Message)
	}
}
