package container

import (
	"bytes"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/plainfile"
)

// lineBytes is as much of a command line as is looked at: podman's, the longest
// one, has its names within the first two thousand bytes.
const lineBytes = 16 << 10

// tree is what is read of a machine.
type tree struct {
	*plainfile.Root
	root      uint32        // the user that /proc is of
	processes []process     // the lowest first
	born      map[int][]int // by the parent; nil until somebody asks
}

// process is one that may mind a container.
type process struct {
	pid  int
	argv []string
}

// newTree lists the processes that have a command line: kernel threads have none.
func newTree(root *plainfile.Root) *tree {
	t := &tree{Root: root}
	dir, err := root.Folder("proc")
	if err != nil {
		return t
	}
	defer dir.Close()
	t.root, _ = root.Owner("proc")
	names, _ := dir.Readdirnames(-1)
	line := make([]byte, lineBytes)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if n := commandLine(dir, name, line); n > 0 {
			t.processes = append(t.processes, process{pid, strings.Split(strings.TrimSuffix(string(line[:n]), "\x00"), "\x00")})
		}
	}
	slices.SortFunc(t.processes, func(a, b process) int { return a.pid - b.pid })
	return t
}

// commandLine reads one straight from the folder: there may be thousands, and what
// is in /proc is the kernel's, so that none has to be looked at before.
func commandLine(proc *os.File, pid string, line []byte) (n int) {
	fd, err := unix.Openat(int(proc.Fd()), pid+"/cmdline", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	n, _ = unix.Read(fd, line) // it gives all there is at once
	return n
}

// proc is a file of a process.
func proc(pid int, file string) string { return path.Join("proc", strconv.Itoa(pid), file) }

// program is the name of the program that a process runs, as it says itself.
func (p process) program() string { return path.Base(p.argv[0]) }

// option is the value behind one of the names of an option: -n NAME, --name NAME
// or --name=NAME.
func (p process) option(names ...string) string {
	for i, word := range p.argv[1:] {
		for _, name := range names {
			if value, ok := strings.CutPrefix(word, name+"="); ok {
				return value
			}
			if word == name && i+2 < len(p.argv) {
				return p.argv[i+2]
			}
		}
	}
	return ""
}

// children are the processes that one has begun, and those that were left to it,
// the lowest first. Those that have no command line do not count.
func (t *tree) children(pid int) []int {
	if t.born == nil {
		t.born = map[int][]int{}
		for _, p := range t.processes {
			parent := t.parent(p.pid)
			t.born[parent] = append(t.born[parent], p.pid)
		}
	}
	return t.born[pid]
}

// parent reads the fourth field of proc_pid_stat(5): the second one is a name in
// parentheses, in which there may be anything.
func (t *tree) parent(pid int) int {
	text, err := t.Head(proc(pid, "stat"), 1024)
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}

// uid is the user that a process is of.
func (t *tree) uid(pid int) uint32 {
	uid, err := t.Owner(proc(pid, ""))
	if err != nil {
		return ^uint32(0) // nobody's, and so it is not taken for root's
	}
	return uid
}

// runs reports whether a process is in the control group of a container, whose
// path has its ID in it. The number that a file has is of another process when
// the runtime died before it could remove the file.
func (t *tree) runs(pid int, id string) bool {
	groups, err := t.Head(proc(pid, "cgroup"), lineBytes)
	return pid > 0 && err == nil && (len(groups) == 0 || bytes.Contains(groups, []byte(id)))
}
