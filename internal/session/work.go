package session

import (
	"slices"
	"time"
)

// Work is what has to be waited for, one function a task. Whoever plays the
// session runs each on a goroutine of its own, and hands what it returns back to
// take, unless that is nil.
type Work []func() any

// one is work of one task.
func one(task func() any) Work {
	if task == nil {
		return nil
	}
	return Work{task}
}

// all is the work of several.
func all(works ...Work) Work { return slices.Concat(works...) }

// after is a clock that tells a message once.
func after(d time.Duration, msg any) Work {
	return one(func() any {
		time.Sleep(d)
		return msg
	})
}
