package check

import (
	"context"
	"errors"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/say"
)

// away is an address of the lab's outside.
const away = "203.0.113.10"

func TestMain(m *testing.M) { labtest.Main(m) }

// TestWhatCannotBeCheckedIsNotWrong: an error is neither yes nor no.
func TestWhatCannotBeCheckedIsNotWrong(t *testing.T) {
	l := labtest.New(t)
	broken := Check{Text: say.Quote("x"), run: func(context.Context, *lab.Lab) (bool, string, error) { return true, "", errors.New("no") }}
	if done, err := Hold(t.Context(), l, []Check{broken}); done || err == nil {
		t.Errorf("%v, %v", done, err)
	}
	if v := Try(t.Context(), l, []Check{broken})[0]; v.OK || v.Err == nil {
		t.Errorf("%+v", v)
	}
	if done, err := Hold(t.Context(), l, []Check{broken, Blocked(lab.Host, away)}); done || err != nil {
		t.Errorf("one that does not hold says enough: %v, %v", done, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []Check{Blocked(lab.Host, away), Reaches(lab.Host, away)} {
		if v := Try(cancelled, l, []Check{c})[0]; v.OK || v.Err == nil {
			t.Errorf("cancelled: %+v", v)
		}
	}
	if _, err := Hold(cancelled, l, []Check{Blocked(lab.Host, away)}); err == nil {
		t.Error("cancelled: no error")
	}
}
