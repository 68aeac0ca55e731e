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
		if !interrupted(said.err) {
			a[k] = said
		}
	}
	for _, row := range said.rows {
		each(row)
	}
	return said.err
}

// Dump reads a whole table with a socket of its own, in the namespace of the thread that
// calls, and begins again when the table changed meanwhile (NLM_F_DUMP_INTR). Each row is
// the body of an answer of that type, of any type when it is 0.
func Dump(protocol int, answer uint16, ask func() *nl.NetlinkRequest) ([][]byte, error) {
	for try := 1; ; try++ {
		rows, err := ask().Execute(protocol, answer)
		if !interrupted(err) || try == DumpTries {
			return rows, err
		}
	}
}

// interrupted reports whether an error is about the asking, and not an answer.
func interrupted(err error) bool {
	return errors.Is(err, nl.ErrDumpInterrupted) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOBUFS)
}
