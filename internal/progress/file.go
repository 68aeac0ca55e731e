package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nstutor/internal/plainfile"
	"nstutor/internal/say"

	"github.com/adrg/xdg"
	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// version is that of the file's format. What only adds to it leaves the number
// as it is: an older file lacks the addition, and loads.
const version = 1

// file is what is written.
type file struct {
	Version   int                  `json:"version"`
	Position  string               `json:"position,omitempty"`
	Lang      string               `json:"lang,omitempty"`
	Steps     map[string]*step     `json:"steps"`
	Exercises map[string]*exercise `json:"exercises,omitempty"`

	more fields
}

type step struct {
	Done       bool        `json:"done,omitempty"`
	Hints      int         `json:"hints,omitempty"` // how many were read
	Prediction *prediction `json:"prediction,omitempty"`
	How        *way        `json:"how,omitempty"` // missing: an older program did not look

	more fields
}

type prediction struct {
	Choice int  `json:"choice"`
	Right  bool `json:"right"`

	more fields
}

// exercise has the last try at it and, once it was solved, the best solve.
type exercise struct {
	Last score  `json:"last"`
	Best *score `json:"best,omitempty"`

	more fields
}

type score struct {
	Score

	more fields
}

func newFile() file {
	return file{Version: version, Steps: map[string]*step{}, Exercises: map[string]*exercise{}}
}

// step finds or makes the entry of a step.
func (f *file) step(id string) *step {
	s := f.Steps[id]
	if s == nil {
		s = &step{}
		f.Steps[id] = s
	}
	return s
}

// read reads the file at path.
func read(path string) (file, error) {
	raw, err := plainfile.Read(path)
	if err != nil {
		return file{}, err
	}
	data := newFile()
	data.Version = 0
	var format struct { // a number of any kind: those to come are not known
		Version float64 `json:"version"`
	}
	if err := json.Unmarshal(raw, &format); err == nil && format.Version > version {
		return file{}, errNewer
	}
	if err := json.Unmarshal(raw, &data); err != nil || data.Version != version {
		return file{}, errNotProgress
	}
	whole := newFile()
	whole.Position, whole.Lang, whole.more = data.Position, data.Lang, data.more
	for id, s := range data.Steps {
		if s != nil {
			whole.Steps[id] = s
		}
	}
	for name, e := range data.Exercises {
		if e != nil {
			whole.Exercises[name] = e
		}
	}
	return whole, nil
}

// change makes a change to what is known and to the file. One that cannot be
// written is made to the file together with the next one.
func (p *Progress) change(apply func(*file)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	apply(&p.data)
	p.pending = append(p.pending, apply)
	p.unsaved = nil
	if err := p.write(); err != nil {
		p.unsaved = complain("progress is not saved: %v", "进度未能保存：%v", err, p.path)
		return p.unsaved
	}
	return nil
}

// Refresh takes in what other programs have changed since the last change from
// here.
func (p *Progress) Refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, err := read(p.path)
	if err != nil {
		return // the next change says so
	}
	for _, apply := range p.pending {
		apply(&now)
	}
	p.data = now
}

// write makes the pending changes to the file as it is now: another program
// may have changed it since. It is replaced in one step: a full disk or a
// crash leaves the old one.
func (p *Progress) write() error {
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, alone := lock(dir)
	defer unlock()
	now, err := read(p.path)
	switch {
	case err == nil:
		for _, apply := range p.pending {
			apply(&now)
		}
	case errors.Is(err, errNotProgress):
		if err := p.setAside(); err != nil {
			return err
		}
		now = p.data
	case errors.Is(err, fs.ErrNotExist):
		now = p.data
	default: // it is there, and what is in it would be lost
		return err
	}
	raw, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(p.path, append(raw, '\n'), alone); err != nil {
		return err
	}
	p.data, p.pending = now, nil
	return nil
}

// replace writes a file in one step. One that is a link stays one: what it leads
// to is replaced, or made. What a program left that was killed as it wrote is
// taken away by who is alone with the file.
func replace(path string, text []byte, alone bool) error {
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if dir := filepath.Dir(path); alone {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			number, own := strings.CutPrefix(e.Name(), "."+filepath.Base(path))
			if own && number != "" && strings.Trim(number, "0123456789") == "" {
				os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	err := renameio.WriteFile(path, text, 0o644)
	var at *fs.PathError
	if errors.As(err, &at) {
		at.Path = path // and not the name that it was to have for a moment
	}
	return err
}

// lockPatience is how long a program waits for others that are writing, each of which takes some
// milliseconds, while nothing is written.
const lockPatience = 1500 * time.Millisecond

// lock keeps other programs from changing the files of a folder until unlock,
// by flock(2). Without such a lock, where the file system has none or a
// program was stopped while it held it, two changes at the same moment become
// one, the later; nothing worse.
func lock(dir string) (unlock func(), taken bool) {
	folder, err := os.Open(dir)
	if err != nil {
		return func() {}, false
	}
	locked := make(chan error, 1)
	go func() { locked <- inTurn(folder) }()
	for seen := written(dir); ; {
		select {
		case err := <-locked:
			return func() { folder.Close() }, err == nil
		case <-time.After(lockPatience):
		}
		now := written(dir)
		if now.Equal(seen) {
			go func() { <-locked; folder.Close() }()
			return func() {}, false
		}
		seen = now // on a slow machine it takes long until it is one's turn
	}
}

// inTurn waits for the lock behind those who have waited longer: who asks for it now and then
// finds it taken again each time, where many write.
func inTurn(folder *os.File) (err error) {
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(folder.Fd()), unix.LOCK_EX)
	}
	return err
}

// written is when a file of a folder was made, replaced or taken away last.
func written(dir string) time.Time {
	if info, err := os.Stat(dir); err == nil {
		return info.ModTime()
	}
	return time.Time{}
}

// readAgain reads the file once more, now that no other program is about to set
// it aside and write a new one, and sets it aside.
func (p *Progress) readAgain() (file, error) {
	unlock, _ := lock(filepath.Dir(p.path))
	defer unlock()
	data, err := read(p.path)
	if errors.Is(err, errNotProgress) {
		p.setAside()
	}
	return data, err
}

// setAside keeps a file that cannot be understood, so that nothing is lost.
func (p *Progress) setAside() error {
	aside := p.path + ".unreadable"
	for n := 2; exists(aside); n++ {
		aside = fmt.Sprintf("%s.unreadable.%d", p.path, n)
	}
	if err := os.Rename(p.path, aside); err != nil {
		p.unread = complain("progress is not readable, and cannot be set aside: %v", "进度文件无法识别，也无法移开：%v", err, p.path)
		p.warning = say.Quote(p.unread)
		return err
	}
	p.unread = nil
	p.warning = say.T("progress was not readable; kept as %s", "进度文件无法识别，已另存为 %s", short(aside))
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// short writes the home folder as ~.
func short(path string) string {
	if inside, ok := strings.CutPrefix(path, xdg.Home+"/"); ok && xdg.Home != "" {
		return "~/" + inside
	}
	return path
}
