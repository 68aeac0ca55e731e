package machine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// TestOnlyANamespaceIsOpenedAmongTheNames: the kernel is asked about nothing
// else that somebody has put there.
func TestOnlyANamespaceIsOpenedAmongTheNames(t *testing.T) {
	labtest.Netns(t, "pod")
	file, fifo := filepath.Join(netnsDir, "file"), filepath.Join(netnsDir, "fifo")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), unix.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(file); os.Remove(fifo) })
	dir := openNetnsDir()
	defer dir.close()
	for name, want := range map[string]error{"pod": nil, "file": nsenter.ErrNoNamespace, "fifo": nsenter.ErrNoNamespace} {
		fd, err := dir.open(name)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err == nil {
			unix.Close(fd)
		}
	}
}
