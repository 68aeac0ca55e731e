package session

import (
	"fmt"
	"runtime/debug"
)

// A panic anywhere is told as a message, so that whoever plays the session can
// end in good order.

// Guard runs a goroutine's work, or a task.
func Guard(send func(any), work func()) {
	defer func() {
		if p := recover(); p != nil {
			send(Fatal{PanicError(p)})
		}
	}()
	work()
}

// PanicError is what happened, and where.
func PanicError(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }
