package nsenter_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// TestNobodyWaitsForAFIFOAmongTheNamespaces: whoever may write to /run/netns may
// put a FIFO there, and nobody ever opens its other end.
func TestNobodyWaitsForAFIFOAmongTheNamespaces(t *testing.T) {
	const path = "/run/netns/fifo"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	answered := make(chan error, 1)
	go func() {
		_, err := nsenter.InodeAt(path)
		answered <- err
	}()
	select {
	case err := <-answered:
		if !errors.Is(err, nsenter.ErrNoNamespace) {
			t.Errorf("a FIFO as a namespace: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits for somebody to write")
	}
}
