package progress_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/progress"
)

// TestProgramsDoNotLoseEachOthersChanges lets four programs write at once, each
// of which has read the file before the others wrote.
func TestProgramsDoNotLoseEachOthersChanges(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "progress.json")
	here := progress.Load(path)
	var writers sync.WaitGroup
	for who := range 4 {
		writers.Go(func() {
			cmd := exec.Command(exe, path)
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", writerEnv, who))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("writer %d: %s %v", who, out, err)
			}
		})
	}
	for i := range writerSteps {
		here.MarkDone(fmt.Sprintf("here.%d", i), progress.Way{})
	}
	writers.Wait()
	p := progress.Load(path)
	for _, who := range []string{"0", "1", "2", "3", "here"} {
		for i := range writerSteps {
			if id := fmt.Sprintf("%s.%d", who, i); !p.Done(id) {
				t.Errorf("%s is lost", id)
			}
		}
	}
}

func TestWhatAnotherProgramChangedIsSeenWhenAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	course := progress.Load(path)
	course.Refresh() // there is no file yet
	everything(course)
	progress.Load(path).SetScore("dead-veth", deft)
	course.Refresh()
	if _, ok := course.Exercise("dead-veth"); !ok {
		t.Error("the other program's score is not seen")
	}
	checkEverything(t, course)
}

func TestAResetByAnotherProgramHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	course := progress.Load(path)
	everything(course)
	if err := progress.Load(path).ResetAll(); err != nil {
		t.Fatal(err)
	}
	course.MarkDone("3.1", progress.Way{})
	for _, p := range []*progress.Progress{course, progress.Load(path)} {
		if p.Done("2.1") || p.Hints("2.2") != 0 || !p.Done("3.1") {
			t.Error("what another program forgot is back")
		}
	}
}

// TestWhatCouldNotBeSavedIsNotLostToAnotherProgram: both changes are in the
// file as soon as it can be written.
func TestWhatCouldNotBeSavedIsNotLostToAnotherProgram(t *testing.T) {
	dir := mount(t, 1<<20)
	path := filepath.Join(dir, "progress.json")
	remount := func(flags uintptr) {
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	one, other := progress.Load(path), progress.Load(path)
	remount(unix.MS_RDONLY)
	one.MarkDone("1.1", progress.Way{})
	if one.Refresh(); !one.Done("1.1") {
		t.Error("what could not be saved is forgotten")
	}
	if w := one.Warning().String(); !strings.Contains(w, "not saved") {
		t.Errorf("warning %q", w)
	}
	remount(0)
	other.MarkDone("1.2", progress.Way{})
	one.MarkDone("1.3", progress.Way{})
	p := progress.Load(path)
	if !p.Done("1.1") || !p.Done("1.2") || !p.Done("1.3") || one.Warning().String() != "" || !one.Done("1.2") {
		t.Errorf("done: %v %v %v, warning %q", p.Done("1.1"), p.Done("1.2"), p.Done("1.3"), one.Warning().String())
	}
}

// TestAProgramThatStoppedWithTheLockHoldsNobodyUpForLong: the change is made
// all the same.
func TestAProgramThatStoppedWithTheLockHoldsNobodyUpForLong(t *testing.T) {
	dir := t.TempDir()
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "progress.json")
	begin := time.Now()
	progress.Load(path).MarkDone("1.1", progress.Way{})
	if took := time.Since(begin); took > 3*time.Second || !progress.Load(path).Done("1.1") {
		t.Errorf("done %v after %v", progress.Load(path).Done("1.1"), took)
	}
}

// TestAFileThatBecameUnreadableIsSetAsideBeforeTheNextWrite: whoever
// damaged it did so while this one ran.
func TestAFileThatBecameUnreadableIsSetAsideBeforeTheNextWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	p := progress.Load(path)
	everything(p)
	for n, aside := range []string{".unreadable", ".unreadable.2"} {
		content := fmt.Sprintf(`{"version":%d`, n+2)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		p.MarkDone("3.1", progress.Way{})
		if kept, err := os.ReadFile(path + aside); err != nil || string(kept) != content {
			t.Errorf("kept is %q %v", kept, err)
		}
		if w := p.Warning().String(); !strings.HasSuffix(w, "progress.json"+aside) {
			t.Errorf("warning %q", w)
		}
		checkEverything(t, progress.Load(path))
	}
}

// TestAFileThatMayNotBeReadIsNotReplaced: a rename in one's own folder would
// do it.
func TestAFileThatMayNotBeReadIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	everything(progress.Load(path))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	obeyFileModes(t)
	p := progress.Load(path)
	if w := p.Warning().String(); !strings.Contains(w, "not read: ") {
		t.Errorf("warning %q", w)
	}
	p.MarkDone("9.9", progress.Way{})
	if w := p.Warning().String(); !strings.Contains(w, "not saved: ") || !p.Done("9.9") {
		t.Errorf("warning %q", w)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	checkEverything(t, progress.Load(path))
}

// obeyFileModes takes from the test what lets a superuser read every file.
func obeyFileModes(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the test
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&header, &caps[0]); err != nil {
		t.Fatal(err)
	}
	caps[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&header, &caps[0]); err != nil {
		t.Fatal(err)
	}
}
