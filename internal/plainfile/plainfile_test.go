package plainfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOnlyAFileIsRead(t *testing.T) {
	dir := t.TempDir()
	fifo, file := filepath.Join(dir, "fifo"), filepath.Join(dir, "file")
	if err := errors.Join(unix.Mkfifo(fifo, 0o600), os.WriteFile(file, []byte("text"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, dir, "/dev/null"} {
		if _, err := Read(path); !errors.Is(err, ErrNotPlain) { // of the FIFO it would wait
			t.Errorf("Read(%s): %v", path, err)
		}
	}
	if text, err := Read(file); string(text) != "text" || err != nil {
		t.Errorf("Read: %q, %v", text, err)
	}
}
