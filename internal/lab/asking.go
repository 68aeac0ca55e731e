package lab

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long the inside of a lab has to end once it was asked to.
const patience = 2 * time.Second

// asking is how the guardian ends the inside: a signal asks it, and a second
// one, or the end of patience, kills it, whatever it hangs on.
type asking struct {
	inside *os.Process

	mu     sync.Mutex
	first  unix.Signal // that asked; 0: none has
	killed bool
}

// toEnd passes a signal on.
func (a *asking) toEnd(s unix.Signal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first != 0 {
		a.kill()
		return
	}
	a.first = s
	a.inside.Signal(s)
	time.AfterFunc(patience, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.kill()
	})
}

// kill is for who holds the lock.
func (a *asking) kill() {
	a.killed = true
	a.inside.Signal(unix.SIGCONT)
	a.inside.Kill()
}

// killedFor is the signal that the inside did not follow.
func (a *asking) killedFor() (unix.Signal, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first, a.killed
}
