// Package plainfile opens files that somebody else may have put there: a FIFO
// in the place of one would have whoever opens it wait for ever.
package plainfile

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// ErrNotPlain says that there is something else than a file at a path.
var ErrNotPlain = say.Err("not a plain file", "不是普通文件")

// ErrTooLarge says that a file is no file of this program's or the resolver's:
// those are far smaller.
var ErrTooLarge = say.Err("larger than 16 MiB", "超过 16 MiB")

// limit bounds what Read reads, in bytes.
const limit = 16 << 20

// Open opens a file for reading. It does not wait, and fails with ErrNotPlain
// where there is no plain file.
func Open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotPlain}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Read is what is in a file. It fails with ErrTooLarge where that is more than
// 16 MiB: a part of a file would be taken for the whole.
func Read(path string) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return whole(file, path)
}

// whole is what is in a file. One that says itself that it is too large is not
// read first: sixteen MiB are a second on a busy machine. Those of /proc say
// that they have no size.
func whole(file *os.File, path string) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var text []byte
	if info.Size() <= limit {
		text, err = io.ReadAll(io.LimitReader(file, limit+1))
	}
	if err == nil && max(info.Size(), int64(len(text))) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrTooLarge}
	}
	return text, err
}
