package given

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"nstutor/chapters/exercises"
	"nstutor/internal/change"
	"nstutor/internal/netfile"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
	"nstutor/steps/exercise"
	"nstutor/steps/exercise/world"
)

// The files of a folder that is an exercise, besides the prose in LANG.md.
const (
	fileNetwork = "network" // what is there: lines of commands, or what `nstutor capture` wrote
	fileBreak   = "break"   // the fault; may be missing where the network has it already
	fileChecks  = "checks"  // what has to be so in the end
	fileFix     = "fix"     // the reference solution
	fileWrong   = "wrong"   // ideas that must not solve it, parted by blank lines; may be missing
)

// Folder reads the exercise in a folder. An error names the file and the line.
func Folder(dir string) (exercise.Exercise, error) {
	r := folder{dir: dir}
	build := r.network()
	broken := r.doing(fileBreak, flat(r.deeds(fileBreak, false)))
	fix := r.lines(flat(r.deeds(fileFix, true)), fileFix)
	var wrong []exercise.Tempting
	for _, group := range r.deeds(fileWrong, false) {
		wrong = append(wrong, exercise.Tempting{Lines: r.lines(group, fileWrong)})
	}
	checks, err := readChecks(r.text(fileChecks, true))
	r.failed(fileChecks, err)
	texts := r.texts()
	if r.err != nil {
		return exercise.Exercise{}, r.err
	}
	return exercise.Exercise{
		Name: filepath.Base(dir), Level: exercise.Given, Texts: texts,
		Make: func(*exercise.Seed) exercise.Case {
			return exercise.Case{
				Build: build, Break: broken, Goals: checks.goals, Guards: checks.guards,
				Fix: fix, Wrong: wrong, Watch: checks.watch,
			}
		},
	}, nil
}

// folder is a folder that is read; the first error stays.
type folder struct {
	dir string
	err error
}

func (r *folder) failed(file string, err error) {
	if r.err == nil && err != nil {
		r.err = say.At(say.Clean(filepath.Join(r.dir, file)), err)
	}
}

// text is what is in a file; one that may be missing has nothing then.
func (r *folder) text(file string, needed bool) string {
	text, err := plainfile.Read(filepath.Join(r.dir, file))
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // the file is named before it
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && !needed:
		return ""
	case errors.Is(err, fs.ErrNotExist):
		err = say.Err("an exercise of one's own needs this file, and it is missing", "自带的练习需要这个文件，而它不存在")
	case err == nil && (!utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0):
		text, err = nil, say.Err("this is no text in UTF-8", "这不是 UTF-8 文本")
	}
	r.failed(file, err)
	return say.CleanLines(strings.ReplaceAll(string(text), "\r\n", "\n"))
}

func (r *folder) deeds(file string, needed bool) [][]deed {
	all, err := readDeeds(r.text(file, needed))
	r.failed(file, err)
	return all
}

func (r *folder) lines(all []deed, file string) []change.Change {
	changes, err := typed(all)
	r.failed(file, err)
	return changes
}

// doing does the lines of a file, until one fails: then the error names it.
func (r *folder) doing(file string, all []deed) func(*world.World) {
	path := say.Clean(filepath.Join(r.dir, file))
	return func(w *world.World) {
		for _, d := range all {
			if w.Err() != nil {
				return
			}
			d.do(w)
			w.Blame(say.T("%s: line %d", "%s：第 %d 行", path, d.line))
		}
	}
}

// network is what builds the network: commands, from the lab's own topology on, or
// all that is in the file of a capture.
func (r *folder) network() func(*world.World) {
	text := r.text(fileNetwork, true)
	if !strings.HasPrefix(text, netfile.Heading) {
		all, err := readDeeds(text)
		r.failed(fileNetwork, err)
		return r.doing(fileNetwork, flat(all))
	}
	f, err := netfile.Read(text)
	r.failed(fileNetwork, err)
	return func(w *world.World) { w.Network(f.Network) }
}

// texts is the prose; where one language is missing, the other stands for it.
func (r *folder) texts() map[string]string {
	texts := map[string]string{}
	for _, lang := range say.Langs {
		if text := r.text(lang+".md", false); text != "" {
			_, err := exercises.Text(lang, exercise.Exercise{Name: filepath.Base(r.dir), Texts: map[string]string{lang: text}}, nil)
			r.failed(lang+".md", err)
			texts[lang] = text
		}
	}
	if len(texts) == 0 {
		r.failed(say.Langs[0]+".md", say.Err("there is no prose in any language", "没有任何语言的文本"))
		return nil
	}
	for _, lang := range say.Langs {
		for _, other := range say.Langs {
			if texts[lang] == "" {
				texts[lang] = texts[other]
			}
		}
	}
	return texts
}
