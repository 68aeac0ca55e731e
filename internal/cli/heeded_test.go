package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestAnAnswerThatCannotBeWrittenIsAnError: whoever keeps an answer in a file
// learns that the disk is full, whatever was asked.
func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{
		{"--help"}, {"--version"}, {"help", "run"}, {"explain", "--help"}, {"completion", "bash"}, {"run", "--list"}, {"progress"},
	} {
		cmd := exec.Command("/proc/self/exe", args...)
		cmd.Env = append(os.Environ(), courseEnv+"=1", "XDG_STATE_HOME="+t.TempDir())
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &said
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
			t.Errorf("%v: %v, want exit status %d", args, err, exitUsage)
		}
		if want := "nstutor: write /dev/stdout: no space left on device\n"; said.String() != want {
			t.Errorf("%v says %q, want %q", args, said.String(), want)
		}
	}
}
