package wire

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMergeTellsThePingInOrder(t *testing.T) {
	if !t.Run("the kernel stamps frames", wireStamped) {
		return
	}
	a, b := wirePair(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	merged := Merge(ctx, wireCapture(t, b, Filter{}), wireCapture(t, a, Filter{}))
	wireEcho(t, a, wireAddrB, 7, 1)

	type hop struct {
		Netns string
		Out   bool
		Op    string
	}
	var got []hop
	for _, f := range wireUntil(t, merged, func(f Frame) bool { return wireIsEchoReply(f) && f.Netns == "wire-a" }) {
		got = append(got, hop{f.Netns, f.Out, f.Op})
	}
	want := []hop{
		{"wire-a", true, "request"}, {"wire-b", false, "request"},
		{"wire-b", true, "reply"}, {"wire-a", false, "reply"},
		{"wire-a", true, "echo request"}, {"wire-b", false, "echo request"},
		{"wire-b", true, "echo reply"}, {"wire-a", false, "echo reply"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	cancel()
	wirePoll(t, "the merged channel closes with its context", func() bool {
		select {
		case _, ok := <-merged:
			return !ok
		default:
			return false
		}
	})
}

func TestMergeEndsWithItsTaps(t *testing.T) {
	a, b := wirePair(t)
	tapA, tapB := wireCapture(t, a, Filter{}), wireCapture(t, b, Filter{})
	merged := Merge(t.Context(), tapA, tapB)
	wireEcho(t, a, wireAddrB, 7, 1)
	wireUntil(t, merged, func(f Frame) bool { return wireIsEchoReply(f) && f.Netns == "wire-a" })
	tapA.Close()
	tapB.Close()
	if f, ok := <-merged; ok {
		t.Errorf("unexpected frame %s", f.Line())
	}
}

func TestMergeHoldsAFrameBackForAnEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		late, early := make(chan Frame, 1), make(chan Frame, 1)
		never := func(uint64) bool { return false }
		merged := mergeFrames(t.Context(), []mergeSource{{late, never}, {early, never}})
		late <- Frame{At: start.Add(20 * time.Microsecond), Seq: 2}
		time.Sleep(mergeHold / 2)
		early <- Frame{At: start.Add(10 * time.Microsecond), Seq: 1}
		for want := 1; want <= 2; want++ {
			if f := <-merged; f.Seq != want {
				t.Errorf("frame %d came instead of %d", f.Seq, want)
			}
		}
		// The earlier frame, too, waits for its own hold-back.
		if took := time.Since(start); took != mergeHold*3/2 {
			t.Errorf("held for %s, want %s", took, mergeHold*3/2)
		}
		close(late)
		close(early)
		if _, ok := <-merged; ok {
			t.Error("the merged channel stays open")
		}
	})
}

func TestMergeWaitsForATapThatIsBehind(t *testing.T) {
	for name, test := range map[string]struct {
		lag  time.Duration
		want []int
	}{
		"some scheduler's turns": {mergeLag / 4, []int{1, 2}},
		"too long":               {mergeLag * 2, []int{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				late, early := make(chan Frame, 1), make(chan Frame, 1)
				merged := mergeFrames(t.Context(), []mergeSource{
					{late, func(received uint64) bool { return received < 1 }},
					{early, func(received uint64) bool { return received < 1 }},
				})
				late <- Frame{At: start.Add(20 * time.Microsecond), Seq: 2}
				time.AfterFunc(test.lag, func() { early <- Frame{At: start.Add(10 * time.Microsecond), Seq: 1} })
				for _, want := range test.want {
					if f := <-merged; f.Seq != want {
						t.Errorf("frame %d came instead of %d", f.Seq, want)
					}
				}
				close(late)
				close(early)
				if _, ok := <-merged; ok {
					t.Error("the merged channel stays open")
				}
			})
		})
	}
}
