package progress_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nstutor/internal/progress"
)

// added is a file of this format to which a newer program has added at every
// level.
const added = `{"version": 1, "class": "b", "position": "2.3",
 "steps": {"2.1": {"done": true, "typed": 3, "prediction": {"choice": 1, "right": true, "sure": 0.5}}, "9.9": {"new": [1, 2]}},
 "exercises": {"x": {"last": {"seconds": 3, "seed": "1", "when": "2024-05-01T12:00:00Z", "shell": 2}, "best": {"seconds": 2, "seed": "1", "solved": true, "when": "2024-05-01T12:00:00Z", "shell": 1}, "liked": true}}}`

func TestWhatANewerProgramHasAddedIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	if err := os.WriteFile(path, []byte(added), 0o600); err != nil {
		t.Fatal(err)
	}
	p := progress.Load(path)
	p.MarkDone("2.2", progress.Way{})
	p.UseHint("9.9", 1)
	if p.Warning().String() != "" || !p.Done("2.1") || !p.Done("2.2") {
		t.Fatalf("%q", p.Warning().String())
	}
	var was, now any
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &now)
	}
	if err == nil {
		err = json.Unmarshal([]byte(added), &was)
	}
	if err != nil {
		t.Fatal(err)
	}
	if missing := lacks(was, now, "file"); missing != "" {
		t.Errorf("%s is gone:\n%s", missing, raw)
	}
}

// lacks is where now has not all that was has.
func lacks(was, now any, at string) string {
	object, ok := was.(map[string]any)
	if !ok {
		return ""
	}
	other, _ := now.(map[string]any)
	for name, value := range object {
		there, ok := other[name]
		if !ok {
			return at + "." + name
		}
		if missing := lacks(value, there, at+"."+name); missing != "" {
			return missing
		}
	}
	return ""
}

func TestANewerFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "progress.json")
	for _, version := range []string{"2", "1.5", "2.0", "1e3", "99999999999999999999"} {
		newer := `{"version": ` + version + `, "steps": ["2.1"]}`
		if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, read := range []func(string) *progress.Progress{progress.Load, progress.Read} {
			p := read(path)
			p.MarkDone("2.2", progress.Way{})
			if w := p.Warning(); !strings.Contains(w.String(), "a newer nstutor wrote it") || !strings.Contains(w.In("zh"), "由更新版本的 nstutor 写入") {
				t.Errorf("version %s: the warning is %q, %q", version, w, w.In("zh"))
			}
		}
		raw, _ := os.ReadFile(path)
		entries, _ := os.ReadDir(dir)
		if string(raw) != newer || len(entries) != 1 {
			t.Errorf("version %s: %q, %d files", version, raw, len(entries))
		}
	}
}

// TestAVersionThatIsNoNumberIsDamage: no program has written such a one. The file
// is kept under a name that is told, and the learner goes on.
func TestAVersionThatIsNoNumberIsDamage(t *testing.T) {
	for _, text := range []string{`{"version": "1", "steps": {"2.1": {"done": true}}}`, `{"version": null}`, `{"version": -1}`, `{"version": 1e999}`, `{}`, `[1]`} {
		path := filepath.Join(t.TempDir(), "progress.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := progress.Load(path)
		p.MarkDone("2.2", progress.Way{})
		if w := p.Warning(); !strings.Contains(w.String(), "progress was not readable; kept as ") || !strings.Contains(w.In("zh"), "已另存为") {
			t.Errorf("%s: the warning is %q, %q", text, w, w.In("zh"))
		}
		if kept, _ := os.ReadFile(path + ".unreadable"); string(kept) != text {
			t.Errorf("%s: %q is kept", text, kept)
		}
		if !progress.Load(path).Done("2.2") {
			t.Errorf("%s: nothing is saved from then on", text)
		}
	}
}

// TestAnErrorOfProgressIsToldInBothLanguages: who has chosen Chinese is told so.
func TestAnErrorOfProgressIsToldInBothLanguages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	p := progress.Load(path)
	for _, w := range []string{p.Warning().In("zh"), func() string { p.MarkDone("2.2", progress.Way{}); return p.Warning().In("zh") }()} {
		if !strings.Contains(w, "进度") || !strings.Contains(w, "progress.json：不是普通文件") {
			t.Errorf("it says %q", w)
		}
	}
}

func TestWhoOnlyLooksChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "progress.json")
	if err := os.WriteFile(path, []byte("{damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := progress.Read(path); p.Unread() == nil {
		t.Error("nothing is said of a damaged file")
	}
	if raw, _ := os.ReadFile(path); string(raw) != "{damaged" {
		t.Errorf("the file is %q now", raw)
	}
}

// TestALinkStaysALink: who keeps the file elsewhere finds it there, and what a
// killed program left is gone.
func TestALinkStaysALink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	path, target := filepath.Join(dir, "progress.json"), filepath.Join(elsewhere, "mine.json")
	left := filepath.Join(elsewhere, ".mine.json123")
	for _, file := range []string{target, left} {
		if err := os.WriteFile(file, []byte(`{"version": 1, "steps": {}}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	progress.Load(path).MarkDone("2.1", progress.Way{})
	if link, err := os.Readlink(path); err != nil || link != target {
		t.Errorf("the link is %q, %v", link, err)
	}
	if !progress.Load(target).Done("2.1") {
		t.Error("the file that it leads to is as it was")
	}
	if _, err := os.Lstat(left); err == nil {
		t.Error("the left-over is still there")
	}
}
