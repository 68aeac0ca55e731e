package progress

import (
	"errors"
	"io/fs"

	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

var (
	// errNotProgress: the file is damaged.
	errNotProgress = say.Err("not readable as progress", "内容不是有效的进度")
	// errNewer: a newer program wrote the file, in a way that this one would spoil.
	errNewer = say.Err("a newer nstutor wrote it; this one leaves it as it is", "它由更新版本的 nstutor 写入，本版本不会改动它")
)

// ours are the errors that are not the kernel's: which system call it was is no news.
var ours = []error{errNotProgress, errNewer, plainfile.ErrNotPlain, plainfile.ErrTooLarge}

// complain makes an error about the file at path of a sentence whose one argument is why.
func complain(en, zh string, err error, path string) error {
	why := err
	var at *fs.PathError
	if errors.As(err, &at) { // the home folder makes it longer than a line
		why = say.Err("%s %s: %v", "%s %s：%v", at.Op, short(at.Path), at.Err)
	}
	for _, own := range ours {
		switch {
		case !errors.Is(err, own):
		case at != nil:
			why = say.At(short(at.Path), own)
		default:
			why = say.At(short(path), own)
		}
	}
	return say.Err(en, zh, why)
}
