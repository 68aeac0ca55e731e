package progress_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/progress"
)

// everything does all that can be remembered.
func everything(p *progress.Progress) {
	p.MarkDone("2.1", progress.Way{})
	p.Predict("2.1", 2, true)
	p.UseHint("2.2", 3)
	p.SetPosition("2.2")
	p.SetLang("zh")
}

func checkEverything(t *testing.T, p *progress.Progress) {
	t.Helper()
	if !p.Done("2.1") || p.Done("2.2") || p.Done("nowhere") {
		t.Error("what was done is not remembered")
	}
	if choice, ok := p.Prediction("2.1"); !ok || choice != 2 {
		t.Errorf("prediction %d %v", choice, ok)
	}
	if _, ok := p.Prediction("2.2"); ok {
		t.Error("a prediction that was never made")
	}
	if p.Hints("2.2") != 3 || p.Hints("2.1") != 0 || p.Hints("nowhere") != 0 {
		t.Error("hints")
	}
	if p.Position() != "2.2" || p.Lang() != "zh" {
		t.Errorf("position %q, language %q", p.Position(), p.Lang())
	}
}

func TestWhatIsDoneIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "nstutor", "progress.json")
	p := progress.Load(path)
	if p.Warning().String() != "" || p.Position() != "" || p.Done("2.1") {
		t.Errorf("a new learner: %q %q", p.Warning().String(), p.Position())
	}
	everything(p)
	checkEverything(t, p)
	again := progress.Load(path)
	checkEverything(t, again)
	if again.Warning().String() != "" {
		t.Error(again.Warning())
	}
}

func TestFirstPredictionAndMostHintsCount(t *testing.T) {
	p := progress.Load(filepath.Join(t.TempDir(), "p.json"))
	p.Predict("1", 0, false)
	p.Predict("1", 1, true)
	if choice, _ := p.Prediction("1"); choice != 0 {
		t.Errorf("the prediction became %d", choice)
	}
	p.UseHint("1", 2)
	p.UseHint("1", 1)
	if p.Hints("1") != 2 {
		t.Errorf("hints became %d", p.Hints("1"))
	}
}

func TestUnreadableFileIsSetAsideAndNamed(t *testing.T) {
	for name, content := range map[string]string{
		"not JSON":       "{",
		"empty":          "",
		"another shape":  `{"version":1,"steps":[]}`,
		"no version":     `{}`,
		"scores of text": `{"version":1,"exercises":{"dead-veth":"good"}}`,
		"binary garbage": "\x00\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "progress.json")
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			p := progress.Load(path)
			aside := path + ".unreadable"
			if w := p.Warning().String(); !strings.HasSuffix(w, filepath.Join(filepath.Base(dir), "progress.json.unreadable")) {
				t.Errorf("warning %q does not name %q", w, aside)
			}
			if err := p.Unread(); err != nil {
				t.Errorf("what was set aside is not there any more: %v", err)
			}
			if kept, err := os.ReadFile(aside); err != nil || string(kept) != content {
				t.Errorf("kept is %q %v", kept, err)
			}
			everything(p)
			checkEverything(t, progress.Load(path))
		})
	}
}

func TestWhatIsNullIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	if err := os.WriteFile(path, []byte(`{"version":1,"steps":{"2.1":null},"exercises":{"dead-veth":null}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p := progress.Load(path)
	if _, ok := p.Exercise("dead-veth"); ok || p.Done("2.1") || p.Warning().String() != "" {
		t.Errorf("tried %v, done %v, warning %q", ok, p.Done("2.1"), p.Warning().String())
	}
	everything(p)
	checkEverything(t, p)
}

// mount puts a file system of this size, in bytes, on a new folder.
func mount(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestReadOnlyFolderIsOnlyAWarning(t *testing.T) {
	dir := mount(t, 1<<20)
	path := filepath.Join(dir, "progress.json")
	progress.Load(path).MarkDone("1.1", progress.Way{})
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	p := progress.Load(path)
	if !p.Done("1.1") || p.Warning().String() != "" {
		t.Errorf("reading: done %v, warning %q", p.Done("1.1"), p.Warning().String())
	}
	everything(p)
	checkEverything(t, p)
	if w := p.Warning().String(); !strings.Contains(w, "not saved") || !strings.Contains(w, "read-only file system") {
		t.Errorf("warning %q", w)
	}
}

func TestFullDiskKeepsTheOldFile(t *testing.T) {
	dir := mount(t, 64<<10)
	path := filepath.Join(dir, "progress.json")
	progress.Load(path).MarkDone("1.1", progress.Way{})
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fill, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer fill.Close()
	for err == nil {
		_, err = fill.Write(make([]byte, 4096))
	}
	p := progress.Load(path)
	everything(p)
	checkEverything(t, p)
	if w := p.Warning().String(); !strings.Contains(w, "not saved") || !strings.Contains(w, "/progress.json: no space left on device") {
		t.Errorf("warning %q", w)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Errorf("the old file became %q %v", now, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	fill.Truncate(0)
	p.SetPosition("1.2")
	if again := progress.Load(path); again.Position() != "1.2" || !again.Done("2.1") {
		t.Error("what could not be saved then is not saved now")
	}
}

func TestFolderInPlaceOfTheFileIsOnlyAWarning(t *testing.T) {
	path := t.TempDir()
	p := progress.Load(path)
	if w := p.Warning().String(); !strings.Contains(w, "not read") || p.Unread() == nil {
		t.Errorf("warning %q, unread %v", w, p.Unread())
	}
	everything(p)
	checkEverything(t, p)
}

// TestReadersNeverSeeHalfAFile reads the file while many hands change it.
func TestReadersNeverSeeHalfAFile(t *testing.T) {
	labtest.Slow(t)
	path := filepath.Join(t.TempDir(), "progress.json")
	p := progress.Load(path)
	p.SetPosition("0")
	var writers, readers sync.WaitGroup
	written := make(chan struct{})
	for hand := range 4 {
		writers.Go(func() {
			for i := range 25 {
				p.MarkDone(fmt.Sprintf("%d.%d", hand, i), progress.Way{})
				p.UseHint("0", i)
				p.SetPosition(fmt.Sprint(i))
			}
		})
	}
	readers.Go(func() {
		for {
			raw, err := os.ReadFile(path)
			if err != nil || !json.Valid(raw) {
				t.Errorf("a reader saw %q %v", raw, err)
				return
			}
			select {
			case <-written:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(written)
	readers.Wait()
	again := progress.Load(path)
	for hand := range 4 {
		for i := range 25 {
			if id := fmt.Sprintf("%d.%d", hand, i); !again.Done(id) {
				t.Errorf("%s is lost", id)
			}
		}
	}
	if again.Hints("0") != 24 || p.Warning().String() != "" {
		t.Errorf("hints %d, warning %q", again.Hints("0"), p.Warning().String())
	}
}

func TestPathFollowsXDG(t *testing.T) {
	if path := progress.Path(); filepath.Base(path) != "progress.json" || filepath.Base(filepath.Dir(path)) != "nstutor" || !filepath.IsAbs(path) {
		t.Errorf("path is %q", path)
	}
}
