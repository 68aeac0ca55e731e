package resolve_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/plainfile"
)

// rooted is a thread with a root of its own, as the process of a container has
// one; it ends with the test.
func rooted(t *testing.T) (tid int, etc string) {
	t.Helper()
	root, ended := t.TempDir(), make(chan struct{})
	etc = filepath.Join(root, "etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	type born struct {
		tid int
		err error
	}
	said := make(chan born)
	go func() {
		runtime.LockOSThread() // and never unlocked
		err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chroot(root))
		said <- born{unix.Gettid(), err}
		<-ended
	}()
	b := <-said
	t.Cleanup(func() { close(ended) })
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.tid, etc
}

func TestANameIsLookedUpAsTheProcessWould(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "hosts", "10.2.0.9 db\n")
	w.Etc(w.C, "resolv.conf", "nameserver 10.1.0.77\noptions timeout:1 attempts:1\n")
	process, files := rooted(t)
	outside := filepath.Join(t.TempDir(), "hosts")
	write := func(path, text string) { w.Must(os.WriteFile(path, []byte(text), 0o644)) }
	link := func(name, to string) {
		w.Must(os.Remove(filepath.Join(files, name)))
		w.Must(os.Symlink(to, filepath.Join(files, name)))
	}
	ask := func(name, want string) {
		t.Helper()
		if found, err := resolve.Lookup(context.Background(), w.C, process, name, unix.AF_UNSPEC); err != nil || found.Addrs[0].String() != want {
			t.Errorf("%s is %v, %v; want %s", name, found, err, want)
		}
	}
	write(outside, "10.9.9.9 db\n")
	write(filepath.Join(files, "hosts"), "10.2.0.5 db\n")
	write(filepath.Join(files, "resolv.conf"), "nameserver 10.2.0.2\n")
	ask("db", "10.2.0.5")
	ask("www.example.com", "10.2.0.2")
	ask("10.0.0.1", "10.0.0.1")
	if found, err := resolve.Lookup(context.Background(), w.C, 0, "db", unix.AF_UNSPEC); err != nil || found.Addrs[0].String() != "10.2.0.9" {
		t.Errorf("without a process db is %v, %v", found, err)
	}
	write(filepath.Join(files, "alias"), "10.2.0.6 db\n")
	link("hosts", "/etc/alias")
	ask("db", "10.2.0.6")
	// A link to what only the machine has is one to nothing.
	link("hosts", outside)
	var none *resolve.Error
	if found, err := resolve.Lookup(context.Background(), w.C, process, "db", unix.AF_UNSPEC); !errors.As(err, &none) {
		t.Errorf("by a link out of its root db is %v, %v", found, err)
	}
}

// TestWhatAStrangerPutsInThePlaceOfAFileIsAnError: it is neither waited for, nor
// taken for nothing.
func TestWhatAStrangerPutsInThePlaceOfAFileIsAnError(t *testing.T) {
	w := labtest.NewTrio(t)
	process, files := rooted(t)
	for name, put := range map[string]func(path string) error{
		"a FIFO":   func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a huge file": func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		},
	} {
		for _, file := range []string{"hosts", "resolv.conf"} {
			path := filepath.Join(files, file)
			w.Must(put(path))
			found, err := resolve.Lookup(context.Background(), w.C, process, "db", unix.AF_UNSPEC)
			if !errors.Is(err, plainfile.ErrNotPlain) && !errors.Is(err, plainfile.ErrTooLarge) {
				t.Errorf("with %s for its %s db is %v, %v", name, file, found, err)
			}
			w.Must(os.Remove(path))
		}
	}
}
