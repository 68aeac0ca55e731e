package attr

import (
	"bytes"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Answers are what a kernel has answered, by what it was asked. Nil keeps nothing.
type Answers map[string]answers

type answers struct {
	rows [][]byte
	err  error
}

// Once asks what is called key, unless that was answered before, and gives each row to
// each. An error that is about the asking is no answer.
func (a Answers) Once(key func() string, each func([]byte), ask func(each func([]byte)) error) error {
	if a == nil {
		return ask(each)
	}
	k := key()
	said, known := a[k]
	if !known {
		said.err = ask(func(row []byte) { said.rows = append(said.rows, bytes.Clone(row)) })
		if !errors.Is(said.err, nl.ErrDumpInterrupted) && !errors.Is(said.err, unix.EINTR) && !errors.Is(said.err, unix.ENOBUFS) {
			a[k] = said
		}
	}
	for _, row := range said.rows {
		each(row)
	}
	return said.err
}
