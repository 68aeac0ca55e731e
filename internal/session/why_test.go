package session

import (
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/feed"
)

// asked is a session whose answer to why is open, about the lab as it is since a
// moment.
func asked(since time.Time) *Session {
	s := New(nil, "en", "")
	s.Why = Why{Open: true, Answer: &explain.Answer{Verdict: explain.Delivered}, since: since}
	return s
}

// pinged lets an echo come to something, so many seconds past noon.
func pingedAt(s *Session, seq int, outcome probe.Outcome) {
	s.Now = func() time.Time { return noon.Add(time.Duration(seq) * time.Second) }
	s.Take(feed.Ping{Aim: s.Network.Aim, Event: echoed(seq)})
	s.Take(feed.Ping{Aim: s.Network.Aim, Event: came(seq, outcome, "")})
}

func TestAnEchoFromBeforeTheChangeDoesNotContradict(t *testing.T) {
	s := asked(noon.Add(time.Hour))
	pingedAt(s, 10, probe.Silent)
	pingedAt(s, 11, probe.Silent)
	if s.Why.Odds != 0 {
		t.Error("an echo of the lab as it was speaks against the answer")
	}
	if _, settled := s.trial(); settled {
		t.Error("frames of the lab as it was are waited for")
	}
	s = asked(noon)
	pingedAt(s, 10, probe.Silent)
	if s.Why.Odds != 1 {
		t.Error("an echo of the lab as it is does not count")
	}
}

func TestFramesCountFromTheLastEchoButOne(t *testing.T) {
	s := asked(noon)
	pingedAt(s, 1, probe.Silent)
	if _, settled := s.trial(); settled {
		t.Error("the frames of the first echo may still be to come")
	}
	pingedAt(s, 2, probe.Silent)
	pingedAt(s, 3, probe.Silent)
	from, settled := s.trial()
	if want := noon.Add(2*time.Second - whySlack); !settled || !from.Equal(want) {
		t.Errorf("from %v, settled %v; want %v", from, settled, want)
	}
}

// A connection whose server is drawn by lot goes another way now and then. What was not
// seen of it on the way that is told is no sign that it fails there.
func TestAConnectionByLotMayHaveGoneAnotherWay(t *testing.T) {
	for _, backends := range [][]explain.Backend{nil, {{}, {}}} {
		s := asked(noon)
		host, err := nsenter.Open("host", "/proc/self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		defer host.Close()
		s.Network.Names = []string{host.Name()}
		s.Why.Answer.Backends = backends
		s.Why.Answer.Hops = []hop.Hop{{Predicted: hop.OK, Sighting: &hop.Sighting{Space: &machine.Space{NS: host}, Dev: "eth0"}}}
		for seq := range 3 {
			pingedAt(s, seq+1, probe.Replied)
		}
		s.witness()
		want := hop.Fail
		if backends != nil {
			want = hop.Unknown
		}
		if got := s.Why.Answer.Hops[0].Observed; got != want {
			t.Errorf("%d backends: %s, want %s", len(backends), got, want)
		}
	}
}
