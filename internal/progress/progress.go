// Package progress remembers what a learner has done, in one small JSON file
// under the XDG state folder.
package progress

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/adrg/xdg"
	"github.com/google/renameio/v2"
)

// version is that of the file's format.
const version = 1

// file is what is written.
type file struct {
	Version  int              `json:"version"`
	Position string           `json:"position,omitempty"`
	Lang     string           `json:"lang,omitempty"`
	Steps    map[string]*step `json:"steps"`
}

type step struct {
	Done       bool        `json:"done,omitempty"`
	Hints      int         `json:"hints,omitempty"` // how many were read
	Prediction *prediction `json:"prediction,omitempty"`
}

type prediction struct {
	Choice int  `json:"choice"`
	Right  bool `json:"right"`
}

// Progress is the memory of one learner. Every change is written at once, as a
// whole or not at all. When the file cannot be read or written, the program
// goes on without: Warning says so. It is safe for concurrent use.
type Progress struct {
	path string

	mu      sync.Mutex
	data    file
	warning string // about reading
	unsaved string // about the last write
}

// Path is where the file is: nstutor/progress.json under $XDG_STATE_HOME, or
// ~/.local/state.
func Path() string { return filepath.Join(xdg.StateHome, "nstutor", "progress.json") }

// Load reads the file at path. A file that is not readable as progress is set
// aside under a name that Warning tells.
func Load(path string) *Progress {
	p := &Progress{path: path, data: file{Version: version, Steps: map[string]*step{}}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p
	}
	if err != nil {
		p.warning = fmt.Sprintf("progress is not read: %v", err)
		return p
	}
	data := file{}
	if err := json.Unmarshal(raw, &data); err != nil || data.Version != version {
		p.setAside()
		return p
	}
	for id, s := range data.Steps {
		if s == nil {
			delete(data.Steps, id)
		}
	}
	if data.Steps == nil {
		data.Steps = map[string]*step{}
	}
	p.data = data
	return p
}

// setAside keeps a file that cannot be understood, so that nothing is lost.
func (p *Progress) setAside() {
	aside := p.path + ".unreadable"
	if err := os.Rename(p.path, aside); err != nil {
		p.warning = fmt.Sprintf("progress is not readable: %v", err)
		return
	}
	p.warning = "progress was not readable; kept as " + short(aside)
}

// short writes the home folder as ~.
func short(path string) string {
	if inside, ok := strings.CutPrefix(path, xdg.Home+"/"); ok && xdg.Home != "" {
		return "~/" + inside
	}
	return path
}

// Warning is one line about a file that could not be read or written, or
// empty.
func (p *Progress) Warning() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return cmp.Or(p.unsaved, p.warning)
}

// Done says whether the step was ever done.
func (p *Progress) Done(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Steps[id] != nil && p.data.Steps[id].Done
}

// MarkDone remembers that the step was done.
func (p *Progress) MarkDone(id string) {
	p.change(func() { p.step(id).Done = true })
}

// Prediction returns the learner's answer to the step's question.
func (p *Progress) Prediction(id string) (choice int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.data.Steps[id]; s != nil && s.Prediction != nil {
		return s.Prediction.Choice, true
	}
	return 0, false
}

// Predict remembers an answer. The first one counts.
func (p *Progress) Predict(id string, choice int, right bool) {
	p.change(func() {
		if s := p.step(id); s.Prediction == nil {
			s.Prediction = &prediction{choice, right}
		}
	})
}

// Hints is how many hints of the step were read.
func (p *Progress) Hints(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.data.Steps[id]; s != nil {
		return s.Hints
	}
	return 0
}

// UseHint remembers that n hints of the step were read.
func (p *Progress) UseHint(id string, n int) {
	p.change(func() {
		if s := p.step(id); n > s.Hints {
			s.Hints = n
		}
	})
}

// Position is the step where the learner left off, or empty.
func (p *Progress) Position() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Position
}

// SetPosition remembers where the learner is.
func (p *Progress) SetPosition(id string) {
	p.change(func() { p.data.Position = id })
}

// Lang is the language that the learner chose, or empty.
func (p *Progress) Lang() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Lang
}

// SetLang remembers the language.
func (p *Progress) SetLang(lang string) {
	p.change(func() { p.data.Lang = lang })
}

func (p *Progress) step(id string) *step {
	s := p.data.Steps[id]
	if s == nil {
		s = &step{}
		p.data.Steps[id] = s
	}
	return s
}

func (p *Progress) change(apply func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	apply()
	p.unsaved = ""
	if err := p.write(); err != nil {
		p.unsaved = fmt.Sprintf("progress is not saved: %v", err)
	}
}

// write replaces the file in one step: a full disk or a crash leaves the old
// one.
func (p *Progress) write() error {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o755); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(p.data, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(p.path, append(raw, '\n'), 0o644)
}
