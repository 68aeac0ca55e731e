package steps

import (
	"context"

	"nstutor/internal/change"
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
