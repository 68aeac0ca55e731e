package verify

import (
	"io"
	"strings"
	"testing"
)

// Connection tracking is not copied. What dies of it dies of nothing in the copy, which
// is no cause that it dies of.
func TestACopyWithoutTheCauseIsSaidToBeOne(t *testing.T) {
	o := outcome{Silent: true}
	o.Cause.Code = "none"
	asked := trial{}
	asked.Cause.Code, asked.Cause.Netns = "stale-conntrack", "host"
	v := verdict(asked, copies{}, []outcome{o})
	if v.Before != DifferentCause || v.Passed || strings.Contains(v.Differs.In("en"), "none") || !strings.Contains(v.Differs.In("en"), "stale-conntrack in host") {
		t.Errorf("%+v: %s", v, v.Differs)
	}
}

// An answer that a busy machine was late with is no way that the fix has closed.
func TestALateAnswerIsAskedForAgain(t *testing.T) {
	before := [][]bool{{true, true, false}, {true}, nil}
	after := [][]bool{{false, true, false}, {false}, nil}
	if got := missing(before, after); len(got) != 2 {
		t.Fatalf("missing: %v", got)
	}
	got := found(before, after, [][]bool{{true, false, true}, {false}, nil})
	if !got[0][0] || !got[0][1] || got[0][2] || got[1][0] {
		t.Errorf("%v: the first was late, the last of the first door was never answered, that of the second is closed", got)
	}
}

// A lab that was begun, and in which there was nothing to try, says nothing.
func TestALabWithNothingToTryEndsInSilence(t *testing.T) {
	if err := Serve(t.Context(), strings.NewReader(""), io.Discard); err != nil {
		t.Error(err)
	}
}
