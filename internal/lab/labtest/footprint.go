package labtest

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// Footprint is what a leak would make grow.
func Footprint(t *testing.T) (goroutines, descriptors int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return runtime.NumGoroutine(), len(open)
}

// NoMoreThan waits until goroutines and descriptors are back to what they were.
func (w *Trio) NoMoreThan(goroutines, descriptors int) {
	w.T.Helper()
	w.Eventually(fmt.Sprintf("at most %d goroutines and %d descriptors", goroutines, descriptors), func() bool {
		g, d := Footprint(w.T)
		return g <= goroutines && d <= descriptors
	})
}
