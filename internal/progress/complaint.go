package progress

import (
	"errors"
	"io/fs"

	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

var (
	// errNotProgress: the file is damaged.
	errNotProgress = errors.New("not readable as progress")
	// errNewer: a newer program wrote the file, in a way that this one would spoil.
	errNewer = errors.New("a newer nstutor wrote it; this one leaves it as it is")
)

// reasons are what people are told of errors that are not the kernel's.
var reasons = []struct {
	is   error
	said say.Text
}{
	{errNotProgress, say.T("not readable as progress", "内容不是有效的进度")},
	{errNewer, say.T("a newer nstutor wrote it; this one leaves it as it is", "它由更新版本的 nstutor 写入，本版本不会改动它")},
	{plainfile.ErrNotPlain, say.T("not a plain file", "不是普通文件")},
	{plainfile.ErrTooLarge, say.T("larger than 16 MiB", "超过 16 MiB")},
}

// complaint is an error that is told in the learner's language.
type complaint struct {
	say.Text
	err error
}

// complain makes a sentence whose one argument is why.
func complain(en, zh string, err error) *complaint {
	why := say.Quote(err)
	var at *fs.PathError
	if errors.As(err, &at) { // the home folder makes it longer than a line
		why = say.Quote(at.Op + " " + short(at.Path) + ": " + at.Err.Error())
	}
	for _, r := range reasons {
		if !errors.Is(err, r.is) {
			continue
		}
		why = r.said
		if at != nil {
			why = say.T("%s: %s", "%s：%s", short(at.Path), why)
		}
	}
	return &complaint{say.T(en, zh, why), err}
}

func (c *complaint) Error() string { return c.String() }
func (c *complaint) Unwrap() error { return c.err }
