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

// TestAFileIsReadWholeOrNotAtAll: one that is cut would be taken for damaged.
func TestAFileIsReadWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, test := range []struct {
		size int64
		want error
	}{{limit, nil}, {limit + 1, ErrTooLarge}, {1 << 40, ErrTooLarge}} {
		file, err := os.Create(path)
		if err == nil {
			err = errors.Join(file.Truncate(test.size), file.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := Read(path)
		if !errors.Is(err, test.want) || test.want == nil && int64(len(text)) != test.size {
			t.Errorf("of %d bytes %d are read, %v; want %v", test.size, len(text), err, test.want)
		}
	}
}
