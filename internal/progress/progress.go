// Package progress remembers what a learner has done, in one small JSON file
// under the XDG state folder.
package progress

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/adrg/xdg"

	"nstutor/internal/say"
)

// Progress is the memory of one learner. Every change is written at once, as a
// whole or not at all. When the file cannot be read or written, the program
// goes on without: Warning says so. It is safe for concurrent use, and so is
// the file, between programs: each change is made to what the file says then.
type Progress struct {
	path string

	mu      sync.Mutex
	data    file
	pending []func(*file) // changes that are not in the file yet
	warning say.Text      // about reading
	unread  error         // why nothing is known of the file, which is there
	unsaved error         // of the last write
}

// Path is where the file is: nstutor/progress.json under $XDG_STATE_HOME, or
// ~/.local/state.
func Path() string { return filepath.Join(xdg.StateHome, "nstutor", "progress.json") }

// Read reads the file at path for somebody who only looks: it changes nothing,
// whatever is there.
func Read(path string) *Progress {
	p := &Progress{path: path, data: newFile()}
	data, err := read(path)
	p.loaded(data, err)
	return p
}

// loaded takes over what was read, or why nothing was.
func (p *Progress) loaded(data file, err error) {
	switch {
	case err == nil:
		p.data = data
	case !errors.Is(err, fs.ErrNotExist):
		p.unread = complain("progress is not read: %v", "无法读取进度：%v", err, p.path)
		p.warning = say.Quote(p.unread)
	}
}

// Load reads the file at path. A file that is not readable as progress is set
// aside under a name that Warning tells.
func Load(path string) *Progress {
	p := &Progress{path: path, data: newFile()}
	data, err := read(path)
	if errors.Is(err, errNotProgress) {
		data, err = p.readAgain()
	}
	if !errors.Is(err, errNotProgress) {
		p.loaded(data, err)
	}
	return p
}

// Warning is one line about a file that could not be read or written, or
// empty.
func (p *Progress) Warning() say.Text {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsaved != nil {
		return say.Quote(p.unsaved)
	}
	return p.warning
}

// Unread is why nothing is known of a file that is there, or nil. A file that
// was set aside is not there any more.
func (p *Progress) Unread() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unread
}

// Done says whether the step was ever done.
func (p *Progress) Done(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Steps[id] != nil && p.data.Steps[id].Done
}

// MarkDone remembers that the step was done, and how. The way with the least help
// counts, and of two with as little the first.
func (p *Progress) MarkDone(id string, how Way) {
	how.When = how.When.UTC().Truncate(time.Second)
	p.change(func(f *file) {
		s := f.step(id)
		if s.Done = true; s.How == nil || how.Better(s.How.Way) {
			s.How = &way{Way: how}
		}
	})
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
	p.change(func(f *file) {
		if s := f.step(id); s.Prediction == nil {
			s.Prediction = &prediction{Choice: choice, Right: right}
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
	p.change(func(f *file) {
		if s := f.step(id); n > s.Hints {
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
	p.change(func(f *file) { f.Position = id })
}

// Lang is the language that the learner chose, or empty.
func (p *Progress) Lang() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Lang
}

// SetLang remembers the language.
func (p *Progress) SetLang(lang string) {
	p.change(func(f *file) { f.Lang = lang })
}
