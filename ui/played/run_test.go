package played_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/progress"
	"nstutor/steps"
	"nstutor/ui"
)

// slowDisk is a memory that takes longer to write, from when the learner leaves,
// than the lab may take to come to rest.
type slowDisk struct {
	*progress.Progress
	asked, leaves chan struct{}
}

func (s slowDisk) SetPosition(id string) {
	close(s.asked)
	<-s.leaves
	time.Sleep(3*time.Second + time.Second/2) // the lab has three
	s.Progress.SetPosition(id)
}

// stalled is an action that hangs, and does not listen, once asked is closed.
type stalled struct {
	steps.Action
	asked, hangs chan struct{}
}

func (s stalled) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	select {
	case <-s.asked:
		close(s.hangs)
		select {}
	default:
		return steps.Done(ctx, l, s.Action)
	}
}

// hungStatus is the exit status where the lab does not come to rest.
const hungStatus = 2

// hangingPath is the progress of the process that plays a course that hangs.
const hangingPath = "NSTUTOR_TEST_HANGING"

// TestALabThatHangsCutsNoProgress: the position is still being written when the
// lab's time is over.
func TestALabThatHangsCutsNoProgress(t *testing.T) {
	labtest.Slow(t)
	if path := os.Getenv(hangingPath); path != "" {
		playHanging(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "progress.json")
	cmd := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), hangingPath+"="+path)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != hungStatus {
		t.Fatalf("%v, want exit status %d: %s", err, hungStatus, out)
	}
	if got := progress.Read(path).Position(); got != "2.6" {
		t.Errorf("the position is %q", got)
	}
}

// playHanging leaves a course whose step hangs.
func playHanging(t *testing.T, path string) {
	l, err := lab.New(t.Context(), lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	disk := slowDisk{progress.Load(path), make(chan struct{}), make(chan struct{})}
	hangs := make(chan struct{})
	course := chapters.All()
	for _, chapter := range course {
		for i, step := range chapter.Steps {
			if step.ID == "2.6" {
				chapter.Steps[i].Action = stalled{step.Action, disk.asked, hangs}
			}
		}
	}
	term := newTerminal(t)
	go func() {
		<-hangs
		term.outer.WriteString("q")
		close(disk.leaves)
	}()
	err = ui.RunOn(t.Context(), steps.NewPlayer(l, course), course, disk, ui.Options{Lang: "en", Start: "2.6"}, term.inner, term.inner)
	t.Fatalf("it came to rest: %v", err)
}
