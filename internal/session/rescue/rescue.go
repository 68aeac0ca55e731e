package rescue

import (
	"runtime/debug"

	"nstutor/internal/say"
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
func Error(p any) error {
	return say.Err("panic: %v\n%s", "程序出错（panic）：%v\n%s", p, debug.Stack())
}
