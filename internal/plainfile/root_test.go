package plainfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNothingLeadsOutOfARoot: links are followed as the process follows them
// whose root it is.
func TestNothingLeadsOutOfARoot(t *testing.T) {
	base := t.TempDir()
	outside, dir := filepath.Join(base, "secret"), filepath.Join(base, "root")
	err := errors.Join(
		os.WriteFile(outside, []byte("secret"), 0o600), os.MkdirAll(filepath.Join(dir, "etc"), 0o755),
		os.WriteFile(filepath.Join(dir, "etc/hosts"), []byte("hosts"), 0o600), os.WriteFile(filepath.Join(dir, "secret"), []byte("own"), 0o600),
		os.Symlink("/etc/hosts", filepath.Join(dir, "etc/absolute")), os.Symlink("../../secret", filepath.Join(dir, "etc/up")),
		os.Symlink("/proc/self/root"+outside, filepath.Join(dir, "etc/magic")), os.Symlink("loop", filepath.Join(dir, "etc/loop")),
		unix.Mkfifo(filepath.Join(dir, "etc/fifo"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for path, want := range map[string]string{"etc/hosts": "hosts", "/etc/hosts": "hosts", "etc/absolute": "hosts", "etc/up": "own", "../secret": "own"} {
		if text, err := root.Read(path); string(text) != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", path, text, err, want)
		}
	}
	for path, want := range map[string]error{
		"etc/magic": fs.ErrNotExist, "etc/absent": fs.ErrNotExist, "etc/loop": unix.ELOOP, "etc/fifo": ErrNotPlain, "etc": ErrNotPlain,
	} {
		if text, err := root.Read(path); !errors.Is(err, want) {
			t.Errorf("%s: %q, %v, want %v", path, text, err, want)
		}
	}
	if names := root.List("."); len(names) != 2 || !slices.Contains(names, "etc") {
		t.Errorf("List: %v", names)
	}
	if names := root.List("etc/hosts"); names != nil {
		t.Errorf("a file lists %v", names)
	}
	if text, err := root.Head("etc/hosts", 3); string(text) != "hos" || err != nil {
		t.Errorf("Head: %q, %v", text, err)
	}
}

func TestAHugeFileOfARootIsRefused(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "hosts"))
	if err == nil {
		err = errors.Join(file.Truncate(1<<40), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if text, err := root.Read("hosts"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
