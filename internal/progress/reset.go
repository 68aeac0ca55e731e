package progress

import "slices"

// Reset forgets steps: that they were done, their predictions and hints. A
// learner who left off at one of them goes on at the first. The error says why
// the file does not have it.
func (p *Progress) Reset(ids ...string) error {
	return p.change(func(f *file) {
		for _, id := range ids {
			delete(f.Steps, id)
		}
		if slices.Contains(ids, f.Position) {
			f.Position = ids[0]
		}
	})
}

// ResetExercises forgets every score, and what is known of the steps by which
// exercises are played.
func (p *Progress) ResetExercises(ids ...string) error {
	return p.change(func(f *file) {
		clear(f.Exercises)
		for _, id := range ids {
			delete(f.Steps, id)
		}
	})
}

// ResetAll forgets everything but the language, which is no progress.
func (p *Progress) ResetAll() error {
	return p.change(func(f *file) {
		lang := f.Lang
		*f = newFile()
		f.Lang = lang
	})
}
