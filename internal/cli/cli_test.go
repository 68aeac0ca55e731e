package cli

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"nstutor/chapters"
	"nstutor/diag/probe"
	"nstutor/internal/lab"
)

// courseEnv makes the test binary be the program itself.
const courseEnv = "NSTUTOR_TEST_COURSE"

func TestMain(m *testing.M) {
	if os.Getenv(courseEnv) != "" {
		os.Exit(Main(os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){
		"nstutor": func() { os.Exit(Main(os.Args[1:])) },
		"broken":  func() { os.Exit(playBroken()) },
	})
}

// playBroken plays a course whose first step promises what the kernel does not
// keep.
func playBroken() int {
	lab.Dispatch()
	a := &app{inside: lab.Inside()}
	course := chapters.All()
	course[0].Steps[0].After.Pings[0].Want = probe.Silent
	err := a.inLab(func() error {
		return play(context.Background(), course, []string{"0.1", "0.2"}, lab.Options{Fast: true}, newTextTranscript(os.Stdout, "en"))
	})
	var said status
	if errors.As(err, &said) {
		return int(said)
	}
	return 99
}

// TestScripts runs the command line as a user would, each script in an empty
// folder with a home of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LANG", "C.UTF-8")
			return nil
		},
	})
}
