package machine

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// netnsNames are the names of `ip netns`, each of which is looked at by itself
// and below the open directory: there may be thousands.
type netnsNames struct {
	dir   int // -1: there are none
	names []string
}

// openNetnsDir lists the names as the directory has them. A tmpfs, such as /run,
// lists them in the order in which they were made, and that is worth something
// to seek.
func openNetnsDir() netnsNames {
	file, err := os.Open(netnsDir)
	if err != nil {
		return netnsNames{dir: -1} // it comes with the first name
	}
	defer file.Close()
	names, _ := file.Readdirnames(-1)
	dir, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return netnsNames{dir: -1}
	}
	return netnsNames{dir, names}
}

func (d netnsNames) close() {
	if d.dir >= 0 {
		unix.Close(d.dir)
	}
}

// inode is the nsfs inode behind a name, or 0 when it has gone meanwhile.
func (d netnsNames) inode(name string) uint64 {
	var st unix.Stat_t
	if err := unix.Fstatat(d.dir, name, &st, 0); err != nil {
		return 0
	}
	return st.Ino
}

// open opens a namespace. What is at a name need not be one.
func (d netnsNames) open(name string) (fd int, err error) {
	return nsenter.OpenFileAt(d.dir, name)
}

// procIsOurs says whether the numbers in /proc are those that the kernel knows
// this process by. They are not where /proc was mounted for another PID
// namespace.
func procIsOurs() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}
