package plainfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Root is a folder whose files are found as a process finds them that has it for
// its root: a symbolic link in it leads nowhere else, however it is written
// (RESOLVE_IN_ROOT of openat2(2), Linux 5.6). What is in it may be a stranger's.
type Root struct{ dir *os.File }

// OpenRoot opens a root, such as / or /proc/4711/root.
func OpenRoot(path string) (*Root, error) {
	dir, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &Root{dir}, nil
}

func (r *Root) Close() { r.dir.Close() }

// find looks a path up and opens nothing yet: to open a device does something.
func (r *Root) find(path string, kind uint32) (fd int, err error) {
	fd, err = unix.Openat2(int(r.dir.Fd()), path, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: r.at(path), Err: err}
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != kind {
		err = ErrNotPlain
	}
	if err != nil {
		unix.Close(fd)
		return -1, &fs.PathError{Op: "open", Path: r.at(path), Err: err}
	}
	return fd, nil
}

// open opens what find has found.
func (r *Root) open(path string, kind uint32) (*os.File, error) {
	fd, err := r.find(path, kind)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	file, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, say.At(r.at(path), err)
	}
	return file, nil
}

// at is what a person calls a path below the root.
func (r *Root) at(path string) string { return filepath.Join(r.dir.Name(), path) }

// Read is what is in a plain file. It fails with ErrNotPlain and ErrTooLarge, as
// Read does elsewhere.
func (r *Root) Read(path string) ([]byte, error) {
	file, err := r.open(path, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return whole(file, r.at(path))
}

// Head is the beginning of a plain file, of so many bytes.
func (r *Root) Head(path string, bytes int64) ([]byte, error) {
	file, err := r.open(path, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, bytes))
}

// Folder opens a folder, to list it or to open by openat(2) what is in it.
func (r *Root) Folder(path string) (*os.File, error) { return r.open(path, unix.S_IFDIR) }

// List are the names in a folder, in no order. What cannot be listed has none.
func (r *Root) List(path string) []string {
	dir, err := r.Folder(path)
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return names
}

// Owner is the user whose a file or folder is.
func (r *Root) Owner(path string) (uid uint32, err error) {
	fd, err := unix.Openat2(int(r.dir.Fd()), path, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return st.Uid, err
}
