package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Doing is what an action does that is no change of a network's tables: a program
// that runs, a file that is written, a packet that is sent.
type Doing struct {
	Typed change.Command
	Do    func(ctx context.Context) error
	Back  func() error // nil: there is nothing to take back
}

// Command implements change.Change.
func (d Doing) Command() change.Command { return d.Typed }

// Apply implements change.Change.
func (d Doing) Apply(ctx context.Context, _ change.Space) error { return d.Do(ctx) }

// Undo implements change.Change.
func (d Doing) Undo(context.Context, change.Space, change.Before) error {
	if d.Back == nil {
		return nil
	}
	return d.Back()
}

// Remembered is what leaves nothing that could be seen: the lab remembers under a key
// that it was done, until it is taken back.
func Remembered(l *lab.Lab, key string, typed change.Command, do func(ctx context.Context) error) Doing {
	return Doing{
		Typed: typed,
		Do: func(ctx context.Context) error {
			err := do(ctx)
			if err == nil {
				l.Note(key)
			}
			return err
		},
		Back: func() error {
			l.Unnote(key)
			return nil
		},
	}
}
