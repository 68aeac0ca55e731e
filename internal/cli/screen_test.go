package cli

import (
	"errors"
	"os"
	"testing"

	"github.com/creack/pty"
)

// The course draws on a screen. What has none is told what does without.
func TestTheCourseNeedsAScreen(t *testing.T) {
	control, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	defer terminal.Close()
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	without := errors.New("without")
	for _, c := range []struct {
		in, out *os.File
		term    string
		drawn   bool
	}{
		{terminal, terminal, "xterm", true},
		{terminal, terminal, "", true},
		{terminal, terminal, "dumb", false},
		{file, terminal, "xterm", false},
		{terminal, file, "xterm", false},
	} {
		t.Setenv("TERM", c.term)
		if err := onScreen(c.in, c.out, without); (err == nil) != c.drawn {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
