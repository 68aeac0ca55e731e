package progress_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nstutor/internal/progress"
)

// FuzzFile: a file of any bytes ends nobody, and what is in it is never lost:
// it is kept in a file that could be read, or aside.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		added, "", "{", "null", `{"version":1}`, `{"version":2,"steps":[]}`, `{"version":1,"steps":{"2.1":null},"a":{"b":1}}`,
		`{"version":1,"exercises":{"x":{"last":{"seconds":1e99}}}}`, `{"VERSION":1,"Steps":{}}`, `{"version":1,"version":2}`, "\x00\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "progress.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		progress.Read(path)
		p := progress.Load(path)
		p.MarkDone("2.2", progress.Way{})
		for _, kept := range []string{path, path + ".unreadable"} {
			if raw, err := os.ReadFile(kept); err == nil && string(raw) == string(text) {
				return // aside, or left alone
			}
		}
		var was, now map[string]any
		raw, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(raw, &now) != nil || json.Unmarshal(text, &was) != nil {
			t.Fatalf("%q became %q, %v", text, raw, err)
		}
		for name := range was {
			if _, known := now[name]; !known && !ours(name) {
				t.Errorf("%q is gone: %q became %q", name, text, raw)
			}
		}
	})
}

// ours says whether this program knows a field, in any spelling that
// encoding/json takes, and so writes it its own way.
func ours(name string) bool {
	for _, known := range []string{"version", "position", "lang", "steps", "exercises"} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}
