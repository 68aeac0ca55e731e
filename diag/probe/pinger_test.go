package probe

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// nextResult reads news until a result of the wanted outcome comes.
func nextResult(t *testing.T, p *Pinger, want Outcome) Event {
	t.Helper()
	timeout := time.After(5 * time.Second)
	last := "none"
	for {
		select {
		case event, open := <-p.Events():
			if !open {
				t.Fatalf("ended before %v", want)
			}
			if !event.Sent && event.Result.Outcome == want {
				return event
			}
			last = fmt.Sprintf("%+v", event)
		case <-timeout:
			t.Fatalf("never %v; the last news was %s", want, last)
		}
	}
}

func TestPingerFollowsTheNetworkAsItChanges(t *testing.T) {
	w := labtest.NewBareTrio(t)
	w.NoDefaultRoute(w.C)
	goroutines, descriptors := labtest.Footprint(t)
	p := NewPinger(w.C, Echo{To: "10.2.0.2", Timeout: 200 * time.Millisecond}, 20*time.Millisecond)
	nextResult(t, p, NetworkUnreachable)
	w.Reject(w.C, "0.0.0.0/0", unix.RTN_PROHIBIT)
	nextResult(t, p, Prohibited)
	w.NoDefaultRoute(w.C)
	w.Sysctl(w.R, "net/ipv4/ip_forward", "0")
	w.Route(w.C, labtest.DefaultVia("10.1.0.1"))
	nextResult(t, p, Silent)
	w.Sysctl(w.R, "net/ipv4/ip_forward", "1")
	nextResult(t, p, Replied)
	w.NoDefaultRoute(w.S)
	nextResult(t, p, Silent)
	w.Route(w.S, labtest.DefaultVia("10.2.0.1"))
	nextResult(t, p, Replied)
	p.Close()
	p.Close()
	for range p.Events() {
	}
	w.NoMoreThan(goroutines, descriptors)
}

// conntrack decides about NAT once for each ICMP id: were the id always the
// same, a rule that comes while a ping runs would have no effect on it.
func TestPingerNoticesNATRulesAtOnce(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NoDefaultRoute(w.S)
	w.Rule(w.R, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, &expr.Counter{})
	p := NewPinger(w.C, Echo{To: "10.2.0.2", Timeout: 100 * time.Millisecond}, 20*time.Millisecond)
	defer p.Close()
	nextResult(t, p, Silent)
	w.Rule(w.R, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, &expr.Masq{})
	nextResult(t, p, Replied)
}

func TestPingerAnnouncesEachEchoBeforeItsResult(t *testing.T) {
	w := labtest.NewTrio(t)
	p := NewPinger(w.C, Echo{To: "10.2.0.2"}, 10*time.Millisecond)
	defer p.Close()
	pending := map[int]bool{}
	for results := 0; results < 20; {
		event := <-p.Events()
		switch {
		case event.Sent && event.Seq != results+len(pending)+1:
			t.Fatalf("seq %d announced after %d", event.Seq, results+len(pending))
		case event.Sent:
			pending[event.Seq] = true
		case !pending[event.Seq] || event.Result.Seq != event.Seq || event.Result.Outcome != Replied:
			t.Fatalf("unexpected %+v", event)
		default:
			delete(pending, event.Seq)
			results++
		}
	}
}

func TestPingerEndsWithItsNamespace(t *testing.T) {
	w := labtest.NewBareTrio(t)
	goroutines, descriptors := labtest.Footprint(t)
	again, err := nsenter.Open("c", fmt.Sprintf("/proc/self/fd/%d", w.C.FD()))
	w.Must(err)
	p := NewPinger(again, Echo{To: "10.1.0.77"}, 10*time.Millisecond)
	<-p.Events()
	again.Close()
	w.Eventually("the events are closed", func() bool {
		select {
		case _, open := <-p.Events():
			return !open
		default:
			return false
		}
	})
	w.NoMoreThan(goroutines, descriptors)
}

// An unread Pinger must neither pile up goroutines nor be impossible to close.
func TestPingerWaitsForItsReader(t *testing.T) {
	w := labtest.NewTrio(t)
	p := NewPinger(w.C, Echo{To: "10.1.0.1"}, 10*time.Millisecond)
	w.Eventually("its channel is full", func() bool { return len(p.events) == cap(p.events) })
	before, err := table.ReadCounters(w.C)
	w.Must(err)
	if sent := before["IcmpMsgOutType8"]; sent > int64(cap(p.events)) {
		t.Errorf("%d echoes sent while nobody read", sent)
	}
	p.Close()
}
