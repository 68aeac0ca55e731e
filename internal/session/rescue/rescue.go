package rescue

import (
	"fmt"
	"runtime/debug"
)

// Fatal: a goroutine panicked. Whoever plays the session ends in good order.
type Fatal struct{ Err error }

// Guard runs a goroutine's work, or a task.
func Guard(send func(any), work func()) {
	defer func() {
		if p := recover(); p != nil {
			send(Fatal{Error(p)})
		}
	}()
	work()
}

// Error is what happened, and where.
func Error(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }
